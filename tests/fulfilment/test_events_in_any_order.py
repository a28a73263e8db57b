"""The same events of a provider end in the same state, in whatever order and however often they come."""

from __future__ import annotations

import itertools
import random

import pytest
from sqlalchemy import select

from salesbot import fulfilment
from salesbot.database import db, in_transaction
from salesbot.messages import PaymentEvent
from salesbot.models import Conversation, Delivery, Order, OrderLine, Payment, Refund
from salesbot.models import PaymentEvent as EventRow

pytestmark = pytest.mark.both_databases

PAID = ("paid", "paid", 1000)
PART = ("back-1", "refunded", 300)
REST = ("back-2", "refunded", 700)
DISPUTED = ("dispute", "disputed", 1000)
LOST = ("lost", "refunded", 1000)
FAILED = ("failed", "failed", 1000)


@pytest.fixture
def try_out(app, customer, catalogue):
    """Places an order for one of a product, lets events happen to it, and says how it ended."""
    goods = catalogue.key("Editor", price=1000, keys=80)
    customer.says("hi")

    def run(*events, method="bank"):
        with app.app_context():
            chat = db.session.scalar(select(Conversation))
            made = in_transaction(lambda: fulfilment.place(chat.customer_id, chat.id, [(goods.id, 1)]).id)
            for name, kind, amount, *named in events:
                number = made if not named else named[0]
                event = PaymentEvent(f"{name}-{made}", number, f"money-{made}", kind, amount, "USD")
                in_transaction(lambda event=event: fulfilment.take_event(method, event))
            return ending(made)

    return run


def ending(number):
    order = db.session.get_one(Order, number)
    payments = db.session.scalars(select(Payment).where(Payment.order_id == number)).all()
    refunds = db.session.scalars(select(Refund).join(Payment).where(Payment.order_id == number)).all()
    units = db.session.scalars(select(Delivery).join(OrderLine).where(OrderLine.order_id == number)).all()
    found = (
        order.state,
        order.frozen_at is not None,
        sorted((payment.state, payment.amount) for payment in payments),
        sum(refund.amount for refund in refunds if refund.state == "done"),
        [unit.state for unit in units],
    )
    db.session.rollback()
    return found


@pytest.mark.parametrize(
    "events",
    [
        pytest.param((PAID, PART), id="a refund of a part"),
        pytest.param((PAID, PART, REST), id="two refunds that make the whole"),
        pytest.param((PAID, DISPUTED), id="a dispute"),
        pytest.param((PAID, PART, DISPUTED), id="a refund and a dispute"),
        pytest.param((PAID, DISPUTED, LOST), id="a dispute that is lost"),
        pytest.param((PAID, DISPUTED, PART, REST), id="a dispute, and everything given back"),
        pytest.param((PAID, FAILED), id="a failure that is over"),
    ],
)
def test_every_order_of_the_same_events_ends_alike(try_out, events):
    expected = try_out(*events)
    orders = list(itertools.permutations(events))
    for shuffled in random.Random(5).sample(orders, min(8, len(orders))):
        assert try_out(*shuffled) == expected, [name for name, *_ in shuffled]


def test_events_that_come_again_change_nothing(try_out):
    events = [PAID, PART, DISPUTED, REST]
    expected = try_out(*events)
    chance = random.Random(3)
    for _ in range(4):
        repeated = events * 2
        chance.shuffle(repeated)
        assert try_out(*repeated) == expected, [name for name, *_ in repeated]


def test_a_refund_that_comes_first_leaves_no_payment_behind_and_counts_once(try_out, app, stored):
    ended = try_out(REST, PART, PAID)
    assert ended == ("cancelled", False, [("confirmed", 1000)], 1000, ["revoked"])
    assert [row.outcome for row in stored(select(EventRow).order_by(EventRow.id))] == [
        "money went back",
        "money went back",
        "paid",
    ]


def test_a_refund_without_its_payment_waits_and_nothing_is_lost(try_out, stored):
    assert try_out(PART) == ("pending", False, [], 0, [])
    [row] = stored(select(EventRow))
    assert row.outcome == "it waits for its payment"


def test_an_event_that_names_no_order_is_found_by_its_reference(try_out):
    nameless = (*DISPUTED, 0)
    ended = ("fulfilled", True, [("disputed", 1000)], 0, ["delivered"])
    assert try_out(PAID, nameless) == ended
    assert try_out(nameless, PAID) == ended


def test_an_event_that_names_another_order_touches_neither(try_out, app, stored):
    first, second = try_out(PAID), try_out()
    one, other = (order.id for order in stored(select(Order).order_by(Order.id)))
    with app.app_context():
        event = PaymentEvent("x", other, f"money-{one}", "refunded", 1000, "USD")
        assert "another order" in in_transaction(lambda: fulfilment.take_event("bank", event))
        assert (ending(one), ending(other)) == (first, second)


def test_no_more_goes_back_than_came_in(try_out):
    ended = ("cancelled", False, [("confirmed", 1000)], 1000, ["revoked"])
    assert try_out(PAID, PART, DISPUTED, LOST) == ended
    assert try_out(LOST, PAID, DISPUTED, PART) == ended


def test_a_refund_in_other_money_is_for_staff_and_counts_as_nothing(try_out, app, stored):
    try_out(PAID)
    [order] = stored(select(Order))
    with app.app_context():
        event = PaymentEvent("yen", order.id, f"money-{order.id}", "refunded", 1000, "JPY")
        assert "JPY" in in_transaction(lambda: fulfilment.take_event("bank", event))
        assert ending(order.id)[0] == "fulfilled"
    assert stored(select(Refund)) == []


def test_a_refund_that_did_not_arrive_is_shown_to_staff(try_out, app, stored):
    try_out(PAID, PART, ("bounced", "refund_failed", 300))
    with app.app_context():
        [order] = db.session.scalars(select(Order)).all()
        whys = [event.why for event in order.events if event.what == "look at this"]
        assert whys == ["$3.00 did not reach the buyer and came back; send it another way"]


def test_a_report_belongs_to_the_refund_that_went_out_not_to_one_that_still_waits(try_out, app, stored):
    """Else the one that waits would never go out, and the books would say that it did."""
    try_out(PAID)
    [payment] = stored(select(Payment))
    with app.app_context():
        waiting = in_transaction(lambda: fulfilment.ask_refund(payment.id, 300, who="ana").id)
        sent = in_transaction(lambda: fulfilment.ask_refund(payment.id, 300, who="ana").id)
        in_transaction(lambda: fulfilment.refunded_by_staff(sent, who="ana"))
        event = PaymentEvent("r", payment.order_id, payment.reference, "refunded", 300, "USD")
        assert in_transaction(lambda: fulfilment.take_event("bank", event)) == "the refund is known"
    states = {refund.id: refund.state for refund in stored(select(Refund))}
    assert states == {waiting: "started", sent: "done"}
