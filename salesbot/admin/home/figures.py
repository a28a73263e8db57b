"""What the home page counts, each figure from the rows that it speaks of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, func, select

from salesbot.database import db
from salesbot.models import (
    Conversation,
    Customer,
    Message,
    Order,
    OrderEvent,
    Payment,
    PluginState,
    Refund,
)
from salesbot.models.conversations import TROUBLE
from salesbot.services import needed

AnyRow = Row[*tuple[Any, ...]]
AnySelect = Select[*tuple[Any, ...]]

SHOWN = 5
"""Of each kind of thing that waits, the page names this many and counts the rest."""


@dataclass(frozen=True)
class Waiting:
    """Things of one kind that wait for somebody: how many, and the first of them."""

    count: int
    first: Sequence[AnyRow]


@dataclass(frozen=True)
class LowStock:
    """A product that is for sale with few keys left."""

    id: int
    title: str
    left: int


def people_waiting() -> Waiting:
    """Chats whose customer asked for a person, longest first."""
    wanted = Conversation.person_wanted_at.is_not(None)
    return _waiting(
        select(Conversation.id, Customer.name, Conversation.address, Conversation.person_wanted_at)
        .join(Customer, Customer.id == Conversation.customer_id)
        .where(wanted)
        .order_by(Conversation.person_wanted_at),
        select(Conversation.id).where(wanted),
    )


def waiting_people() -> int:
    """How many wait for a person; the menu shows it on every page."""
    return (
        db.session.scalar(
            select(func.count(Conversation.id)).where(Conversation.person_wanted_at.is_not(None))
        )
        or 0
    )


def troubled_messages() -> Waiting:
    """Messages that the bot could not answer, or that did not (surely) arrive, newest first."""
    return _waiting(
        select(Message.id, Message.conversation_id, Message.state, Message.created_at, Customer.name)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Customer, Customer.id == Conversation.customer_id)
        .where(Message.state.in_(TROUBLE))
        # As an expression, or PostgreSQL would read all messages from the newest until it has met some.
        .order_by((Message.id + 0).desc()),
        needed.troubled_messages(),
    )


def payments_to_check() -> Waiting:
    """Payments that only staff can confirm, of orders that are not paid yet, oldest first."""
    ids = needed.payments_to_check()
    return _waiting(
        select(Order.id, Order.number, Payment.amount, Payment.currency, Payment.created_at)
        .join(Order, Order.id == Payment.order_id)
        .where(Payment.id.in_(ids))
        .order_by(Payment.id),
        ids,
    )


def refunds_to_make() -> Waiting:
    """Refunds that only a person can make, oldest first."""
    ids = needed.refunds_to_make()
    return _waiting(
        select(Order.id, Order.number, Refund.amount, Refund.currency, Refund.why)
        .join(Payment, Payment.id == Refund.payment_id)
        .join(Order, Order.id == Payment.order_id)
        .where(Refund.id.in_(ids))
        .order_by(Refund.id),
        ids,
    )


def undelivered_orders() -> Waiting:
    """Paid orders with something that did not reach the buyer, oldest first."""
    ids = needed.undelivered_orders()
    return _waiting(
        select(Order.id, Order.number, Order.total, Order.currency, Order.paid_at)
        .where(Order.id.in_(ids))
        .order_by(Order.paid_at),
        ids,
    )


def orders_to_look_at() -> Waiting:
    """Orders that salesbot wants a person to look at, and that nobody has looked at since."""
    notes = needed.notes_to_look_at().subquery()
    newest = (
        select(notes.c.order_id, func.max(notes.c.id).label("event_id")).group_by(notes.c.order_id).subquery()
    )
    return _waiting(
        select(Order.id, Order.number, OrderEvent.why, OrderEvent.at)
        .join(newest, newest.c.order_id == Order.id)
        .join(OrderEvent, OrderEvent.id == newest.c.event_id)
        .order_by(OrderEvent.id),
        needed.orders_to_look_at().distinct(),
    )


def low_stock() -> list[LowStock]:
    """Products for sale that have few keys left or none, emptiest first."""
    return [LowStock(*row) for row in needed.low_stock()]


def plugins_off() -> Sequence[AnyRow]:
    """Plugins that switched themselves off, with the reason."""
    return db.session.execute(
        select(PluginState.name, PluginState.reason, PluginState.changed_at)
        .where(~PluginState.enabled, PluginState.by_itself)
        .order_by(PluginState.name)
    ).all()


def _waiting(rows: AnySelect, ids: AnySelect) -> Waiting:
    number = db.session.scalar(select(func.count()).select_from(ids.subquery())) or 0
    return Waiting(number, db.session.execute(rows.limit(SHOWN)).all() if number else [])
