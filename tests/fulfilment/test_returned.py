"""Ways to pay that answer a refund with what nobody can keep: no money goes astray."""

from __future__ import annotations

from types import ModuleType

import pytest
from sqlalchemy import select

from salesbot import (
    NeedsStaff,
    PaymentEvent,
    PaymentMethod,
    Refunded,
    fulfilment,
    hookimpl,
)
from salesbot.database import in_transaction
from salesbot.models import Order, PluginFailure, Refund

pytestmark = pytest.mark.both_databases


@pytest.fixture
def shop(salesbot_apps, twilio, catalogue, customers, stored):
    """A shop whose one way to pay answers refunds as given; gives back the app and an order."""

    def make(answer):
        class Odd(PaymentMethod):
            name, title = "odd", "Odd"

            def start(self, order, key):
                raise AssertionError("the test reports payments itself")

            def refund(self, payment, amount, key):
                return answer

        @hookimpl
        def salesbot_payment_methods():
            return Odd()

        plugin = ModuleType("salesbot_odd")
        plugin.salesbot_payment_methods = salesbot_payment_methods
        app = salesbot_apps(plugins=[("odd", plugin)])
        customers("Ana").taps(f"buy:{catalogue.file('Book').id}")
        return app, stored(select(Order))[0]

    return make


def paid(app, order):
    event = PaymentEvent("e", order.id, "m", "paid", 1000, "USD")
    with app.app_context():
        in_transaction(lambda: fulfilment.take_event("odd", event))


@pytest.mark.parametrize("reference", ["x" * 300, "a\x00b", "\ud83d"], ids=repr)
def test_money_that_went_back_did_so_whatever_its_reference_looks_like(shop, stored, work, reference):
    """Were it asked for again and given up, staff would send it a second time."""
    app, order = shop(Refunded(reference))
    paid(app, order)
    with app.app_context():
        in_transaction(lambda: fulfilment.ask_refund(1, 1000, who="olga"))
        assert fulfilment.refund_next()
    assert stored(select(Refund.state)) == ["done"]
    assert stored(select(Order.state)) == ["cancelled"]


def test_a_refund_whose_reason_cannot_be_kept_is_tried_again_and_then_for_staff(shop, stored, clock):
    app, order = shop(NeedsStaff(None))
    paid(app, order)
    with app.app_context():
        in_transaction(lambda: fulfilment.ask_refund(1, 1000, who="olga"))
        for _ in range(6):
            clock.move(hours=6)
            assert fulfilment.refund_next()
    assert stored(select(Refund.state)) == ["needs_staff"]
    assert "NeedsStaff.why" in stored(select(PluginFailure.error))[0]
