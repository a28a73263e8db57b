"""What pages show of an order besides its own row: payments, refunds, and units with covered keys."""

from __future__ import annotations

from collections import defaultdict
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
    """`units` by order line; `hints` is what staff see of a unit's secret, `refundable` minor units.

    `going_back` are the units whose money went back already, or is on its way.
    """

    order: Order
    payments: Sequence[Payment]
    refunds: Sequence[Refund]
    units: Mapping[int, Sequence[Delivery]]
    hints: Mapping[int, str]
    refundable: Mapping[int, int]
    going_back: frozenset[int]
    pay_url: str


def facts(order: Order) -> Facts:
    """Everything about one order."""
    return facts_of([order])[0]


def facts_of(orders: Sequence[Order]) -> list[Facts]:
    """Everything about each of these orders, in as many statements as for one."""
    ids = [order.id for order in orders]
    payments: dict[int, list[Payment]] = defaultdict(list)
    for payment in db.session.scalars(select(Payment).where(Payment.order_id.in_(ids)).order_by(Payment.id)):
        payments[payment.order_id].append(payment)
    refunds: dict[int, list[Refund]] = defaultdict(list)
    asked = (
        select(Payment.order_id, Refund).select_from(Refund).join(Payment).where(Payment.order_id.in_(ids))
    )
    for order_id, refund in db.session.execute(asked.order_by(Refund.id)):
        refunds[order_id].append(refund)
    units: dict[int, dict[int, list[Delivery]]] = defaultdict(lambda: defaultdict(list))
    for order_id, unit in db.session.execute(
        select(OrderLine.order_id, Delivery)
        .join(OrderLine, OrderLine.id == Delivery.line_id)
        .where(OrderLine.order_id.in_(ids))
        .order_by(Delivery.line_id, Delivery.position)
        .options(defer(Delivery.secret))
    ):
        units[order_id][unit.line_id].append(unit)
    hints = _hints([unit.id for lines in units.values() for made in lines.values() for unit in made])
    refundable = fulfilment.refundable_of([payment for found in payments.values() for payment in found])
    return [
        Facts(
            order,
            payments[order.id],
            refunds[order.id],
            dict(units[order.id]),
            hints,
            {payment.id: refundable[payment.id] for payment in payments[order.id]},
            frozenset(unit for refund in refunds[order.id] for unit in refund.units),
            links.pay_url(order.id) if order.state == "pending" else "",
        )
        for order in orders
    ]


def _hints(units: Sequence[int]) -> dict[int, str]:
    """What staff see of the secret of each of these units; nothing is decrypted for it."""
    own = select(Delivery.id).where(Delivery.id.in_(units), Delivery.secret.is_not(None))
    keys = select(LicenceKey.delivery_id, LicenceKey.hint).where(LicenceKey.delivery_id.in_(units))
    found = dict.fromkeys(db.session.scalars(own), "••••")
    found.update({number: hint for number, hint in db.session.execute(keys) if number is not None})
    return found
