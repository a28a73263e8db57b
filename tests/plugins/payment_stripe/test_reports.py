"""What Stripe reports is believed when Stripe has signed it, and does what it says once."""

import json
import time

import pytest
from sqlalchemy import select

from salesbot.database import transaction
from salesbot.models import OrderEvent, Payment, PaymentEvent
from salesbot.services import shop
from salesbot.testing.stripe import SECRET
from salesbot.testing.stripe_things import sign


def paid(checkout, stripe):
    """The event that says that this order is paid, not sent yet."""
    return stripe.account.pays(checkout.session())[-1]


@pytest.fixture
def event(checkout, stripe):
    return paid(checkout, stripe)


def test_a_signed_event_pays_and_hands_over(checkout, stripe, event):
    assert stripe.send(event) == 204
    assert checkout.ending() == ("fulfilled", "free", [("confirmed", 1900, "USD")], 0, ["delivered"])


def test_another_secret_opens_nothing(checkout, stripe, event, stored):
    assert stripe.send(event, secret="whsec_wrong") == 400
    assert stored(select(PaymentEvent)) == []
    assert checkout.ending()[0] == "pending"


def test_either_of_two_secrets_counts_while_one_is_replaced(checkout, stripe, event, salesbot_apps):
    stripe.target = salesbot_apps(STRIPE_WEBHOOK_SECRET=f"whsec_new, {SECRET}")
    assert stripe.send(event, secret="whsec_other") == 400
    assert stripe.send(event, secret="whsec_new") == 204
    assert stripe.send(event, secret=SECRET) == 204
    stripe.secrets = ["whsec_next", "whsec_new"]
    assert stripe.send(event) == 204, "Stripe signs with both for a day"
    assert checkout.ending()[2] == [("confirmed", 1900, "USD")]


def test_a_shop_without_a_secret_believes_nobody(checkout, stripe, event, salesbot_apps):
    stripe.target = salesbot_apps(STRIPE_WEBHOOK_SECRET="")
    assert stripe.send(event) == 400
    assert stripe.send(event, secret=" ") == 400


@pytest.mark.parametrize(("age", "status"), [(0, 204), (240, 204), (301, 400), (86400, 400)])
def test_a_signature_is_good_for_five_minutes(stripe, event, age, status):
    assert stripe.send(event, at=time.time() - age) == status


def test_only_the_very_bytes_that_were_signed_count(stripe, event):
    body = json.dumps(event, indent=2).encode()
    header = sign(body, [SECRET])
    assert stripe.post(body.replace(b"1900", b"1901"), {"Stripe-Signature": header}) == 400
    assert stripe.post(json.dumps(event).encode(), {"Stripe-Signature": header}) == 400
    assert stripe.post(body, {"Stripe-Signature": header}) == 204


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Stripe-Signature": ""},
        {"Stripe-Signature": "nonsense"},
        {"Stripe-Signature": "t=abc,v1=00"},
        {"Stripe-Signature": "t=,v1="},
        {"Stripe-Signature": f"t={int(time.time())}"},
        {"Stripe-Signature": f"t={int(time.time())},v1=00é"},
        {"Stripe-Signature": f"t={'9' * 400},v1=00"},
    ],
)
def test_no_odd_signature_is_more_than_a_400(stripe, event, headers):
    assert stripe.post(json.dumps(event).encode(), headers) == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00",
        b"not json",
        b"[]",
        b'"event"',
        b"null",
        b"{}",
        b'{"type": 5}',
        b'{"id": "e", "type": "checkout.session.completed"}',
        b'{"id": "e", "type": "checkout.session.completed", "data": {"object": {}}}',
        b'{"id": "e", "type": "charge.refunded", "data": {"object": [1]}}',
        b'{"id": "e", "type": "charge.refunded", "data": {"object": {"payment_intent": "pi", "currency": 5, "amount_refunded": 1}}}',
        b'{"id": "e", "type": ["a"], "data": {}}',
    ],
)
def test_no_odd_body_is_more_than_a_400_even_when_it_is_signed(stripe, checkout, body, stored):
    assert stripe.send(body) == 400
    assert stored(select(PaymentEvent)) == []


def test_the_same_event_again_changes_nothing(checkout, stripe, event, stored):
    for _ in range(3):
        assert stripe.send(event) == 204
    assert len(stored(select(PaymentEvent))) == 1
    assert checkout.ending()[2:] == ([("confirmed", 1900, "USD")], 0, ["delivered"])


def test_events_of_a_kind_that_is_not_for_us_are_taken_and_left_alone(stripe, checkout, stored):
    stripe.account.pays(checkout.session())
    for event in stripe.account.events[:-1]:
        assert stripe.send(event) == 204
    assert stripe.send({"id": "evt_1", "type": "v1.billing.meter.error_report_triggered"}) == 204
    assert stored(select(PaymentEvent)) == []
    assert checkout.ending()[0] == "pending"


def test_a_way_to_pay_that_takes_days_pays_when_the_money_is_there(checkout, stripe):
    session = checkout.session()
    stripe.account.pays(session, later=True)
    stripe.deliver()
    assert checkout.ending()[0] == "pending"
    stripe.account.arrives(session)
    stripe.deliver()
    assert checkout.ending()[:2] == ("fulfilled", "free")


def test_money_that_does_not_come_leaves_the_order_to_its_time(checkout, stripe):
    session = checkout.session()
    stripe.account.pays(session, later=True)
    stripe.account.fails(session)
    assert set(stripe.deliver()) == {204}
    assert checkout.ending()[:3] == ("pending", "free", [("failed", 1900, "USD")])


def test_a_session_that_expires_frees_nothing_before_the_orders_own_time(checkout, stripe, catalogue, clock):
    stripe.account.expires(checkout.session())
    assert stripe.deliver() == [204]
    assert checkout.ending()[:3] == ("pending", "free", [("failed", 1900, "USD")])
    clock.move(hours=2)
    checkout.work()
    assert checkout.ending()[0] == "expired"


def test_a_session_that_expires_after_its_order_is_paid_changes_nothing(checkout, stripe):
    session = stripe.account.sessions[checkout.pays()]
    before = checkout.ending()
    other = session | {
        "id": "cs_other",
        "payment_intent": None,
        "payment_status": "unpaid",
        "status": "expired",
    }
    ended = {"id": "evt_1", "type": "checkout.session.expired", "data": {"object": other}}
    assert stripe.send(ended) == 204
    assert checkout.ending() == before


@pytest.mark.parametrize(
    "foreign",
    [
        {"metadata": {}},
        {"metadata": None},
        {"metadata": {"order_id": "1"}},
        {"metadata": {"order_id": "1", "order_number": "ABCDEFG"}},
        {"metadata": {"order_id": "x", "order_number": "ABCDEFG"}},
        {"metadata": {"order_id": "9" * 30, "order_number": "ABCDEFG"}},
        {"metadata": {"order_id": "²", "order_number": "ABCDEFG"}},
    ],
)
def test_a_session_of_another_program_on_the_account_pays_nothing_here(
    checkout, stripe, event, foreign, stored
):
    event["data"]["object"] |= foreign
    assert stripe.send(event) == 204
    assert checkout.ending()[0] == "pending"
    assert stored(select(PaymentEvent)) == []


def test_refunds_and_disputes_of_others_on_the_account_touch_no_order(checkout, stripe, stored):
    session = checkout.pays()
    before = checkout.ending()
    stripe.account.refunds_by_hand(session, 100)
    stripe.account.disputes_it(session)
    stripe.account.closes(session, "lost")
    for event in stripe.account.events:
        thing = event["data"]["object"]
        if event["type"].startswith(("charge.refunded", "charge.dispute", "refund")):
            thing |= {"payment_intent": "pi_of_another_program", "metadata": {}}
            assert stripe.send(event) == 204
            thing["payment_intent"] = None
            event["id"] += "x"
            assert stripe.send(event) == 204
    assert checkout.ending() == before


def test_a_payment_intent_told_in_full_is_the_same_payment(checkout, stripe, event):
    assert stripe.send(event) == 204
    [again] = [dict(event, id="evt_other")]
    again["data"]["object"]["payment_intent"] = {"id": again["data"]["object"]["payment_intent"]}
    assert stripe.send(again) == 204
    assert checkout.ending()[2] == [("confirmed", 1900, "USD")]


def test_parts_of_the_money_go_back_at_stripe_and_then_the_rest(checkout, stripe):
    session = checkout.pays()
    for so_far in (400, 900):
        stripe.account.refunds_by_hand(session, 400 if so_far == 400 else 500)
        assert set(stripe.deliver()) == {204}
        assert checkout.ending() == ("fulfilled", "free", [("confirmed", 1900, "USD")], so_far, ["delivered"])
    stripe.account.refunds_by_hand(session)
    stripe.deliver()
    assert checkout.ending() == ("cancelled", "free", [("confirmed", 1900, "USD")], 1900, ["revoked"])


def test_a_refund_told_under_two_ids_counts_once(checkout, stripe):
    session = checkout.pays()
    [event] = [e for e in stripe.account.refunds_by_hand(session, 400) if e["type"] == "charge.refunded"]
    for name in ("evt_one", "evt_two"):
        assert stripe.send(dict(event, id=name)) == 204
    assert checkout.ending()[3] == 400


@pytest.mark.parametrize("status", ["won", "warning_closed", "prevented"])
def test_a_dispute_freezes_and_ends_well(checkout, stripe, status):
    session = checkout.pays()
    stripe.account.disputes_it(session)
    stripe.deliver()
    assert checkout.ending()[:3] == ("fulfilled", "frozen", [("disputed", 1900, "USD")])
    stripe.account.closes(session, status)
    stripe.deliver()
    assert checkout.ending() == ("fulfilled", "free", [("confirmed", 1900, "USD")], 0, ["delivered"])


def test_a_dispute_that_is_lost_is_money_gone_back(checkout, stripe):
    session = checkout.pays()
    stripe.account.disputes_it(session)
    stripe.account.closes(session, "lost")
    stripe.deliver()
    assert checkout.ending() == ("cancelled", "free", [("confirmed", 1900, "USD")], 1900, ["revoked"])


def test_a_dispute_about_a_part_that_is_lost_leaves_the_rest_bought(checkout, stripe):
    session = checkout.pays()
    stripe.account.disputes_it(session, 500)
    stripe.account.closes(session, "lost")
    stripe.deliver()
    assert checkout.ending() == ("fulfilled", "free", [("confirmed", 1900, "USD")], 500, ["delivered"])


def test_money_that_comes_after_the_order_has_gone_goes_back_through_stripe(
    checkout, checkouts, catalogue, stripe, clock
):
    """With nobody awake: the last key went to somebody else meanwhile."""
    session = checkout.session()
    clock.move(hours=2)
    checkout.work()
    other = checkouts("Editor")
    other.pays()
    stripe.account.pays(session)
    stripe.deliver()
    checkout.work()
    [refund] = stripe.account.refunds.values()
    assert refund["amount"] == 1900
    assert refund["payment_intent"] == stripe.account.sessions[session]["payment_intent"]
    stripe.deliver()
    assert checkout.ending() == ("expired", "free", [("confirmed", 1900, "USD")], 1900, [])
    assert other.ending()[0] == "fulfilled"


def test_a_refund_that_comes_back_is_shown_to_staff(checkout, stripe, stored):
    session = checkout.pays()
    stripe.account.refunds_by_hand(session, 400)
    stripe.account.refund_fails(next(iter(stripe.account.refunds)))
    assert set(stripe.deliver()) == {204}
    looks = stored(select(OrderEvent.why).where(OrderEvent.what == "look at this"))
    assert looks == ["$4.00 did not reach the buyer and came back; send it another way"]


def test_the_books_hold_the_payment_under_its_intent(checkout, stripe, stored):
    session = checkout.pays()
    [payment] = stored(select(Payment))
    assert payment.reference == stripe.account.sessions[session]["payment_intent"]
    assert payment.reference.startswith("pi_")


def test_a_plugin_that_is_switched_off_takes_nothing_so_that_stripe_tries_again(checkout, stripe, event):
    with checkout.app.app_context(), transaction():
        shop.switch_plugin("payment_stripe", on=False)
    assert stripe.send(event) == 503
    with checkout.app.app_context(), transaction():
        shop.switch_plugin("payment_stripe", on=True)
    assert stripe.send(event) == 204
    assert checkout.ending()[0] == "fulfilled"
