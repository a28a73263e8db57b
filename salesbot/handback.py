"""Chats go back from a person to the bot: by a click, or by themselves after a quiet time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Select, func, select

from salesbot import clock, outbox
from salesbot.channels import registry
from salesbot.database import db
from salesbot.messages import Choice, Reply
from salesbot.models import Conversation
from salesbot.services import inbox, shop
from salesbot.services.conversations import window_is_open
from salesbot.texts import speaking, translator

_ = translator("salesbot")


def give_back(conversation_id: int, *, who: str) -> None:
    """The bot answers the next message; the customer is told. Flush only."""
    if inbox.give_back(conversation_id, who=who):
        _tell(db.session.get_one(Conversation, conversation_id), waits=False)


def give_back_next() -> bool:
    """Gives back one chat in which nobody wrote for the shop's quiet time; both sides are told. Flush only.

    Whoever still waits for a person goes on waiting, and has the bot meanwhile.
    """
    quiet = due()
    chat = db.session.scalar(quiet.with_for_update(skip_locked=True)) if quiet is not None else None
    if chat is None:
        return False
    waits = chat.person_wanted_at is not None
    chat.answered_by = "bot"
    inbox.note(chat.id, "salesbot", inbox.QUIET, str(shop.setting("QUIET_MINUTES")))
    db.session.flush()
    _tell(chat, waits=waits)
    return True


def due() -> Select[Conversation] | None:
    """Finds the chats that `give_back_next` might take; None while the shop gives none back."""
    minutes = int(shop.setting("QUIET_MINUTES"))
    if not minutes:
        return None
    since: datetime = clock.now() - timedelta(minutes=minutes)
    person_at = func.coalesce(Conversation.staff_at, Conversation.person_wanted_at, Conversation.created_at)
    return (
        select(Conversation)
        .where(
            Conversation.answered_by == "person",
            person_at < since,
            func.coalesce(Conversation.last_inbound_at, Conversation.created_at) < since,
        )
        .order_by(Conversation.id)
        .limit(1)
    )


def _tell(chat: Conversation, *, waits: bool) -> None:
    """Says in the chat who answers now, unless it may not be written to or said "stop"."""
    hours = registry.window_hours(chat.channel, chat.address)
    if chat.customer.stopped_at is not None or not window_is_open(chat.last_inbound_at, hours):
        return
    with speaking(chat.customer.language):
        if waits:
            text = _("Sorry, nobody of us could answer yet. We still will. Until then I am here for you.")
        else:
            text = _("I answer you again from here. Write “person” whenever you need one of us.")
        choices = [Choice("menu", _("Menu")), Choice("person", _("Talk to a person"))]
        outbox.say(chat.id, Reply(text, choices))
