"""Pictures of transfers: what a customer sends in the chat is put beside the payment it proves."""

from __future__ import annotations

from sqlalchemy import select

from salesbot.database import db
from salesbot.models import Message, Order, Payment
from salesbot.services import orders


def keep(conversation_id: int, method: str) -> Order | None:
    """Puts the newest message of a chat beside its open payment by `method`; that payment's order.

    None when nothing is open: the picture proves nothing then.
    """
    payment = db.session.scalar(
        select(Payment)
        .join(Order, Order.id == Payment.order_id)
        .where(
            Order.conversation_id == conversation_id,
            Order.state.in_(("pending", "expired")),
            Payment.method == method,
            Payment.state == "started",
        )
        .order_by(Payment.id.desc())
        .limit(1)
        .with_for_update(of=Payment)
    )
    if payment is None:
        return None
    payment.proof_id = db.session.scalar(
        select(Message.id)
        .where(Message.conversation_id == conversation_id, Message.direction == "in")
        .order_by(Message.id.desc())
        .limit(1)
    )
    orders.note(payment.order, "customer", "sent a picture of the payment", method)
    db.session.flush()
    return payment.order
