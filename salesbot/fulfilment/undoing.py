"""What staff can take back: a payment that was found after all, a refund, a unit that has ended."""

from __future__ import annotations

from salesbot.database import db
from salesbot.errors import WrongState
from salesbot.fulfilment.payments import confirm_by_staff
from salesbot.fulfilment.refunds import shown
from salesbot.models import Delivery, Payment, Refund
from salesbot.services import orders


def found_after_all(payment_id: int, *, who: str) -> str:
    """Money that staff did not find is there: the payment is confirmed like any other. Flush only."""
    found = db.session.get(Payment, payment_id)
    order = orders.locked(found.order_id) if found is not None else None
    payment = db.session.get(Payment, payment_id, with_for_update=True, populate_existing=True)
    if order is None or payment is None or payment.state != "failed":
        raise WrongState("this payment was not turned down")
    payment.state = "started"
    orders.note(order, who, "found the money after all")
    db.session.flush()
    return confirm_by_staff(payment_id, who=who)


def may_be_withdrawn(refund: Refund) -> bool:
    """Whether nothing of a refund has happened: it waits for a person, or was not tried yet."""
    untouched = refund.reference is None and refund.event_id is None
    return untouched and (
        refund.state == "needs_staff" or (refund.state == "started" and not refund.attempts)
    )


def withdraw_refund(refund_id: int, *, who: str) -> None:
    """A refund that nobody has made yet is not made; the units that were to end with it stay. Flush only."""
    found = db.session.get(Refund, refund_id)
    order = orders.locked(found.payment.order_id) if found is not None else None
    refund = db.session.get(Refund, refund_id, with_for_update=True, populate_existing=True)
    if order is None or refund is None or not may_be_withdrawn(refund):
        raise WrongState("this refund is on its way, or was made")
    orders.note(order, who, "took a refund back", shown(refund))
    db.session.delete(refund)
    db.session.flush()


def give_again(delivery_id: int, *, who: str) -> None:
    """A unit that has ended is the buyer's again, with its key and its link. Flush only."""
    found = db.session.get(Delivery, delivery_id)
    order = orders.locked(found.line.order_id) if found is not None else None
    unit = db.session.get(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    if order is None or unit is None or unit.state != "revoked" or unit.delivered_at is None:
        raise WrongState("this has not ended")
    if order.state not in {"paid", "fulfilled"}:
        raise WrongState("the whole order has ended")
    unit.state = "delivered"
    orders.note(order, who, "gave a unit again", f"{unit.line.title} {unit.position}")
    db.session.flush()
