"""Who asked for it hears once when a sold-out product is back."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from salesbot import people
from salesbot.database import in_transaction
from salesbot.models import Customer

pytestmark = pytest.mark.both_databases


def news(customer):
    return [reply.text for reply in customer.replies if "is back" in reply.text and "Good news" in reply.text]


@pytest.fixture
def sold_out(catalogue):
    return catalogue.key("Editor", keys=0)


def wait_for(customer, goods):
    customer.taps(f"product:{goods.id}")
    assert "I will tell you" in customer.picks("Tell me when it is back")[0].text


def test_a_waiting_customer_is_told_once(customer, catalogue, sold_out):
    wait_for(customer, sold_out)
    assert news(customer) == []
    catalogue.stock(sold_out, ["ED-1", "ED-2"])
    assert len(news(customer)) == 1
    catalogue.stock(sold_out, ["ED-3"])
    assert len(news(customer)) == 1


def test_who_did_not_ask_is_not_told(customer, catalogue, sold_out):
    customer.taps(f"product:{sold_out.id}")
    catalogue.stock(sold_out, ["ED-1"])
    assert news(customer) == []


def test_one_unit_is_told_to_one_who_waited_longest(customers, catalogue, sold_out):
    ana, ben = customers("Ana"), customers("Ben")
    wait_for(ana, sold_out)
    wait_for(ben, sold_out)
    catalogue.stock(sold_out, ["ED-1"])
    assert (len(news(ana)), len(news(ben))) == (1, 0)


def test_stop_ends_the_waiting(customer, catalogue, sold_out):
    wait_for(customer, sold_out)
    customer.says("stop")
    catalogue.stock(sold_out, ["ED-1"])
    assert news(customer) == []


def test_who_asks_after_stop_is_told_and_another_stop_ends_it(customers, catalogue, sold_out, clock):
    """The tap is newer than the stop, so it is what they want."""
    ana, ben, carl = customers("Ana"), customers("Ben"), customers("Carl")
    wait_for(carl, sold_out)
    for one in (ana, ben, carl):
        clock.move(minutes=1)
        one.says("stop")
    clock.move(minutes=1)
    for one in (ana, ben):
        wait_for(one, sold_out)
    clock.move(minutes=1)
    ben.says("stop")
    catalogue.stock(sold_out, ["ED-1", "ED-2", "ED-3"])
    assert [len(news(one)) for one in (ana, ben, carl)] == [1, 0, 0]


def test_the_last_stop_counts_when_two_customers_become_one(
    customers, catalogue, sold_out, clock, app, stored
):
    ana, other = customers("Ana"), customers("Ana", channel="twilio")
    ana.says("stop")
    clock.move(minutes=1)
    wait_for(other, sold_out)
    clock.move(minutes=1)
    other.says("stop")
    one, two = stored(select(Customer.id).order_by(Customer.id))
    with app.app_context():
        in_transaction(lambda: people.join(one, two, who="olga"))
    catalogue.stock(sold_out, ["ED-1"])
    assert news(other) == []


def test_outside_the_window_the_news_waits_for_the_customer(customers, catalogue, sold_out, clock):
    ana = customers("Ana", channel="twilio")
    wait_for(ana, sold_out)
    clock.move(hours=30)
    catalogue.stock(sold_out, ["ED-1"])
    assert news(ana) == []
    ana.says("hi")
    assert len(news(ana)) == 1
