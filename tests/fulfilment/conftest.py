"""A bank that reports what the test wants, and gives money back as the test wants it."""

from __future__ import annotations

from typing import ClassVar

import pytest
from sqlalchemy import select

from salesbot import fulfilment, hookimpl
from salesbot.database import db, in_transaction
from salesbot.messages import PaymentEvent, PaymentMethod, Refunded
from salesbot.models import Order


class Bank(PaymentMethod):
    """Gives money back as the test wants it."""

    name = "bank"
    title = "Bank"
    answers: ClassVar[list[object]] = []
    asked: ClassVar[list[tuple[str, int, str]]] = []

    def start(self, order, key):
        raise AssertionError("the test sends events itself")

    def refund(self, payment, amount, key):
        self.asked.append((payment.reference, amount, key))
        answer = self.answers.pop(0) if self.answers else Refunded(f"back-{key}")
        if isinstance(answer, Exception):
            raise answer
        return answer


class BankPlugin:
    @staticmethod
    @hookimpl
    def salesbot_payment_methods():
        return Bank()


@pytest.fixture
def bank():
    """How it answers, and what it was asked."""
    Bank.answers, Bank.asked = [], []
    return Bank


@pytest.fixture
def bank_plugin(bank):
    """What a test's `salesbot_plugins` gives back to have the bank in its shop."""
    return [("bank", BankPlugin)]


@pytest.fixture
def event(app):
    """Lets the bank report on the newest order, and says what became of it."""

    def report(kind="paid", *, id="e1", reference="m1", amount=None, currency="USD", number=None):
        with app.app_context():
            order = db.session.scalars(select(Order).order_by(Order.id.desc())).first()
            known = number or order.id
            known_amount = order.total if amount is None else amount
            db.session.rollback()
            return in_transaction(
                lambda: fulfilment.take_event(
                    "bank", PaymentEvent(id, known, reference, kind, known_amount, currency)
                )
            )

    return report
