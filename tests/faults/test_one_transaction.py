"""One message, one click, one report of money is one transaction: nothing of it can stay behind alone."""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event, select

from salesbot.models import Order, Payment, Refund
from salesbot.worker import Worker
from tests.faults.schedule import Schedule

pytestmark = pytest.mark.both_databases


@pytest.fixture
def commits():
    """What was written in each transaction that was committed."""

    @contextmanager
    def counting():
        found, wrote = [], defaultdict(list)

        def written(connection, _cursor, statement, *_):
            # How often plugins are called is written down now and then, apart from everything else.
            if statement.startswith(("INSERT", "UPDATE", "DELETE")) and "plugin_usage" not in statement:
                wrote[connection].append(statement.split("\n")[0][:40])

        def committed(connection):
            if connection in wrote:
                found.append(wrote.pop(connection))

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
        assert len(found) == 1, f"a message is one transaction: {found}"
    with commits() as found:
        assert story.browser.post(buyer.pages[0], {"method": "stripe"}).status == 303
    assert len(found) == 1, f"so is the beginning of a payment: {found}"
    session = stripe.newest
    with commits() as found:
        stripe.account.pays(session)
        assert set(stripe.deliver()) == {204}
    assert len(found) == 1, f"money, state, units and the message about them come together: {found}"
    assert stored(select(Order.state)) == ["fulfilled"]
    Worker(app).drain()
    [payment] = stored(select(Payment))
    story.at_the_desk(payment.order_id, "looked")
    with commits() as found:
        story.at_the_desk(payment.order_id, "give-back", payment=payment.id, amount="7.00")
    assert len(found) == 1, f"so is a click: {found}"
    with commits() as found:
        Worker(app).once()
    assert len(found) == 2, (
        f"the worker takes a refund, and writes down with all that follows how it went: {found}"
    )
    Worker(app).drain()
    assert stored(select(Refund.state)) == ["done"]
    assert stored(select(Order.state)) == ["cancelled"]
