"""Refunds that are due, done by the payment method outside any transaction, and settled once."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, select

from salesbot import clock, messages
from salesbot.database import db, in_transaction
from salesbot.fulfilment import returned
from salesbot.fulfilment.methods import method_named, outside
from salesbot.fulfilment.refunds import finish, fit_to_what_is_left
from salesbot.messages import NeedsStaff, Refunded
from salesbot.models import Refund
from salesbot.services import orders

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 6
CLAIM = timedelta(minutes=5)
"""How long one process has a refund for itself."""


@dataclass(frozen=True)
class _Asked:
    """A refund that this process has for itself."""

    id: int
    order_id: int
    method: str
    payment: messages.Payment
    amount: int


def refund_next() -> bool:
    """Lets the method give back one refund that is due; False when none is. Does its own transactions."""
    asked = in_transaction(_claim)
    if asked is None:
        return False
    found = method_named(asked.method)
    answer: Refunded | NeedsStaff | None = NeedsStaff(
        f"The way to pay {asked.method!r} is not there any more."
    )
    if found is not None:
        plugin, method = found

        def give_back() -> Refunded | NeedsStaff:
            return returned.refund(method.refund(asked.payment, asked.amount, f"refund-{asked.id}"))

        answer = outside(plugin, "PaymentMethod.refund", give_back)
    in_transaction(lambda: _settle(asked, answer))
    return True


def due() -> Select[int]:
    """Finds something when `refund_next` might."""
    return select(Refund.id).where(Refund.state == "started", Refund.due_at <= clock.now())


def _claim() -> _Asked | None:
    now = clock.now()
    refund = db.session.scalar(
        select(Refund)
        .where(
            Refund.state == "started",
            Refund.due_at <= now,
            (Refund.claimed_at.is_(None)) | (Refund.claimed_at < now - CLAIM),
        )
        .order_by(Refund.due_at, Refund.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if refund is None:
        return None
    refund.claimed_at = now
    refund.attempts += 1
    payment = refund.payment
    frozen = messages.Payment(
        payment.id, payment.order_id, payment.reference or "", payment.amount, payment.currency
    )
    return _Asked(refund.id, payment.order_id, payment.method, frozen, refund.amount)


def _settle(asked: _Asked, answer: Refunded | NeedsStaff | None) -> None:
    order = orders.locked(asked.order_id)
    refund = db.session.get(Refund, asked.id, with_for_update=True, populate_existing=True)
    if order is None or refund is None:
        return
    if isinstance(answer, Refunded):
        refund.reference = answer.reference
    if refund.state != "started":
        return
    refund.claimed_at = None
    if isinstance(answer, Refunded):
        finish(order, refund, who=asked.method)
    elif isinstance(answer, NeedsStaff) or refund.attempts >= MOST_ATTEMPTS:
        why = (
            answer.why
            if isinstance(answer, NeedsStaff)
            else "The provider could not do it. Give it back by hand."
        )
        refund.state = "needs_staff"
        refund.why = f"{refund.why}\n{why}".strip()
        orders.note(order, "salesbot", "a refund needs you", why)
        log.error("refund %s needs staff", refund.id)
        db.session.flush()
        fit_to_what_is_left(order, refund.payment)
    else:
        refund.due_at = clock.now() + timedelta(seconds=15 * 4 ** (refund.attempts - 1))
    db.session.flush()
