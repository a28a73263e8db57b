"""Money that comes late, twice, too little or too much, and money that goes back."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from salesbot import fulfilment
from salesbot.database import in_transaction
from salesbot.messages import NeedsStaff
from salesbot.models import Delivery, Order, OrderEvent, Payment, Refund

pytestmark = pytest.mark.both_databases


@pytest.fixture
def salesbot_plugins(bank_plugin):
    return bank_plugin


def order_of(stored):
    return stored(select(Order).order_by(Order.id.desc()))[0]


def buy(customer, title):
    customer.says(title)
    customer.picks("Buy")


def test_an_unpaid_order_expires_once_and_frees_its_stock(customer, catalogue, clock, stored):
    goods = catalogue.key("Editor", keys=1)
    buy(customer, "Editor")
    assert catalogue.left(goods) == 0
    clock.move(hours=2)
    assert catalogue.left(goods) == 1, "time alone frees it, before the worker comes by"
    news = customer.replies
    assert order_of(stored).state == "expired"
    assert sum("was not paid in time" in reply.text for reply in news) == 1
    assert sum("was not paid in time" in reply.text for reply in customer.replies) == 1


def test_late_money_takes_stock_that_is_still_there(customer, catalogue, clock, stored, event):
    catalogue.key("Editor", keys=["ED-1"])
    buy(customer, "Editor")
    clock.move(hours=2)
    assert order_of(stored).state == "pending"
    assert event() == "paid"
    assert "ED-1" in customer.replies[-1].text
    assert order_of(stored).state == "fulfilled"


def test_late_money_goes_back_when_everything_is_gone(bank, customers, catalogue, clock, stored, event, work):
    catalogue.key("Editor", keys=["ED-1"])
    ana, ben = customers("Ana"), customers("Ben")
    buy(ana, "Editor")
    late = order_of(stored)
    clock.move(hours=2)
    work()
    buy(ben, "Editor")
    ben.pays()
    assert "goes back" in event(number=late.id, amount=late.total)
    texts = "\n".join(reply.text for reply in ana.replies)
    assert "came too late" in texts
    assert "sent $10.00 back" in texts
    assert bank.asked == [("m1", 1000, "refund-1")]
    [refund] = stored(select(Refund))
    assert (refund.state, refund.amount, refund.reference) == ("done", 1000, "back-refund-1")
    assert [order.state for order in stored(select(Order).order_by(Order.id))] == ["expired", "fulfilled"]


def test_a_refund_that_the_provider_cannot_do_waits_for_staff(
    bank, customer, catalogue, stored, event, app, work
):
    catalogue.key("Editor", keys=1)
    buy(customer, "Editor")
    event()
    bank.answers = [NeedsStaff("Use the bank's website.")]
    [payment] = stored(select(Payment))
    with app.app_context():
        in_transaction(lambda: fulfilment.ask_refund(payment.id, 1000, who="ana", why="a gift"))
    work()
    [refund] = stored(select(Refund))
    assert refund.state == "needs_staff"
    assert "Use the bank's website." in refund.why
    assert order_of(stored).state == "fulfilled", "nothing ends before the money is back"
    with app.app_context():
        in_transaction(lambda: fulfilment.refunded_by_staff(refund.id, who="ana"))
    assert order_of(stored).state == "cancelled"
    assert "sent $10.00 back" in customer.replies[-1].text


def test_a_refund_that_fails_for_a_moment_is_tried_again_with_the_same_key(
    bank, customer, catalogue, stored, event, app, work, clock
):
    catalogue.key("Editor", keys=1)
    buy(customer, "Editor")
    event()
    bank.answers = [RuntimeError("down"), RuntimeError("down")]
    [payment] = stored(select(Payment))
    with app.app_context():
        in_transaction(lambda: fulfilment.ask_refund(payment.id, 1000, who="ana"))
    for _ in range(3):
        work()
        clock.move(minutes=5)
    assert [key for _reference, _amount, key in bank.asked] == ["refund-1"] * 3
    assert stored(select(Refund))[0].state == "done"


def test_part_of_an_order_goes_back_with_its_unit_only(customer, catalogue, stored, event, app, work):
    catalogue.key("Editor", keys=3)
    customer.says("Editor")
    customer.picks("Buy several")
    customer.says("3")
    event()
    [payment] = stored(select(Payment))
    units = stored(select(Delivery).order_by(Delivery.id))
    with app.app_context():
        in_transaction(lambda: fulfilment.ask_refund(payment.id, 1000, who="ana", units=(units[1].id,)))
    work()
    states = [unit.state for unit in stored(select(Delivery).order_by(Delivery.id))]
    assert states == ["delivered", "revoked", "delivered"]
    assert order_of(stored).state == "fulfilled"
    again = customer.says("my orders")[0].text
    assert "EDITOR-0002" not in again
    assert "EDITOR-0001" in again


def test_the_same_unit_does_not_go_back_twice(customer, catalogue, stored, event, app, work):
    """Not while it is on its way, not afterwards, and not when it was given to the buyer again."""
    catalogue.key("Editor", keys=3)
    customer.says("Editor")
    customer.picks("Buy several")
    customer.says("3")
    event()
    [payment] = stored(select(Payment.id))
    first, second, _third = stored(select(Delivery.id).order_by(Delivery.id))

    def ask(*units):
        with app.app_context():
            return in_transaction(
                lambda: fulfilment.ask_refund(payment, 1000, who="ana", units=units).id,
            )

    withdrawn = ask(first)
    with pytest.raises(fulfilment.WrongState):
        ask(second, first)
    with app.app_context():
        in_transaction(lambda: fulfilment.withdraw_refund(withdrawn, who="ana"))
    ask(first)
    work()
    with pytest.raises(fulfilment.WrongState):
        ask(first)
    with app.app_context():
        in_transaction(lambda: fulfilment.give_again(first, who="ana"))
    with pytest.raises(fulfilment.WrongState):
        ask(first)
    assert stored(select(Refund.units)) == [[first]]
    ask(second)
    work()
    states = stored(select(Delivery.state).order_by(Delivery.id))
    assert states == ["delivered", "revoked", "delivered"], "what was given again stays given"


def test_more_than_was_paid_cannot_go_back(customer, catalogue, stored, event, app):
    catalogue.key("Editor", keys=1)
    buy(customer, "Editor")
    event()
    [payment] = stored(select(Payment))
    with app.app_context():
        in_transaction(lambda: fulfilment.ask_refund(payment.id, 600, who="ana"))
        for amount in (401, 0, -1):
            with pytest.raises(fulfilment.WrongState):
                in_transaction(lambda amount=amount: fulfilment.ask_refund(payment.id, amount, who="ana"))
    assert len(stored(select(Refund))) == 1


def test_a_refund_made_at_the_provider_is_known_here_once(bank, customer, catalogue, stored, event, work):
    catalogue.key("Editor", keys=1)
    buy(customer, "Editor")
    event()
    for _ in range(2):
        event("refunded", id="r1", amount=1000)
    work()
    assert [(refund.amount, refund.state) for refund in stored(select(Refund))] == [(1000, "done")]
    assert order_of(stored).state == "cancelled"
    assert bank.asked == []


def test_the_providers_report_of_our_own_refund_is_no_second_one(
    customer, catalogue, stored, event, app, work
):
    catalogue.key("Editor", keys=1)
    buy(customer, "Editor")
    event()
    [payment] = stored(select(Payment))
    with app.app_context():
        in_transaction(lambda: fulfilment.ask_refund(payment.id, 1000, who="ana"))
    work()
    event("refunded", id="r1", amount=1000)
    assert len(stored(select(Refund))) == 1


def test_a_second_payment_for_one_order_is_seen_and_pays_nothing_twice(customer, catalogue, stored, event):
    catalogue.key("Editor", keys=2)
    buy(customer, "Editor")
    event()
    assert "too much" in event(id="e2", reference="m2")
    assert len(stored(select(Delivery))) == 1
    notes = [row.why for row in stored(select(OrderEvent).where(OrderEvent.what == "look at this"))]
    assert any("too much" in why for why in notes)


def test_too_little_is_said_with_the_way_to_pay_the_rest(customer, catalogue, stored, event):
    catalogue.key("Editor", keys=["ED-1"])
    buy(customer, "Editor")
    event(amount=400)
    assert "$6.00 are still missing" in customer.replies[-1].text
    assert order_of(stored).state == "pending"
    event(id="e2", reference="m2", amount=600)
    assert "ED-1" in customer.replies[-1].text


def test_money_in_another_currency_never_pays(customer, catalogue, stored, event):
    catalogue.key("Editor", keys=1)
    buy(customer, "Editor")
    event(currency="JPY")
    assert order_of(stored).state == "pending"
    assert stored(select(Delivery)) == []


def test_a_dispute_freezes_what_was_bought_until_it_ends_well(customer, catalogue, stored, event):
    book = catalogue.file("Book")
    buy(customer, "Book")
    event()
    assert "/d/" in customer.replies[-1].text
    event("disputed", id="d1")
    assert "on hold" in customer.says("my orders")[0].text
    assert order_of(stored).frozen_at is not None
    event("paid", id="d2")
    assert order_of(stored).frozen_at is None
    assert "/d/" in customer.says("my orders")[0].text
    assert catalogue.left(book) is None


def test_an_event_for_an_order_that_never_was_does_no_harm(customer, catalogue, stored, event):
    catalogue.key("Editor", keys=1)
    buy(customer, "Editor")
    assert event(number=987654) == "there is no such order"
    assert stored(select(Payment)) == []
