"""What waits for somebody of the shop, by the ids of its rows: the home page counts them, lists show them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Select, select, text
from sqlalchemy.orm import aliased

from salesbot import clock
from salesbot.models import Delivery, Message, Order, OrderEvent, OrderLine, Payment, Refund
from salesbot.models.conversations import TROUBLE
from salesbot.models.orders import ASKS_TO_LOOK, LOOKED_AT
from salesbot.models.payments import SEEN_BY_STAFF
from salesbot.services import shop, stock

Ids = Select[*tuple[Any, ...]]


def troubled_messages() -> Ids:
    """Messages that the bot could not answer, or that did not (surely) arrive."""
    return select(Message.id).where(Message.state.in_(TROUBLE))


def payments_to_check() -> Ids:
    """Payments that only staff can confirm, of orders that are not paid yet."""
    return (
        select(Payment.id)
        .join(Order, Order.id == Payment.order_id)
        .where(
            Payment.state == "started",
            Payment.method.in_(SEEN_BY_STAFF),
            Order.state.in_(("pending", "expired")),
            Order.created_at > clock.now() - timedelta(days=14),
        )
    )


def refunds_to_make() -> Ids:
    """Refunds that only a person can make."""
    return select(Refund.id).where(Refund.state == "needs_staff")


def undelivered_orders() -> Ids:
    """Paid orders with something that did not reach the buyer."""
    unfinished = select(Order.id).where(Order.state == "paid")
    stuck = (
        select(OrderLine.order_id)
        .join(Delivery, Delivery.line_id == OrderLine.id)
        .where(Delivery.state.in_(("no_stock", "failed")))
    )
    return select(Order.id).where(
        Order.id.in_(unfinished.union(stuck)), Order.state.in_(("paid", "fulfilled"))
    )


def notes_to_look_at() -> Ids:
    """Entries of orders that salesbot wants a person to look at, and that nobody has looked at since."""
    later = aliased(OrderEvent)
    return select(OrderEvent.id, OrderEvent.order_id).where(
        text(f"order_event.{ASKS_TO_LOOK}"),
        ~select(later.id)
        .where(
            later.order_id == OrderEvent.order_id,
            later.id > OrderEvent.id,
            later.what == LOOKED_AT,
        )
        .exists(),
    )


def orders_to_look_at() -> Ids:
    """Orders that salesbot wants a person to look at, and that nobody has looked at since."""
    return notes_to_look_at().with_only_columns(OrderEvent.order_id)


def low_stock() -> list[tuple[int, str, int]]:
    """Products for sale that have few keys left or none, emptiest first: id, title, what is left."""
    few = int(shop.setting("LOW_STOCK"))
    return sorted((row for row in stock.left_of_all() if row[2] <= few), key=lambda row: row[2])


def products_low_in_stock() -> list[int]:
    """Their ids alone."""
    return [number for number, _title, _left in low_stock()]
