"""A chat as its page shows it: messages and what staff did between them, oldest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext, lazy_gettext, ngettext
from sqlalchemy import select

from salesbot.extensions import db
from salesbot.models import ConversationEvent, Message
from salesbot.services import inbox

PAGE = 60
"""Messages on one page of a chat."""
TICKS: Mapping[str, tuple[str, Any]] = {
    "waiting": ("fa-clock", lazy_gettext("waits to be sent")),
    "sending": ("fa-clock", lazy_gettext("is being sent")),
    "answered": ("fa-check", lazy_gettext("sent as the answer")),
    "queued": ("fa-check", lazy_gettext("on its way")),
    "sent": ("fa-check", lazy_gettext("sent")),
    "delivered": ("fa-check-double", lazy_gettext("delivered")),
    "read": ("fa-check-double chat-read", lazy_gettext("read")),
}
"""The sign of a state that needs nobody, and what it means; all others are written out."""


@dataclass(frozen=True)
class Entry:
    """One line: a message with the buttons under it, or what staff did (`event`, in `words`)."""

    at: datetime
    message: Message | None = None
    picked: str = ""
    buttons: Sequence[str] = ()
    event: ConversationEvent | None = None
    words: str = ""


@dataclass(frozen=True)
class Log:
    """One page of a chat; `older` is the message before which there are more."""

    entries: Sequence[Entry]
    older: int | None
    is_newest: bool


def read(chat_id: int, before: int | None = None) -> Log:
    """The newest page of a chat, or the one before a message."""
    statement = select(Message).where(Message.conversation_id == chat_id)
    if before is not None:
        statement = statement.where(Message.id < before)
    newest = db.session.scalars(statement.order_by(Message.id.desc()).limit(PAGE + 1)).all()
    messages = list(reversed(newest[:PAGE]))
    there_is_more = len(newest) > PAGE
    entries = [*_of_messages(messages), *_of_events(chat_id, messages, is_first=not there_is_more)]
    entries.sort(key=lambda entry: entry.at)
    return Log(entries, messages[0].id if there_is_more else None, before is None)


def _of_messages(messages: Sequence[Message]) -> Iterable[Entry]:
    offered: dict[str, str] = {}
    for message in messages:
        offered |= {choice["id"]: choice["title"] for choice in message.choices}
        picked = ""
        if message.direction == "in" and message.choice and not message.body:
            picked = offered.get(message.choice, message.choice)
        yield Entry(message.created_at, message, picked, _buttons(message))


def _buttons(message: Message) -> list[str]:
    """What the customer could tap; numbered lines stand in the text already."""
    titles = [str(choice["title"]) for choice in message.choices]
    if titles and f"1. {' '.join(titles[0].split())}" in message.body:
        return []
    return titles


def _of_events(chat_id: int, messages: Sequence[Message], *, is_first: bool) -> Iterable[Entry]:
    statement = select(ConversationEvent).where(ConversationEvent.conversation_id == chat_id)
    if messages and not is_first:
        statement = statement.where(ConversationEvent.at >= messages[0].created_at)
    last = messages[-1].created_at if messages else None
    newer = select(Message.id).where(
        Message.conversation_id == chat_id, Message.id > (messages[-1].id if messages else 0)
    )
    if last is not None and db.session.scalar(newer.limit(1)) is not None:
        statement = statement.where(ConversationEvent.at <= last)
    for event in db.session.scalars(statement.order_by(ConversationEvent.id.desc()).limit(PAGE)):
        yield Entry(event.at, event=event, words=_in_words(event))


def _in_words(event: ConversationEvent) -> str:
    """What staff did, as a sentence; a note speaks for itself."""
    who, text = event.who, event.text
    if event.what == inbox.TOOK_OVER:
        return gettext("%(who)s took the chat over", who=who)
    if event.what == inbox.GAVE_BACK:
        return gettext("%(who)s handed the chat back to the bot", who=who)
    if event.what == inbox.QUIET:
        return ngettext(
            "The bot answers again: nobody wrote for %(num)d minute",
            "The bot answers again: nobody wrote for %(num)d minutes",
            int(text),
        )
    if event.what == inbox.ASSIGNED and text:
        return gettext("%(who)s gave the chat to %(whom)s", who=who, whom=text)
    if event.what == inbox.ASSIGNED:
        return gettext("%(who)s made it nobody’s chat", who=who)
    if event.what == inbox.JOINED:
        return gettext("%(who)s joined two customers: %(which)s", who=who, which=text)
    return ""
