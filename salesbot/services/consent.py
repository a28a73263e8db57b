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
