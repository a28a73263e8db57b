"""A shop that takes cards, beside a stand-in for Stripe."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from flask import Flask
from salesbot_payment_stripe import api
from sqlalchemy import select

from salesbot.database import db
from salesbot.models import Delivery, Order, OrderLine, Payment, Refund
from salesbot.testing.stripe import KEY, SECRET, StandIn
from salesbot.worker import Worker


@pytest.fixture(scope="session")
def stripe_server():
    with StandIn() as stand_in:
        yield stand_in


@pytest.fixture
def stripe(stripe_server):
    """The stand-in; a test that sends it what the SDK does not know fails at its end."""
    stripe_server.reset()
    yield stripe_server
    problems = stripe_server.problems
    stripe_server.reset()
    assert problems == []


@pytest.fixture
def salesbot_config(stripe):
    return {
        "ENTRY_POINTS": False,
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "STRIPE_API_URL": stripe.url,
    }


@pytest.fixture
def app(app, stripe):
    stripe.target = app
    return app


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Nobody waits long before they try again."""
    from stripe import HTTPClient

    monkeypatch.setattr(HTTPClient, "INITIAL_DELAY", 0.01)
    monkeypatch.setattr(HTTPClient, "MAX_DELAY", 0.02)


@pytest.fixture
def impatient(monkeypatch):
    """Nobody waits long for a stand-in that hangs; where none does, a busy machine may take longer."""
    monkeypatch.setattr(api, "TIMEOUT", 1)


@dataclass
class Checkout:
    """One order on its way through Stripe, and what has become of it."""

    app: Flask
    stripe: StandIn
    path: str
    order: int

    def start(self):
        """Presses "Card" on the order's page, in a tab of its own."""
        return self.app.test_client().post(self.path, data={"method": "stripe"})

    def session(self):
        """The id of the session on which the customer lands."""
        answer = self.start()
        assert answer.status_code == 303, answer.text
        return urlsplit(answer.location).path.removeprefix("/c/pay/")

    def pays(self):
        """Pays on Stripe's page, and Stripe reports it; the session's id."""
        session = self.session()
        self.stripe.account.pays(session)
        assert set(self.stripe.deliver()) == {204}
        return session

    def work(self):
        Worker(self.app).drain()

    def ending(self):
        """What the books say in the end: all that counts, and nothing of how it came to that."""
        with self.app.app_context():
            order = db.session.get_one(Order, self.order)
            of_order = Payment.order_id == order.id
            payments = db.session.scalars(select(Payment).where(of_order)).all()
            refunds = db.session.scalars(select(Refund).join(Payment).where(of_order)).all()
            units = select(Delivery).join(OrderLine).where(OrderLine.order_id == order.id)
            return (
                order.state,
                "frozen" if order.frozen_at is not None else "free",
                sorted((payment.state, payment.amount, payment.currency) for payment in payments),
                sum(refund.amount for refund in refunds if refund.state == "done"),
                [unit.state for unit in db.session.scalars(units)],
            )


@pytest.fixture
def checkouts(app, stripe, customers):
    """Makes orders: `checkouts("Editor")`."""

    def make(title):
        buyer = customers("Ana")
        buyer.says(title)
        buyer.picks("Buy")
        offered = "\n".join(reply.text for reply in buyer.history)
        path = urlsplit(re.findall(r"https?://\S+/pay/\S+", offered)[-1]).path
        with app.app_context():
            order = db.session.scalar(select(Order.id).order_by(Order.id.desc()).limit(1))
        return Checkout(app, stripe, path, order)

    return make


@pytest.fixture
def checkout(checkouts, catalogue):
    """An order for one key that costs $19.00."""
    catalogue.key("Editor", price=1900, keys=["ED-1"])
    return checkouts("Editor")
