"""What begins or ends at a moment: at that very moment one thing is true, never both and never neither."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from salesbot import clock as time
from salesbot.database import db, in_transaction
from salesbot.models import Coupon, Delivery, Order

pytestmark = pytest.mark.both_databases


@pytest.fixture
def salesbot_plugins(bank_plugin):
    return bank_plugin


@pytest.fixture
def at(monkeypatch):
    """Stops the shop's clock at a moment."""

    def stop(moment):
        monkeypatch.setattr(time, "now", lambda: moment)

    return stop


def test_an_order_holds_its_key_until_its_last_moment_and_then_another_may_have_it(
    customers, catalogue, stored, event, at, bank
):
    editor = catalogue.key("Editor", keys=1)
    ana, ben = customers("Ana"), customers("Ben")
    ana.taps(f"buy:{editor.id}")
    [late] = stored(select(Order))
    at(late.expires_at - timedelta(microseconds=1))
    assert "sold out" in ben.taps(f"buy:{editor.id}")[0].text
    at(late.expires_at)
    assert "/pay/" in ben.taps(f"buy:{editor.id}")[0].text
    assert "goes back" in event(number=late.id)
    assert stored(select(Delivery)) == [], "the key is promised to Ben now"
    assert event(id="e2", reference="m2") == "paid"
    assert stored(select(Delivery.state)) == ["delivered"]


def test_money_at_the_last_moment_pays(customers, catalogue, stored, event, at):
    editor = catalogue.key("Editor", keys=1)
    customers("Ana").taps(f"buy:{editor.id}")
    [order] = stored(select(Order))
    at(order.expires_at - timedelta(microseconds=1))
    assert event() == "paid"


@pytest.mark.parametrize(("off", "counts"), [(-1, False), (0, True), (60 * 60 - 1, True), (60 * 60, False)])
def test_a_coupon_counts_from_its_first_second_until_its_end(customer, catalogue, app, at, off, counts):
    starts = time.now() + timedelta(days=1)
    with app.app_context():
        coupon = Coupon(code="SAVE", percent=10, starts_at=starts, ends_at=starts + timedelta(hours=1))
        in_transaction(lambda: db.session.add(coupon))
    book = catalogue.file("Book", price=1990)
    at(starts + timedelta(seconds=off))
    customer.taps(f"buy:{book.id}")
    assert ("Total: *$17.91*" in customer.says("SAVE")[0].text) is counts
