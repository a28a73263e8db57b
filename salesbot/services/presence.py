"""Which members of staff have a chat in front of them now, so that two do not answer at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from salesbot import clock
from salesbot.database import db, table
from salesbot.models import Conversation, Presence, StaffUser

FRESH = timedelta(seconds=25)
"""An open page says more often that it is there."""


@dataclass(frozen=True)
class Colleague:
    """Somebody else who looks at the chat, or writes in it."""

    name: str
    writing: bool


def here(staff_id: int, conversation_id: int, *, writing: bool) -> None:
    """A member of staff looks at a chat: what was said so far is seen. Flush only."""
    values = {"conversation_id": conversation_id, "at": clock.now(), "writing": writing}
    connection = db.session.connection()
    upsert = {"sqlite": sqlite, "postgresql": postgresql}[connection.dialect.name].insert
    connection.execute(
        upsert(table(Presence))
        .values(staff_id=staff_id, **values)
        .on_conflict_do_update(index_elements=["staff_id"], set_=values)
    )
    chat = table(Conversation)
    connection.execute(update(chat).where(chat.c.id == conversation_id).values(seen_at=clock.now()))


def others(conversation_id: int, staff_id: int) -> list[Colleague]:
    """Who else has this chat in front of them."""
    rows = db.session.execute(
        select(StaffUser, Presence.writing)
        .join(Presence, Presence.staff_id == StaffUser.id)
        .where(
            Presence.conversation_id == conversation_id,
            Presence.staff_id != staff_id,
            Presence.at > clock.now() - FRESH,
        )
        .order_by(StaffUser.id)
    )
    return [Colleague(str(person), writing) for person, writing in rows]
