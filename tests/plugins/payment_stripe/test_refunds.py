"""Money goes back through Stripe once, or staff hear why it does not."""

import pytest
from sqlalchemy import select

from salesbot import fulfilment
from salesbot.database import in_transaction
from salesbot.models import Payment, PluginFailure, Refund


@pytest.fixture
def paid(checkout):
    checkout.session_id = checkout.pays()
    return checkout


@pytest.fixture
def ask(paid, stored):
    def asking(amount):
        [payment] = stored(select(Payment))
        with paid.app.app_context():
            return in_transaction(lambda: fulfilment.ask_refund(payment.id, amount, who="ana").id)

    return asking


def only(stored):
    [refund] = stored(select(Refund))
    return refund


def test_a_refund_goes_through_the_api_with_its_own_key(paid, ask, stripe, stored):
    number = ask(1900)
    paid.work()
    [asked] = [asked for asked in stripe.asked if asked.path == "/v1/refunds"]
    assert asked.key == f"refund-{number}"
    [at_stripe] = stripe.account.refunds.values()
    refund = only(stored)
    assert (refund.state, refund.reference, at_stripe["amount"]) == ("done", at_stripe["id"], 1900)
    assert paid.ending()[:2] == ("cancelled", "free")


def test_stripes_report_of_our_own_refund_counts_nothing_twice(paid, ask, stripe, stored):
    ask(700)
    paid.work()
    assert set(stripe.deliver()) == {204}
    assert paid.ending()[3] == 700
    assert only(stored).amount == 700


def test_a_report_that_is_faster_than_the_answer_counts_once_and_keeps_the_id(paid, ask, stripe, stored):
    """Stripe reports a refund while the worker still waits to hear that it was made."""
    ask(700)
    make = stripe.account.new_refund

    def report_first(params):
        made = make(params)
        stripe.deliver()
        return made

    stripe.account.new_refund = report_first
    paid.work()
    assert paid.ending()[3] == 700
    refund = only(stored)
    assert refund.state == "done"
    assert refund.reference in stripe.account.refunds


@pytest.mark.parametrize("trouble", ["refuses", "hangs", "hangs_up"])
def test_a_refund_that_gets_no_answer_is_tried_again_and_goes_out_once(
    paid, ask, stripe, stored, clock, impatient, trouble
):
    getattr(stripe, trouble)(*([500] if trouble == "refuses" else []), times=3)
    ask(700)
    paid.work()
    assert only(stored).state == "started"
    clock.move(minutes=5)
    paid.work()
    assert only(stored).state == "done"
    assert [refund["amount"] for refund in stripe.account.refunds.values()] == [700]
    assert stored(select(PluginFailure)) == []


def test_an_hour_without_stripe_switches_nothing_off(paid, ask, stripe, stored, clock):
    for amount in (100, 200, 300):
        ask(amount)
    stripe.refuses(429, times=9)
    for _ in range(3):
        paid.work()
        clock.move(minutes=2)
    clock.move(minutes=20)
    paid.work()
    assert {refund.state for refund in stored(select(Refund))} == {"done"}
    assert stored(select(PluginFailure)) == []


def test_more_than_stripe_still_holds_needs_staff(paid, ask, stripe, stored):
    """Somebody gave it back at Stripe, and the report of it is late."""
    stripe.account.refunds_by_hand(paid.session_id)
    ask(1900)
    paid.work()
    refund = only(stored)
    assert refund.state == "needs_staff"
    assert "has been refunded" in refund.why
    assert "Stripe's dashboard" in refund.why
    stripe.deliver()
    assert only(stored).state == "done"
    assert paid.ending() == ("cancelled", "free", [("confirmed", 1900, "USD")], 1900, ["revoked"])


def test_a_disputed_payment_is_not_given_back_by_program(paid, ask, stripe, stored):
    stripe.account.disputes_it(paid.session_id)
    stripe.deliver()
    ask(1900)
    paid.work()
    assert only(stored).state == "needs_staff"
    assert "disputed" in only(stored).why


def test_money_that_staff_confirmed_by_hand_is_unknown_to_stripe(checkout, stripe, stored):
    checkout.start()
    [payment] = stored(select(Payment))
    with checkout.app.app_context():
        in_transaction(lambda: fulfilment.confirm_by_staff(payment.id, who="ana"))
        in_transaction(lambda: fulfilment.ask_refund(payment.id, 1900, who="ana"))
    checkout.work()
    assert only(stored).state == "needs_staff"
    assert "No such payment_intent" in only(stored).why


@pytest.mark.parametrize(
    ("status", "state"), [("pending", "done"), ("requires_action", "needs_staff"), ("failed", "needs_staff")]
)
def test_what_stripe_says_of_a_refund_counts(paid, ask, stripe, stored, status, state):
    make = stripe.account.new_refund
    stripe.account.new_refund = lambda params: make(params) | {"status": status}
    ask(700)
    paid.work()
    assert only(stored).state == state


def test_a_key_that_was_used_for_another_refund_is_left_to_staff(paid, ask, stripe, stored):
    """Nobody knows then what went out with it: a person looks before money goes twice."""
    number = ask(700)
    stripe._answers["/v1/refunds", f"refund-{number}"] = ("other words", 200, {})
    paid.work()
    assert only(stored).state == "needs_staff"
    assert stripe.account.refunds == {}


def test_a_key_that_stripe_takes_no_longer_fails_where_staff_see_it(paid, ask, stripe, stored):
    stripe.key = "sk_test_another"
    ask(700)
    paid.work()
    assert only(stored).state == "started"
    [failure] = stored(select(PluginFailure))
    assert "AuthenticationError" in failure.error


def test_an_amount_that_stripe_cannot_say_is_for_staff(catalogue, checkouts, stripe, stored):
    catalogue.setting("CURRENCY", "KWD")
    catalogue.key("Editor", price=1900, keys=1)
    checkout = checkouts("Editor")
    checkout.pays()
    [payment] = stored(select(Payment))
    with checkout.app.app_context():
        in_transaction(lambda: fulfilment.ask_refund(payment.id, 5, who="ana"))
    checkout.work()
    assert only(stored).state == "needs_staff"


def test_a_currency_that_stripe_counts_otherwise_goes_back_in_full(catalogue, checkouts, stripe, stored):
    catalogue.setting("CURRENCY", "ISK")
    catalogue.key("Editor", price=1900, keys=1)
    checkout = checkouts("Editor")
    checkout.pays()
    [payment] = stored(select(Payment))
    with checkout.app.app_context():
        in_transaction(lambda: fulfilment.ask_refund(payment.id, 1900, who="ana"))
    checkout.work()
    stripe.deliver()
    [refund] = stripe.account.refunds.values()
    assert refund["amount"] == 190000
    assert checkout.ending()[3] == 1900
