"""What a simulated phone shows to staff beyond the chat: its state, WhatsApp's limits, and a later hour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import inspect, select

from salesbot.admin.shown import reader
from salesbot.admin.shown.kept_words import in_words
from salesbot.channels import registry
from salesbot.channels.render import LONGEST, length
from salesbot.database import UTCDateTime, db
from salesbot.models import (
    Conversation,
    ConversationEvent,
    Delivery,
    Message,
    Order,
    OrderEvent,
    OrderLine,
    Payment,
    Refund,
    StockWait,
)
from salesbot.models.conversations import OUTBOX_STATES
from salesbot.services.conversations import window_is_open
from salesbot.texts import plural_translator, translator

_, _n = translator("salesbot"), plural_translator("salesbot")

MOST_BUTTONS, LONGEST_BUTTON = 3, 20
MOST_LINES, LONGEST_LINE, LONGEST_DETAIL = 10, 24, 72
"""What WhatsApp shows as buttons and as a list, in characters."""


def about(message: Message) -> str:
    """One line about a message of the shop: who made it, how long that took, what WhatsApp makes of it."""
    made_by = [message.sent_by or message.plugin or "salesbot"]
    if message.took_ms is not None:
        made_by.append(f"{message.took_ms} ms")
    said = _("{n} of {most} characters").format(n=length(message.body), most=LONGEST)
    return " · ".join([*made_by, said, *_shape(message.choices)])


def _shape(choices: Sequence[dict[str, str]]) -> Iterable[str]:
    """How WhatsApp shows what a message offers, and why not better."""
    if not choices:
        return
    titles = [choice["title"] for choice in choices]
    longest = max(titles, key=length)
    if len(titles) <= MOST_BUTTONS and length(longest) <= LONGEST_BUTTON:
        yield _n("fits {n} button", "fits {n} buttons", len(titles)).format(n=len(titles))
    elif len(titles) > MOST_LINES:
        yield _("numbered: more than {n} lines").format(n=MOST_LINES)
    elif length(longest) > LONGEST_LINE:
        yield _("numbered: “{title}” has more than {n} characters").format(title=longest, n=LONGEST_LINE)
    elif any(length(choice["detail"]) > LONGEST_DETAIL for choice in choices):
        yield _("numbered: a second line has more than {n} characters").format(n=LONGEST_DETAIL)
    else:
        yield _("fits a list of {n}").format(n=len(titles))


def state(channel: str, address: str) -> dict[str, Any] | None:
    """The chat as the shop remembers it, as JSON in the reader's words; None before its first message."""
    chat = db.session.scalar(
        select(Conversation).where(Conversation.channel == channel, Conversation.address == address)
    )
    if chat is None:
        return None
    hours = registry.window_hours(chat.channel, chat.address)
    ends = (
        None
        if hours is None or chat.last_inbound_at is None
        else chat.last_inbound_at + timedelta(hours=hours)
    )
    waiting = select(Message.state).where(
        Message.conversation_id == chat.id, Message.state.in_(OUTBOX_STATES)
    )
    return {
        "conversation": chat.id,
        "answered_by": chat.answered_by,
        "waits_for_person": chat.person_wanted_at is not None,
        "question": chat.question,
        "question_plugin": chat.question_plugin,
        "offered": [choice["title"] for choice in chat.shown[chat.shown_from :]],
        "notes": chat.notes,
        "language": reader.name_of(chat.customer.language),
        "stopped": chat.customer.stopped_at is not None,
        "window_open": window_is_open(chat.last_inbound_at, hours),
        "window_ends": ends.isoformat() if ends is not None else None,
        "waiting": [str(in_words("state", word)) for word in db.session.scalars(waiting)],
    }


def move_on(channel: str, address: str, by: timedelta) -> None:
    """Lets `by` pass for one simulated customer alone: everything of theirs is that much older. Flush only.

    So the window closes, orders expire and reminders go out as they would, in whichever process
    looks after that, and nobody else's clock moves.
    """
    chat = db.session.scalar(
        select(Conversation)
        .where(Conversation.channel == channel, Conversation.address == address)
        .with_for_update()
    )
    if chat is None:
        return
    for row in _rows_of(chat):
        for attribute in inspect(type(row)).column_attrs:
            value = getattr(row, attribute.key)
            if value is not None and isinstance(attribute.columns[0].type, UTCDateTime):
                setattr(row, attribute.key, value - by)
    db.session.flush()


def _rows_of(chat: Conversation) -> Iterable[Any]:
    """Every row that belongs to a chat and has a time."""
    own = select(Order.id).where(Order.conversation_id == chat.id)
    paid = select(Payment.id).where(Payment.order_id.in_(own))
    lines = select(OrderLine.id).where(OrderLine.order_id.in_(own))
    yield chat
    for statement in (
        select(Message).where(Message.conversation_id == chat.id),
        select(ConversationEvent).where(ConversationEvent.conversation_id == chat.id),
        select(StockWait).where(StockWait.conversation_id == chat.id),
        select(Order).where(Order.id.in_(own)),
        select(OrderEvent).where(OrderEvent.order_id.in_(own)),
        select(Payment).where(Payment.id.in_(paid)),
        select(Refund).where(Refund.payment_id.in_(paid)),
        select(Delivery).where(Delivery.line_id.in_(lines)),
    ):
        yield from db.session.scalars(statement)
