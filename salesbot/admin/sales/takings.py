"""What counts as money that came in, wherever the back office adds some up.

Payments that are confirmed, less what went back of them. A disputed payment counts for nothing while
nobody knows whose it is, and neither does what went back of it.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, func, select

from salesbot.models import Order, Payment, Refund

CAME: ColumnElement[bool] = Payment.state == "confirmed"
WENT: ColumnElement[bool] = and_(Refund.state == "done", Refund.payment.has(CAME))


def of_order() -> ColumnElement[int]:
    """What came in for an order of the statement around it, in minor units of the order's currency."""
    of = (Payment.order_id == Order.id, Payment.currency == Order.currency)
    came = select(func.coalesce(func.sum(Payment.amount), 0)).where(*of, CAME)
    went = select(func.coalesce(func.sum(Refund.amount), 0)).join(Payment, Payment.id == Refund.payment_id)
    went = went.where(*of, CAME, Refund.state == "done")
    return came.correlate(Order).scalar_subquery() - went.correlate(Order).scalar_subquery()
