"""Orders as rows: numbers, the timeline, and the frozen form that plugins get."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, and_, select, update

from salesbot import clock, messages
from salesbot.database import db
from salesbot.models import Conversation, Order, OrderEvent, OrderLine

_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_number() -> str:
    """A short number that people can read out: no letter that looks like a digit."""
    return "".join(secrets.choice(_LETTERS) for _ in range(7))


def holding(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """What is true of orders that hold their goods, and the use of their coupon; tentative ones do not."""
    return and_(Order.state == "pending", Order.expires_at > now, ~Order.tentative)


def locked(order_id: int) -> Order | None:
    """The order for changing: its chat is locked first, as everywhere, then the order itself."""
    conversation_id = db.session.scalar(select(Order.conversation_id).where(Order.id == order_id))
    if conversation_id is None:
        return None
    db.session.execute(
        select(Conversation.id).where(Conversation.id == conversation_id).with_for_update()
    ).all()
    return db.session.scalar(
        select(Order).where(Order.id == order_id).with_for_update().execution_options(populate_existing=True)
    )


def note(order: Order, who: str, what: str, why: str = "") -> None:
    """Writes a line of the order's timeline."""
    db.session.add(OrderEvent(order_id=order.id, who=who[:120], what=what[:64], why=why))


def opened(order_id: int) -> None:
    """The buyer looks at the order's page; the first time counts. Flush only."""
    first = db.session.execute(
        update(Order)
        .where(Order.id == order_id, Order.opened_at.is_(None))
        .values(opened_at=clock.now())
        .execution_options(synchronize_session=False)
        .returning(Order.id)
    ).first()
    if first is not None:
        db.session.add(OrderEvent(order_id=order_id, who="customer", what="opened the page"))
        db.session.flush()


REMINDED = "reminded the buyer"


def was_reminded(order_id: int) -> bool:
    """Whether the buyer has had the reminder of an unpaid order."""
    told = select(OrderEvent.id).where(OrderEvent.order_id == order_id, OrderEvent.what == REMINDED)
    return db.session.scalar(told.limit(1)) is not None


def of_customer(customer_id: int, limit: int = 10) -> list[Order]:
    """A customer's paid orders, newest first."""
    return list(
        db.session.scalars(
            select(Order)
            .where(Order.customer_id == customer_id, Order.paid_at.is_not(None))
            .order_by(Order.id.desc())
            .limit(limit)
        )
    )


def frozen(order: Order) -> messages.Order:
    """The order as plugins get it."""
    return messages.Order(
        id=order.id,
        number=order.number,
        state=order.state,
        total=order.total,
        currency=order.currency,
        lines=tuple(frozen_line(line) for line in order.lines),
        customer=messages.Customer(
            order.customer.id,
            order.customer.name,
            order.customer.language,
            order.conversation.address,
        ),
    )


def frozen_line(line: OrderLine) -> messages.OrderLine:
    """The order line as plugins get it."""
    return messages.OrderLine(
        id=line.id,
        product=messages.Product(line.product_id, line.title, line.kind, line.unit_price),
        title=line.title,
        quantity=line.quantity,
        unit_price=line.unit_price,
        amount=line.amount,
    )
