"""Money going back: asked for in a transaction, done by the method outside one, followed up once."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import case, func, select

from salesbot import clock, messages, money, outbox
from salesbot.database import db, in_transaction
from salesbot.errors import PluginProblem, WrongState
from salesbot.fulfilment import telling
from salesbot.fulfilment.door import Changes
from salesbot.fulfilment.methods import method_named, outside
from salesbot.messages import NeedsStaff, Refunded, Reply
from salesbot.models import Delivery, Order, OrderLine, Payment, Refund
from salesbot.services import orders
from salesbot.texts import speaking, translator

log = logging.getLogger(__name__)
_ = translator("salesbot")

MOST_ATTEMPTS = 6
CLAIM = timedelta(minutes=5)
"""How long one process has a refund for itself."""


def refundable(payment: Payment) -> int:
    """What can still be given back of a payment, in minor units."""
    if payment.state not in {"confirmed", "disputed"}:
        return 0
    asked = db.session.scalar(
        select(func.coalesce(func.sum(Refund.amount), 0)).where(Refund.payment_id == payment.id)
    )
    return payment.amount - (asked or 0)


def ask_refund(
    payment_id: int, amount: int, *, who: str, why: str = "", units: tuple[int, ...] = ()
) -> Refund:
    """Asks for `amount` minor units to be given back; the worker does it. Flush only.

    `units` are deliveries that end with it; a refund of everything ends the whole order.
    WrongState says why it cannot be.
    """
    found = db.session.get(Payment, payment_id)
    order = orders.locked(found.order_id) if found is not None else None
    if found is None or order is None:
        raise WrongState("this payment does not exist")
    payment = db.session.get(Payment, payment_id, with_for_update=True, populate_existing=True)
    left = refundable(payment) if payment is not None else 0
    if payment is None or not 0 < amount <= left:
        raise WrongState(f"from 1 to {left} {found.currency} (minor units) can be given back")
    refund = Refund(
        payment_id=payment.id,
        amount=amount,
        currency=payment.currency,
        who=who[:120],
        why=why,
        units=list(_units_of(order, units)),
    )
    db.session.add(refund)
    db.session.flush()
    orders.note(order, who, "asked for a refund", f"{shown(refund)} {why}".strip())
    db.session.flush()
    return refund


def _units_of(order: Order, units: tuple[int, ...]) -> list[int]:
    own = select(Delivery.id).join(OrderLine).where(OrderLine.order_id == order.id, Delivery.id.in_(units))
    found = list(db.session.scalars(own))
    if len(found) != len(set(units)):
        raise WrongState("a unit is not part of this order")
    return found


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
            result = method.refund(asked.payment, asked.amount, f"refund-{asked.id}")
            if not isinstance(result, Refunded | NeedsStaff):
                raise PluginProblem(f"refund returned a {type(result).__name__}")
            return result

        answer = outside(plugin, "PaymentMethod.refund", give_back)
    in_transaction(lambda: _settle(asked, answer))
    return True


def has_due() -> bool:
    """Whether `refund_next` might find something."""
    due = select(Refund.id).where(Refund.state == "started", Refund.due_at <= clock.now()).limit(1)
    return db.session.scalar(due) is not None


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
    else:
        refund.due_at = clock.now() + timedelta(seconds=15 * 4 ** (refund.attempts - 1))
    db.session.flush()


def refunded_by_staff(refund_id: int, *, who: str, reference: str = "") -> None:
    """Staff have given the money back themselves. Flush only."""
    found = db.session.get(Refund, refund_id)
    order = orders.locked(found.payment.order_id) if found is not None else None
    refund = db.session.get(Refund, refund_id, with_for_update=True, populate_existing=True)
    if order is None or refund is None or refund.state == "done":
        raise WrongState("this refund is not waiting for anybody")
    refund.reference = reference or refund.reference
    finish(order, refund, who=who)


def left_of(payment: Payment) -> int:
    """What of a payment has not gone back yet, in minor units."""
    back = select(func.coalesce(func.sum(Refund.amount), 0)).where(
        Refund.payment_id == payment.id, Refund.state == "done"
    )
    return payment.amount - (db.session.scalar(back) or 0)


def end_dispute(order: Order, payment: Payment) -> None:
    """What was bought may be handed over again, unless another payment of the order is disputed."""
    payment.state = "confirmed"
    db.session.flush()
    disputed = select(Payment.id).where(Payment.order_id == order.id, Payment.state == "disputed")
    if db.session.scalar(disputed.limit(1)) is None:
        order.frozen_at = None


def reported(order: Order, payment: Payment, event: messages.PaymentEvent, *, who: str) -> str:
    """The provider says that money went back: one that was asked for here, or one of its own."""
    refund = _asked_for(payment, event.amount)
    if refund is None:
        # No more goes back than came in: a dispute may be lost about money that was given back.
        amount = min(event.amount, left_of(payment))
        if amount <= 0:
            return "everything of it went back already"
        refund = Refund(
            payment_id=payment.id, amount=amount, currency=event.currency, who=who, why="by the provider"
        )
        db.session.add(refund)
    refund.event_id = event.id
    if refund.state == "done":
        return "the refund is known"
    finish(order, refund, who=who)
    return "money went back"


def _asked_for(payment: Payment, amount: int) -> Refund | None:
    """The refund that a report of `amount` speaks of: one that went out, before one that still waits."""
    went_out = case((Refund.state == "done", 0), (Refund.attempts > 0, 1), else_=2)
    return db.session.scalar(
        select(Refund)
        .where(Refund.payment_id == payment.id, Refund.amount == amount, Refund.event_id.is_(None))
        .order_by(went_out, Refund.id)
        .limit(1)
    )


def finish(order: Order, refund: Refund, *, who: str) -> None:
    """What follows once the money is back: a full refund ends the order, any ends its units."""
    refund.state, refund.done_at = "done", clock.now()
    db.session.flush()
    orders.note(order, who, "money went back", f"{shown(refund)} {refund.reference or ''}".strip())
    payment = db.session.get_one(Payment, refund.payment_id)
    if payment.state == "disputed" and left_of(payment) <= 0:
        end_dispute(order, payment)
    changes = Changes(order)
    everything = order.paid_at is not None and _given_back(order) >= _taken(order)
    if order.paid_at is not None:
        _revoke(order, None if everything else refund.units)
    if everything and order.state in {"paid", "fulfilled"}:
        changes.move("cancelled", who=who, why="everything was paid back")
    with speaking(order.customer.language):
        text = _("We have sent {amount} back to you, for order {number}.").format(
            amount=shown(refund, order.customer.language), number=order.number
        )
        changes.tell(Reply(text, telling.ways_on()))


def _revoke(order: Order, units: list[int] | None) -> None:
    """Ends units, all of the order's when `units` is None: their links die, their keys are marked."""
    chosen = select(Delivery).join(OrderLine).where(OrderLine.order_id == order.id)
    if units is not None:
        chosen = chosen.where(Delivery.id.in_(units))
    for unit in db.session.scalars(chosen):
        if unit.state != "revoked":
            unit.state = "revoked"
            orders.note(order, "salesbot", "a unit has ended", f"{unit.line.title} {unit.position}")
    db.session.flush()


def _taken(order: Order) -> int:
    counted = ("confirmed", "disputed")
    taken = select(func.coalesce(func.sum(Payment.amount), 0)).where(
        Payment.order_id == order.id, Payment.state.in_(counted), Payment.currency == order.currency
    )
    return db.session.scalar(taken) or 0


def _given_back(order: Order) -> int:
    given = (
        select(func.coalesce(func.sum(Refund.amount), 0))
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Payment.order_id == order.id, Refund.state == "done", Payment.currency == order.currency)
    )
    return db.session.scalar(given) or 0


def shown(refund: Refund, language: str = "en") -> str:
    """The amount of a refund as people read it."""
    return money.show(refund.amount, refund.currency, language)


def sorry(order: Order, text: str) -> None:
    """Tells the buyer about money that could not be used."""
    outbox.say(order.conversation_id, Reply(text, telling.ways_on()))
