"""What the home page counts, each figure from the rows that it speaks of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, Select, func, select, text
from sqlalchemy.orm import aliased

from salesbot import clock
from salesbot.database import db
from salesbot.models import (
    Conversation,
    Customer,
    Delivery,
    Message,
    Order,
    OrderEvent,
    OrderLine,
    Payment,
    PluginState,
    Refund,
)
from salesbot.models.orders import ASKS_TO_LOOK, LOOKED_AT
from salesbot.models.payments import SEEN_BY_STAFF
from salesbot.services import shop, stock

AnyRow = Row[*tuple[Any, ...]]
AnySelect = Select[*tuple[Any, ...]]

SHOWN = 5
"""Of each kind of thing that waits, the page names this many and counts the rest."""
TROUBLE = ("unhandled", "unknown", "failed", "undelivered")


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
        select(func.count(Conversation.id)).where(wanted),
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
    troubled = Message.state.in_(TROUBLE)
    return _waiting(
        select(Message.id, Message.conversation_id, Message.state, Message.created_at, Customer.name)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Customer, Customer.id == Conversation.customer_id)
        .where(troubled)
        # As an expression, or PostgreSQL would read all messages from the newest until it has met some.
        .order_by((Message.id + 0).desc()),
        select(func.count(Message.id)).where(troubled),
    )


def payments_to_check() -> Waiting:
    """Payments that only staff can confirm, of orders that are not paid yet, oldest first."""
    to_check = (
        Payment.state == "started",
        Payment.method.in_(SEEN_BY_STAFF),
        Order.state.in_(("pending", "expired")),
        Order.created_at > clock.now() - timedelta(days=14),
    )
    return _waiting(
        select(Order.id, Order.number, Payment.amount, Payment.currency, Payment.created_at)
        .join(Order, Order.id == Payment.order_id)
        .where(*to_check)
        .order_by(Payment.id),
        select(func.count(Payment.id)).join(Order, Order.id == Payment.order_id).where(*to_check),
    )


def refunds_to_make() -> Waiting:
    """Refunds that only a person can make, oldest first."""
    by_hand = Refund.state == "needs_staff"
    return _waiting(
        select(Order.id, Order.number, Refund.amount, Refund.currency, Refund.why)
        .join(Payment, Payment.id == Refund.payment_id)
        .join(Order, Order.id == Payment.order_id)
        .where(by_hand)
        .order_by(Refund.id),
        select(func.count(Refund.id)).where(by_hand),
    )


def undelivered_orders() -> Waiting:
    """Paid orders with something that did not reach the buyer, oldest first."""
    unfinished = select(Order.id).where(Order.state == "paid")
    stuck = (
        select(OrderLine.order_id)
        .join(Delivery, Delivery.line_id == OrderLine.id)
        .where(Delivery.state.in_(("no_stock", "failed")))
    )
    either = Order.id.in_(unfinished.union(stuck)) & Order.state.in_(("paid", "fulfilled"))
    return _waiting(
        select(Order.id, Order.number, Order.total, Order.currency, Order.paid_at)
        .where(either)
        .order_by(Order.paid_at),
        select(func.count(Order.id)).where(either),
    )


def orders_to_look_at() -> Waiting:
    """Orders that salesbot wants a person to look at, and that nobody has looked at since."""
    later = aliased(OrderEvent)
    open_notes = (
        select(OrderEvent.order_id, func.max(OrderEvent.id).label("event_id"))
        .where(
            text(f"order_event.{ASKS_TO_LOOK}"),
            ~select(later.id)
            .where(
                later.order_id == OrderEvent.order_id,
                later.id > OrderEvent.id,
                later.what == LOOKED_AT,
            )
            .exists(),
        )
        .group_by(OrderEvent.order_id)
        .subquery()
    )
    return _waiting(
        select(Order.id, Order.number, OrderEvent.why, OrderEvent.at)
        .join(open_notes, open_notes.c.order_id == Order.id)
        .join(OrderEvent, OrderEvent.id == open_notes.c.event_id)
        .order_by(OrderEvent.id),
        select(func.count()).select_from(open_notes),
    )


def low_stock() -> list[LowStock]:
    """Products for sale that have few keys left or none, emptiest first."""
    few = int(shop.setting("LOW_STOCK"))
    found = [LowStock(*row) for row in stock.left_of_all()]
    return sorted((item for item in found if item.left <= few), key=lambda item: item.left)


def plugins_off() -> Sequence[AnyRow]:
    """Plugins that switched themselves off, with the reason."""
    return db.session.execute(
        select(PluginState.name, PluginState.reason, PluginState.changed_at)
        .where(~PluginState.enabled, PluginState.by_itself)
        .order_by(PluginState.name)
    ).all()


def _waiting(rows: AnySelect, count: Select[int]) -> Waiting:
    number = _count(count)
    return Waiting(number, db.session.execute(rows.limit(SHOWN)).all() if number else [])


def _count(statement: Select[int]) -> int:
    return db.session.scalar(statement) or 0
