"""One message, one click, one report of money is one transaction: nothing of it can stay behind alone."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event, select

from salesbot.models import Order, Payment, Refund
from salesbot.worker import Worker
from tests.faults.schedule import Schedule

pytestmark = pytest.mark.both_databases


@pytest.fixture
def commits():
    """Counts commits of transactions that wrote something."""

    @contextmanager
    def counting():
        found, wrote = [], set()

        def written(connection, _cursor, statement, *_):
            if statement.startswith(("INSERT", "UPDATE", "DELETE")):
                wrote.add(connection)

        def committed(connection):
            if connection in wrote:
                found.append(connection)
                wrote.discard(connection)

        event.listen(Engine, "before_cursor_execute", written)
        event.listen(Engine, "commit", committed)
        try:
            yield found
        finally:
            event.remove(Engine, "before_cursor_execute", written)
            event.remove(Engine, "commit", committed)

    return counting


def test_each_step_from_the_first_word_to_the_money_back_is_one_commit(world, app, stripe, commits, stored):
    story = Schedule(world, seed=1, crashes=0)
    buyer, book = story.buyers[0], story.goods[2]
    for words in ("hello", ""):
        with commits() as found:
            story.writes(buyer, words, None if words else f"buy:{book.id}")
        assert len(found) == 1, "a message is one transaction"
    with commits() as found:
        assert story.browser.post(buyer.pages[0], {"method": "stripe"}).status == 303
    assert len(found) == 1, "so is the beginning of a payment"
    session = stripe.newest
    with commits() as found:
        stripe.account.pays(session)
        assert set(stripe.deliver()) == {204}
    assert len(found) == 1, "money, state, units and the message about them come together"
    assert stored(select(Order.state)) == ["fulfilled"]
    Worker(app).drain()
    [payment] = stored(select(Payment))
    story.at_the_desk(payment.order_id, "looked")
    with commits() as found:
        story.at_the_desk(payment.order_id, "give-back", payment=payment.id, amount="7.00")
    assert len(found) == 1, "so is a click"
    with commits() as found:
        Worker(app).once()
    assert len(found) == 2, "the worker takes a refund, and writes down with all that follows how it went"
    Worker(app).drain()
    assert stored(select(Refund.state)) == ["done"]
    assert stored(select(Order.state)) == ["cancelled"]
