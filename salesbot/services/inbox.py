"""What staff do with a chat: take it over, give it back, settle a message that went wrong."""

from __future__ import annotations

from sqlalchemy import select

from salesbot import clock
from salesbot.database import db
from salesbot.errors import WrongState
from salesbot.models import Conversation, Message


def want_person(conversation_id: int) -> None:
    """The customer asked for a person: the bot falls silent and staff see it."""
    chat = _locked(conversation_id)
    chat.answered_by = "person"
    chat.person_wanted_at = chat.person_wanted_at or clock.now()
    db.session.flush()


def take_over(conversation_id: int) -> None:
    """A person of the staff answers from now on; the bot is silent."""
    chat = _locked(conversation_id)
    chat.answered_by = "person"
    db.session.flush()


def give_back(conversation_id: int) -> None:
    """The bot answers the next message."""
    chat = _locked(conversation_id)
    chat.answered_by = "bot"
    chat.person_wanted_at = None
    db.session.flush()


def send_again(message_id: int) -> None:
    """Staff know that a message did not arrive: it goes to the outbox once more."""
    message = _troubled(message_id)
    message.state = "waiting"
    message.send_at = clock.now()
    message.attempts = 0
    message.provider_id = None
    message.error = message.error_code = ""
    db.session.flush()


def it_arrived(message_id: int) -> None:
    """Staff know that a message whose fate was unknown did arrive."""
    message = _troubled(message_id)
    message.state = "delivered"
    message.error = message.error_code = ""
    db.session.flush()


def dealt_with(message_id: int) -> None:
    """Staff have looked after a message that the bot could not handle."""
    message = db.session.get(Message, message_id, with_for_update=True)
    if message is None or message.state != "unhandled":
        raise WrongState("this message is not waiting to be looked after")
    message.state = "received"
    db.session.flush()


def _locked(conversation_id: int) -> Conversation:
    chat = db.session.scalar(
        select(Conversation)
        .where(Conversation.id == conversation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if chat is None:
        raise WrongState("this conversation does not exist")
    return chat


def _troubled(message_id: int) -> Message:
    message = db.session.get(Message, message_id, with_for_update=True)
    if message is None or message.state not in {"unknown", "failed", "undelivered"}:
        raise WrongState("this message is on its way or has arrived")
    return message
