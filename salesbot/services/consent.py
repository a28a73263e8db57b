"""What a customer agreed to receive."""

from __future__ import annotations

from salesbot import clock
from salesbot.database import db
from salesbot.models import Customer


def stop(customer_id: int) -> None:
    """Nothing unasked from now on; what they paid for still comes."""
    customer = db.session.get(Customer, customer_id)
    if customer is not None and customer.stopped_at is None:
        customer.stopped_at = clock.now()
        db.session.flush()


def start(customer_id: int) -> bool:
    """Allows unasked messages again; False when they were not stopped."""
    customer = db.session.get(Customer, customer_id)
    if customer is None or customer.stopped_at is None:
        return False
    customer.stopped_at = None
    db.session.flush()
    return True
