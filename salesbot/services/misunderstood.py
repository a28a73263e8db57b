"""What people wrote and the bot did not understand: gathered from the chats, so nothing is kept twice.

What is erased from a chat, or deleted with it, is gone from here too.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import Row, Select, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from salesbot import clock
from salesbot.database import db, table
from salesbot.models import Conversation, Customer, Message, NotNeeded
from salesbot.models.conversations import NOT_FOUND
from salesbot.services import quick_answers
from salesbot.texts import speaking
from salesbot.understanding import fold

LOOKED_BACK = timedelta(days=30)
MOST_READ = 5000
"""Messages that are looked at, the newest ones."""
MOST_CHATS = 5
FEWEST_LETTERS = 2
LONGEST = 200


@dataclass(frozen=True)
class Heard:
    """The words of one message, and the language of its chat."""

    words: str
    language: str


@dataclass
class Group:
    """Messages that say the same: their words as last written, how often, when last, and where."""

    key: str
    words: str
    language: str
    message_id: int
    last_at: datetime
    times: int
    chats: dict[int, str]

    @property
    def digest(self) -> str:
        """What is kept when nobody wants to see these words again."""
        return digest(self.key)


def groups() -> list[Group]:
    """What was not understood lately and nobody has dealt with, the most frequent first."""
    return newest(MOST_READ)[0]


def newest(most_read: int) -> tuple[list[Group], bool]:
    """The same of the newest `most_read` messages, and whether there are more.

    What staff don't need, and what a quick answer fits by now, is left out.
    """
    dismissed = set(db.session.scalars(select(NotNeeded.digest)))
    found: dict[str, Group] = {}
    messages = _messages(most_read + 1)
    for number, words, at, chat, code, name in messages[:most_read]:
        key = fold(words)
        if len(key) < FEWEST_LETTERS:
            continue
        group = found.get(key)
        if group is None:
            group = found[key] = Group(key, words.strip()[:LONGEST], code, number, at, 0, {})
        group.times += 1
        if len(group.chats) < MOST_CHATS:
            group.chats.setdefault(chat, name)
    kept = [group for group in found.values() if not (dismissed and group.digest in dismissed)]
    kept = [group for group in kept if not _answered(group)]
    return sorted(kept, key=lambda group: (-group.times, -group.message_id)), len(messages) > most_read


def words_of(message_id: int) -> Heard | None:
    """The words of a message that was not understood, on one line; None when it is not there."""
    row = db.session.execute(_asked().where(_question.id == message_id)).first()
    if row is None or not row.body.strip():
        return None
    words = " ".join(row.body.replace(",", " ").replace(";", " ").split())
    return Heard(words[:LONGEST], row.language)


def not_needed(digests: Iterable[str]) -> None:
    """Leaves these words out from now on. Flush only."""
    wanted = {one for one in digests if len(one) == hashlib.sha256().digest_size * 2}
    fresh = wanted.difference(db.session.scalars(select(NotNeeded.digest)))
    if not fresh:
        return
    connection = db.session.connection()
    upsert = {"sqlite": sqlite, "postgresql": postgresql}[connection.dialect.name].insert
    # In one order: two who leave out the same words at the same moment must not wait for each other.
    rows = [{"digest": one, "at": clock.now()} for one in sorted(fresh)]
    connection.execute(upsert(table(NotNeeded)).on_conflict_do_nothing(index_elements=["digest"]), rows)


def digest(folded: str) -> str:
    """What is kept of words that nobody wants to see again: nobody can read them from it."""
    secret = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(secret, b"not needed:" + folded.encode(), hashlib.sha256).hexdigest()


_question = aliased(Message)


def _asked() -> Select[*tuple[Any, ...]]:
    return (
        select(
            _question.id,
            _question.body,
            _question.created_at,
            _question.conversation_id,
            Customer.language,
            Customer.name,
        )
        .select_from(Message)
        .join(_question, _question.id == Message.reply_to_id)
        .join(Conversation, Conversation.id == _question.conversation_id)
        .join(Customer, Customer.id == Conversation.customer_id)
        .where(text(f"message.{NOT_FOUND}"), _question.choice.is_(None))
        .order_by(Message.created_at.desc(), Message.id.desc())
    )


def _messages(most_read: int) -> Sequence[Row[*tuple[Any, ...]]]:
    since = Message.created_at > clock.now() - LOOKED_BACK
    return db.session.execute(_asked().where(since).limit(most_read)).all()


def _answered(group: Group) -> bool:
    with speaking(group.language):
        return quick_answers.find(group.words) is not None
