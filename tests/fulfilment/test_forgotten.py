"""Nobody is forgotten while money or goods are on their way to them, and nothing is sent to who is."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from salesbot import fulfilment, outbox, people
from salesbot.database import db, in_transaction
from salesbot.errors import WrongState
from salesbot.messages import NeedsStaff, Reply
from salesbot.models import Conversation, Customer, Delivery, Message, Order, OrderEvent, Payment, Refund
from salesbot.testing.staff import person

pytestmark = pytest.mark.both_databases


@pytest.fixture
def salesbot_plugins(bank_plugin):
    return bank_plugin


@pytest.fixture
def salesbot_config():
    return {"BACK_OFFICE": True}


@pytest.fixture
def buyer(customers, catalogue):
    """Somebody with a book in the cart."""
    ana = customers("Ana", channel="twilio")
    ana.taps(f"buy:{catalogue.file('Book', price=500).id}")
    return ana


@pytest.fixture
def forget(app):
    def erase():
        with app.app_context():
            in_transaction(lambda: people.erase(db.session.scalars(select(Customer)).one()))

    return erase


def test_not_while_money_is_on_its_way_back(buyer, event, bank, app, forget, clock, stored):
    """Until the provider has sent it, and until staff have who do it by hand."""
    event()
    assert "Download it here" in buyer.replies[-1].text
    bank.answers[:] = [TimeoutError("the bank sleeps"), NeedsStaff("Send it by hand.")]
    with app.app_context():
        in_transaction(lambda: fulfilment.ask_refund(1, 200, who="olga"))
    for _ in range(2):
        with pytest.raises(WrongState, match="is on its way back"):
            forget()
        clock.move(minutes=1)
        assert buyer.replies
    assert stored(select(Refund.state)) == ["needs_staff"]
    with pytest.raises(WrongState, match="is on its way back"):
        forget()
    page = person(app, "owner").get("/admin/customer/1/erase").text
    assert "is on its way back; wait until it is there" in page
    assert "disabled" in page
    with app.app_context():
        in_transaction(lambda: fulfilment.refunded_by_staff(1, who="olga"))
    assert "We have sent $2.00 back" in buyer.replies[-1].text
    forget()
    assert stored(select(Customer.name)) == [""]


def test_not_while_a_payment_is_disputed(buyer, event, forget):
    event()
    event("disputed", id="e2")
    with pytest.raises(WrongState, match="is disputed"):
        forget()
    event("paid", id="e3")
    forget()


@pytest.mark.parametrize(("method", "days"), [("bank", 7), ("manual", 0)])
def test_not_while_a_payment_may_still_come(buyer, app, forget, clock, stored, method, days):
    """A provider's for a week; a transfer until staff say that there is none."""
    [order] = stored(select(Order))
    with app.app_context():
        money = Payment(order_id=order.id, method=method, amount=500, currency="USD")
        in_transaction(lambda: db.session.add(money))
    clock.move(hours=2)
    assert buyer.replies
    assert stored(select(Order.state)) == ["expired"]
    with pytest.raises(WrongState, match="has begun"):
        forget()
    clock.move(days=8)
    if not days:
        with pytest.raises(WrongState, match="has begun"):
            forget()
        with app.app_context():
            in_transaction(lambda: fulfilment.reject_by_staff(1, who="olga"))
    forget()


def test_money_that_comes_after_all_is_for_staff_to_see(buyer, event, forget, clock, stored, bank):
    clock.move(hours=2)
    assert buyer.replies
    forget()
    assert "its buyer was forgotten" in event()
    assert stored(select(Order.state)) == ["expired"]
    assert not stored(select(Delivery))
    assert not stored(select(Refund))
    [asked] = stored(select(OrderEvent).where(OrderEvent.what == "look at this"))
    assert "give it back" in asked.why


def test_nothing_waits_for_ever_for_who_is_forgotten(buyer, event, forget, app, stored, work, twilio):
    """Whatever is said to their chat later is dropped: no failure for staff, and nothing that is held."""
    event()
    forget()
    before, sent = len(stored(select(Message))), twilio.requests
    with app.app_context():
        [chat] = db.session.scalars(select(Conversation.id))
        in_transaction(
            lambda: outbox.say(chat, Reply("We have sent $5.00 back to you."), use="payment", order=1)
        )
        in_transaction(lambda: fulfilment.ask_refund(1, 500, who="olga"))
    work()
    assert stored(select(Refund.state)) == ["done"]
    assert len(stored(select(Message))) == before
    assert twilio.requests == sent
