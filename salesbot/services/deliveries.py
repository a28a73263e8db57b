"""Units as rows: whether their buyer may have them now."""

from __future__ import annotations

from sqlalchemy import select

from salesbot.database import db
from salesbot.models import Delivery, Order, OrderLine


def may_be_handed_over(delivery_id: int) -> bool:
    """Whether a unit is delivered and not taken back, and its order not on hold."""
    found = (
        select(Delivery.id)
        .join(OrderLine, OrderLine.id == Delivery.line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(Delivery.id == delivery_id, Delivery.state == "delivered", Order.frozen_at.is_(None))
    )
    return db.session.scalar(found) is not None
