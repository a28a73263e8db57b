"""What became of messages in the outbox: taken by the provider, refused, unknown, and what receipts say."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import select

from salesbot import clock
from salesbot.channels import buttons
from salesbot.channels.render import numbered, sendable
from salesbot.database import db
from salesbot.errors import ButtonsRefused, NotSent
from salesbot.messages import Choice
from salesbot.models import Message
from salesbot.services import conversations
from salesbot.services.conversations import MOST_ATTEMPTS

log = logging.getLogger(__name__)

STALE = timedelta(seconds=90)
"""A message that a worker has had this long was being sent when the worker died."""


def leaves(message: Message, state: str) -> None:
    """The message is in the outbox no more."""
    message.state = state
    message.send_at = None


def sent(message_id: int, provider_id: str | None, *, arrived: bool = False) -> None:
    """The provider has taken the message on; a receipt may have come before this news."""
    message = db.session.get(Message, message_id, with_for_update=True, populate_existing=True)
    if message is None:
        return
    if message.provider_id is None:
        message.provider_id = provider_id
    if message.state in {"sending", "unknown"}:
        leaves(message, "delivered" if arrived else "queued")
        message.error = message.error_code = ""


def refused(message_id: int, why: NotSent) -> None:
    """The provider did not take the message: again later, or never."""
    message = db.session.get(Message, message_id, with_for_update=True, populate_existing=True)
    if message is None or message.state != "sending":
        return
    if isinstance(why, ButtonsRefused) and message.style:
        _as_numbers(message, why.code)
        return
    message.error, message.error_code = why.reason[:500], why.code
    if why.retry_in is None or message.attempts % MOST_ATTEMPTS == 0:
        leaves(message, "failed")
        log.error("message %s is given up: %s", message_id, why.code or type(why).__name__)
        return
    in_round = message.attempts % MOST_ATTEMPTS
    pause = min(why.retry_in * 2 ** (in_round - 1), 3600.0)
    message.state = "waiting"
    message.send_at = clock.now() + timedelta(seconds=pause)
    log.warning("message %s is tried again in %.0f s: %s", message_id, pause, why.code)


def _as_numbers(message: Message, code: str) -> None:
    """Sends a message again, which nobody has got, with numbered lines in place of its buttons."""
    log.warning("message %s goes without its %s: code %s", message.id, message.style, code or "none")
    choices = [Choice(**choice) for choice in message.choices]
    message.body = sendable(numbered(message.body, choices))
    message.style = buttons.NUMBERS
    message.provider_id = None
    message.state, message.send_at = "waiting", clock.now()


def lost_sight(message_id: int, why: str) -> None:
    """Nobody can tell whether the message was sent: staff decide, it is not sent again blindly."""
    message = db.session.get(Message, message_id, with_for_update=True, populate_existing=True)
    if message is not None and message.state == "sending":
        leaves(message, "unknown")
        message.error = why
        log.error("message %s: it is unknown whether it was sent: %s", message_id, why)


def find_stale() -> int:
    """Marks as unknown what a worker was sending when it died; how many there were."""
    stale = db.session.scalars(
        select(Message)
        .where(
            Message.send_at.is_not(None), Message.state == "sending", Message.claimed_at < clock.now() - STALE
        )
        .with_for_update(skip_locked=True)
    ).all()
    for message in stale:
        leaves(message, "unknown")
        message.error = "the worker stopped while it was being sent"
        log.error("message %s: the worker stopped while it was being sent", message.id)
    return len(stale)


RANK: dict[str, int] = {
    "waiting": 0,
    "held": 0,
    "sending": 0,
    "unknown": 0,
    "answered": 0,
    "queued": 1,
    "sent": 2,
    "undelivered": 3,
    "failed": 3,
    "delivered": 4,
    "read": 5,
}
"""A report moves a message forward only, in whatever order reports come."""
_OUR_WORD = {
    "accepted": "queued",
    "scheduled": "queued",
    "queued": "queued",
    "sending": "queued",
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "undelivered",
    "failed": "failed",
    "canceled": "failed",
}


_BUTTONS_REFUSED = frozenset({"63005", "63013", "63021"})
"""Codes with which WhatsApp does not take the content of a message that Twilio took."""


def receipt(
    message_id: int,
    attempt: int | None,
    provider_id: str,
    status: str,
    error_code: str = "",
    *,
    sent_as: str = "",
) -> bool:
    """The provider reports on an attempt to send one of our messages, or on the only one there was (None).

    A report that comes late changes nothing. True when the message is ours. A receipt is proof that
    it was sent, so an unknown fate ends.
    `sent_as` is the style that was sent: what is said of buttons means nothing for the numbered
    lines that went out in their place.
    """
    message = db.session.scalar(
        select(Message).where(Message.id == message_id, Message.direction == "out").with_for_update()
    )
    word = _OUR_WORD.get(status)
    if message is None:
        return False
    if sent_as and sent_as != message.style:
        return True
    if attempt is not None and attempt < message.attempts:
        # That it failed is old news, but once it has arrived the customer has it.
        word = word if word in {"delivered", "read"} else None
    elif (message.provider_id or provider_id) != provider_id:
        return False
    elif message.provider_id is None:
        if conversations.find(db.session.connection(), provider_id) is not None:
            return False
        message.provider_id = provider_id
    with_buttons = sent_as in {buttons.BUTTONS, buttons.LIST}
    if with_buttons and word in {"failed", "undelivered"} and error_code in _BUTTONS_REFUSED:
        _as_numbers(message, error_code)
    elif word is not None and RANK[word] > RANK[message.state]:
        leaves(message, word)
        if word in {"failed", "undelivered"}:
            message.error_code = error_code
            log.error("message %s did not arrive: code %s", message.id, error_code or "none")
        else:
            message.error = message.error_code = ""
    return True
