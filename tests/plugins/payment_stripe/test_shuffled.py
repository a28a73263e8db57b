"""What Stripe tells about one order, shuffled and repeated, ends as it does in order."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select

from salesbot import fulfilment
from salesbot.database import db, in_transaction, transaction
from salesbot.models import Order, Payment
from salesbot.services import links

pytestmark = pytest.mark.both_databases

ROUNDS = 4


def refunds_and_a_dispute_that_is_won(account, session):
    account.pays(session)
    account.refunds_by_hand(session, 400)
    account.disputes_it(session)
    account.closes(session, "won")
    account.refunds_by_hand(session)


def a_dispute_that_is_lost(account, session):
    account.pays(session)
    account.disputes_it(session)
    account.closes(session, "lost")


def a_part_that_is_lost_and_a_part_given_back(account, session):
    account.pays(session)
    account.refunds_by_hand(session, 300)
    account.disputes_it(session, 500)
    account.closes(session, "lost")


def a_dispute_that_is_open(account, session):
    account.pays(session)
    account.refunds_by_hand(session, 300)
    account.disputes_it(session)


def money_that_took_days(account, session):
    account.pays(session, later=True)
    account.arrives(session)
    account.refunds_by_hand(session, 300)
    account.refunds_by_hand(session, 300)


def two_disputes_about_one_payment(account, session):
    account.pays(session)
    account.disputes_it(session, 300)
    account.closes(session, "won")
    account.disputes_it(session, 500)
    account.closes(session, "won")


STORIES = {
    refunds_and_a_dispute_that_is_won: ("cancelled", "free", 1900),
    a_dispute_that_is_lost: ("cancelled", "free", 1900),
    a_part_that_is_lost_and_a_part_given_back: ("fulfilled", "free", 800),
    a_dispute_that_is_open: ("fulfilled", "frozen", 300),
    money_that_took_days: ("fulfilled", "free", 600),
    two_disputes_about_one_payment: ("fulfilled", "free", 0),
}


@pytest.fixture
def another(checkout, catalogue):
    """Places the same order once more, ready to be paid."""
    goods = catalogue.key("Timer", price=1900, keys=60)

    def place():
        with checkout.app.app_context():
            first = db.session.get_one(Order, checkout.order)
            whose = (first.customer_id, first.conversation_id)
            made = in_transaction(lambda: fulfilment.place(*whose, [(goods.id, 1)]).id)
            path = links.pay_url(made).removeprefix("https://shop.example")
        return replace(checkout, order=made, path=path)

    return place


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_shuffled_and_repeated_events_end_as_they_do_in_order(another, stripe, story):
    def told(arrange):
        order = another()
        begun = len(stripe.account.events)
        story(stripe.account, order.session())
        for event in arrange(stripe.account.events[begun:]):
            assert stripe.send(event) == 204
        order.work()
        return order.ending()

    chance = random.Random(story.__name__)

    def shuffled(events):
        repeated = [event for event in events for _ in range(chance.randint(1, 2))]
        chance.shuffle(repeated)
        return repeated

    in_order = told(list)
    state, frozen, back = STORIES[story]
    assert (in_order[0], in_order[1], in_order[3]) == (state, frozen, back)
    for _ in range(ROUNDS):
        assert told(shuffled) == in_order
    assert told(reversed) == in_order


@pytest.mark.parametrize("story", [a_dispute_that_is_open, a_part_that_is_lost_and_a_part_given_back])
def test_events_that_come_at_the_same_moment_end_as_they_do_in_order(another, stripe, story):
    """A dispute names no order: it must not miss the payment that comes in just now."""
    for _ in range(ROUNDS):
        order = another()
        begun = len(stripe.account.events)
        story(stripe.account, order.session())
        events = stripe.account.events[begun:]
        with ThreadPoolExecutor(len(events)) as pool:
            assert set(pool.map(stripe.send, events)) == {204}
        ending = order.ending()
        assert (ending[0], ending[1], ending[3]) == STORIES[story]


def test_events_about_our_own_refunds_come_in_any_order_too(another, stripe, stored):
    chance = random.Random(11)
    endings = set()
    for _ in range(ROUNDS):
        order = another()
        session = order.pays()
        begun = len(stripe.account.events)
        stripe.account.refunds_by_hand(session, 700)
        [payment] = stored(select(Payment).where(Payment.order_id == order.order))
        for amount in (700, 200):
            with order.app.app_context(), transaction():
                fulfilment.ask_refund(payment.id, amount, who="ana")
        order.work()
        events = stripe.account.events[begun:] * 2
        chance.shuffle(events)
        for event in events:
            assert stripe.send(event) == 204
        endings.add((order.ending()[0], order.ending()[3]))
    assert endings == {("fulfilled", 1600)}
    assert sum(refund["amount"] for refund in stripe.account.refunds.values()) == ROUNDS * 1600
