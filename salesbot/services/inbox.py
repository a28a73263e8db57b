"""What staff do with a chat: take it over, answer, give it back, and settle what went wrong."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update

from salesbot import clock
from salesbot.database import db
from salesbot.errors import WrongState
from salesbot.models import Conversation, ConversationEvent, Label, Message, StaffUser
from salesbot.services import conversations

NOTE, TOOK_OVER, GAVE_BACK, QUIET = "note", "took over", "gave back", "quiet"
ASSIGNED, JOINED = "assigned", "joined"
"""What a line of staff between the messages is about."""


def want_person(conversation_id: int) -> None:
    """The customer asked for a person: the bot falls silent and staff see it."""
    chat = _locked(conversation_id)
    chat.answered_by = "person"
    chat.person_wanted_at = chat.person_wanted_at or clock.now()
    db.session.flush()


def take_over(conversation_id: int, *, who: str) -> None:
    """A person of the staff answers from now on; the bot is silent."""
    _take(_locked(conversation_id), who)
    db.session.flush()


def answered(conversation_id: int, messages: Sequence[int], *, who: str) -> None:
    """Staff wrote `messages`: they have the chat, and nobody waits in it until the customer writes again."""
    chat = _locked(conversation_id)
    _take(chat, who)
    chat.person_wanted_at = None
    db.session.execute(update(Message).where(Message.id.in_(messages)).values(sent_by=who[:120]))
    db.session.flush()


def give_back(conversation_id: int, *, who: str) -> bool:
    """The bot answers the next message; False when it did already."""
    chat = _locked(conversation_id)
    was_with_person = chat.answered_by == "person"
    if was_with_person:
        note(chat.id, who, GAVE_BACK)
    chat.answered_by = "bot"
    chat.person_wanted_at = None
    db.session.flush()
    return was_with_person


def assign(conversation_id: int, staff_id: int | None, *, who: str) -> None:
    """Makes a chat somebody's task, or nobody's when `staff_id` is None."""
    chat = _locked(conversation_id)
    person = db.session.get(StaffUser, staff_id) if staff_id is not None else None
    if staff_id is not None and (person is None or not person.active or person.role == "viewer"):
        raise WrongState("nobody of the staff who could answer has this account")
    if chat.assigned_to_id == staff_id:
        return
    chat.assigned_to_id = staff_id
    note(chat.id, who, ASSIGNED, str(person or ""))
    db.session.flush()


def label(conversation_id: int, label_ids: Sequence[int]) -> None:
    """Gives a chat these labels and no others."""
    chat = _locked(conversation_id)
    chat.labels = list(db.session.scalars(select(Label).where(Label.id.in_(label_ids))))
    db.session.flush()


def write_note(conversation_id: int, text: str, *, who: str) -> None:
    """Keeps words beside the chat that its customer never sees."""
    note(_locked(conversation_id).id, who, NOTE, text)
    db.session.flush()


def colleagues() -> Sequence[StaffUser]:
    """Who of the staff can be given a chat."""
    able = (StaffUser.active, StaffUser.role != "viewer")
    return db.session.scalars(select(StaffUser).where(*able).order_by(StaffUser.name, StaffUser.id)).all()


def note(conversation_id: int, who: str, what: str = NOTE, text: str = "") -> None:
    """Writes a line between the messages that only staff see."""
    db.session.add(ConversationEvent(conversation_id=conversation_id, who=who[:120], what=what, text=text))


def send_again(message_id: int) -> None:
    """Staff know that a message did not arrive: it goes to the outbox once more."""
    message = _troubled(message_id)
    message.state = "waiting"
    message.send_at = clock.now()
    message.attempts = conversations.next_round(message.attempts)
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


def _take(chat: Conversation, who: str) -> None:
    if chat.answered_by == "bot":
        note(chat.id, who, TOOK_OVER)
    chat.answered_by = "person"
    chat.staff_at = clock.now()


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
