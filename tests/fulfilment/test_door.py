"""Which state of an order may follow which: a table of its own, so that a change of the rule is seen."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from salesbot.database import db
from salesbot.errors import WrongState
from salesbot.fulfilment.door import Changes
from salesbot.models import Order, OrderEvent
from salesbot.models.orders import ORDER_STATES

ALLOWED = {
    ("pending", "paid"),
    ("pending", "expired"),
    ("pending", "cancelled"),
    ("expired", "paid"),
    ("paid", "fulfilled"),
    ("paid", "cancelled"),
    ("fulfilled", "cancelled"),
}


def test_an_order_only_goes_forward_and_each_step_is_in_its_timeline(customer, catalogue, app):
    customer.taps(f"buy:{catalogue.file('Book').id}")
    with app.app_context():
        for old in ORDER_STATES:
            for new in ORDER_STATES:
                order = db.session.scalars(select(Order)).one()
                order.state, order.paid_at = old, order.created_at
                db.session.flush()
                if (old, new) in ALLOWED:
                    Changes(order).move(new, who="olga", why="a reason")
                    assert order.state == new
                    last = db.session.scalars(select(OrderEvent).order_by(OrderEvent.id.desc())).first()
                    assert (last.who, last.what, last.why) == ("olga", f"{old} → {new}", "a reason")
                else:
                    with pytest.raises(WrongState):
                        Changes(order).move(new, who="olga")
                    assert order.state == old
                db.session.rollback()
