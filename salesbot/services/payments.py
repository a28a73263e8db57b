"""Payments as rows: what has come in for an order."""

from __future__ import annotations

from sqlalchemy import func, select

from salesbot.database import db
from salesbot.models import Order, Payment, Refund


def has_come_for(order_id: int) -> bool:
    """Whether any money has come in for an order, enough or not."""
    came = select(Payment.id).where(Payment.order_id == order_id, Payment.state == "confirmed")
    return db.session.scalar(came.limit(1)) is not None


def kept(order: Order) -> int:
    """The money that an order has and keeps, in minor units: what came, less all that goes back."""
    paid = (Payment.order_id == order.id, Payment.state == "confirmed", Payment.currency == order.currency)
    came = select(func.coalesce(func.sum(Payment.amount), 0)).where(*paid)
    back = select(func.coalesce(func.sum(Refund.amount), 0)).join(Payment).where(*paid)
    return (db.session.scalar(came) or 0) - (db.session.scalar(back) or 0)
