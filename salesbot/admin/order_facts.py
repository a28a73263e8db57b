"""What pages show of an order besides its own row: payments, refunds, and units with covered keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import defer

from salesbot import fulfilment
from salesbot.extensions import db
from salesbot.models import Delivery, LicenceKey, Order, OrderLine, Payment, Refund
from salesbot.services import links


@dataclass(frozen=True)
class Facts:
    """`units` by order line; `hints` is what staff see of a unit's secret, `refundable` minor units."""

    order: Order
    payments: Sequence[Payment]
    refunds: Sequence[Refund]
    units: Mapping[int, Sequence[Delivery]]
    hints: Mapping[int, str]
    refundable: Mapping[int, int]
    pay_url: str
    delivery_urls: Mapping[int, str]


def facts(order: Order) -> Facts:
    """Everything about one order."""
    payments = db.session.scalars(
        select(Payment).where(Payment.order_id == order.id).order_by(Payment.id)
    ).all()
    refunds = db.session.scalars(
        select(Refund).join(Payment).where(Payment.order_id == order.id).order_by(Refund.id)
    ).all()
    units: dict[int, list[Delivery]] = {}
    for unit in db.session.scalars(
        select(Delivery)
        .join(OrderLine)
        .where(OrderLine.order_id == order.id)
        .order_by(Delivery.line_id, Delivery.position)
        .options(defer(Delivery.secret))
    ):
        units.setdefault(unit.line_id, []).append(unit)
    return Facts(
        order,
        payments,
        refunds,
        units,
        _hints(order),
        {payment.id: fulfilment.refundable(payment) for payment in payments},
        links.pay_url(order.id) if order.state == "pending" else "",
        {line_id: links.delivery_url(line_id) for line_id in units},
    )


def _hints(order: Order) -> dict[int, str]:
    """What staff see of the secret of each unit, by delivery; nothing is decrypted for it."""
    of_this_order = select(OrderLine.id).where(OrderLine.order_id == order.id)
    own = select(Delivery.id).where(Delivery.line_id.in_(of_this_order), Delivery.secret.is_not(None))
    keys = (
        select(LicenceKey.delivery_id, LicenceKey.hint)
        .join(Delivery, Delivery.id == LicenceKey.delivery_id)
        .where(Delivery.line_id.in_(of_this_order))
    )
    found = dict.fromkeys(db.session.scalars(own), "••••")
    found.update({number: hint for number, hint in db.session.execute(keys) if number is not None})
    return found
