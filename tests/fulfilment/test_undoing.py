"""What staff take back is taken back once, whoever else does something at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from salesbot import fulfilment
from salesbot.database import db, in_transaction
from salesbot.errors import WrongState
from salesbot.models import Delivery, LicenceKey, Notice, Order, OrderEvent, Payment, Refund
from salesbot.services import news

pytestmark = pytest.mark.both_databases


@pytest.fixture
def at_once(app) -> Callable[..., list[str]]:
    """Runs each piece of work in a thread and transaction of its own, all together; what became of them."""

    def run(*works: Callable[[], object]) -> list[str]:
        together = Barrier(len(works))

        def one(work: Callable[[], object]) -> str:
            with app.app_context():
                together.wait()
                try:
                    in_transaction(work)
                except WrongState:
                    return "refused"
                finally:
                    db.session.remove()
                return "done"

        with ThreadPoolExecutor(len(works)) as people:
            return sorted(people.map(one, works))

    return run


@pytest.fixture
def transfer(app, customer, catalogue) -> int:
    """The payment of an order for one key, by transfer."""
    catalogue.key("Editor", price=1900, keys=["ED-0001"])
    customer.says("Editor")
    customer.picks("Buy")

    def begin() -> int:
        order = db.session.scalars(select(Order)).one()
        payment = Payment(order_id=order.id, method="manual", amount=order.total, currency=order.currency)
        db.session.add(payment)
        db.session.flush()
        return payment.id

    with app.app_context():
        return in_transaction(begin)


def test_money_found_after_all_is_found_by_one_of_six(app, transfer, at_once, stored):
    with app.app_context():
        in_transaction(lambda: fulfilment.reject_by_staff(transfer, who="olga"))
    found = [lambda: fulfilment.found_after_all(transfer, who="olga")] * 6
    assert at_once(*found) == ["done", *["refused"] * 5]
    assert stored(select(Payment.state)) == ["confirmed"]
    assert stored(select(Order.state)) == ["fulfilled"]
    assert len(stored(select(Delivery))) == 1
    assert stored(select(LicenceKey.delivery_id)) == stored(select(Delivery.id))


def test_a_refund_is_made_or_taken_back_and_never_both(app, transfer, at_once, stored):
    with app.app_context():
        in_transaction(lambda: fulfilment.confirm_by_staff(transfer, who="olga"))
        refund = in_transaction(lambda: fulfilment.ask_refund(transfer, 1900, who="olga").id)
    outcome = at_once(
        lambda: fulfilment.withdraw_refund(refund, who="olga"),
        lambda: fulfilment.refunded_by_staff(refund, who="ben"),
    )
    assert outcome == ["done", "refused"]
    back = stored(select(OrderEvent.id).where(OrderEvent.what == "money went back"))
    assert len(stored(select(Refund.id))) == len(back)
    ended = stored(select(Order.state)) == ["cancelled"]
    assert ended == bool(back)
    assert stored(select(Delivery.state)) == (["revoked"] if ended else ["delivered"])


def test_several_workers_note_the_same_news_once(app, customer, at_once, stored):
    customer.says("a person")
    assert at_once(*[news.look] * 6) == ["done"] * 6
    assert len(stored(select(Notice.key))) == 1
