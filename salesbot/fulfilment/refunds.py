"""Money going back: asked for, reported by the provider or by staff, and followed up once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import case, func, select

from salesbot import clock, messages, money, outbox
from salesbot.database import db
from salesbot.errors import WrongState
from salesbot.fulfilment import telling
from salesbot.fulfilment.door import Changes
from salesbot.messages import Reply
from salesbot.models import Delivery, Order, OrderLine, Payment, Refund
from salesbot.services import orders
from salesbot.texts import speaking, translator

_ = translator("salesbot")


def refundable(payment: Payment) -> int:
    """What can still be given back of a payment, in minor units."""
    return refundable_of([payment])[payment.id]


def refundable_of(payments: Sequence[Payment]) -> dict[int, int]:
    """What can still be given back of each payment, in minor units, by its id."""
    came = {one.id: one.amount for one in payments if one.state in {"confirmed", "disputed"}}
    asked: dict[int, int] = {}
    if came:
        sums = select(Refund.payment_id, func.sum(Refund.amount)).where(Refund.payment_id.in_(came))
        asked = {number: int(total) for number, total in db.session.execute(sums.group_by(Refund.payment_id))}
    return {one.id: came.get(one.id, 0) - asked.get(one.id, 0) for one in payments}


def ask_refund(
    payment_id: int, amount: int, *, who: str, why: str = "", units: tuple[int, ...] = ()
) -> Refund:
    """Asks for `amount` minor units to be given back; the worker does it. Flush only.

    `units` are deliveries that end with it, each once; a refund of everything ends the whole order.
    WrongState says why it cannot be.
    """
    found = db.session.get(Payment, payment_id)
    order = orders.locked(found.order_id) if found is not None else None
    if found is None or order is None:
        raise WrongState("this payment does not exist")
    payment = db.session.get(Payment, payment_id, with_for_update=True, populate_existing=True)
    left = refundable(payment) if payment is not None else 0
    if payment is None or not 0 < amount <= left:
        raise WrongState(
            "at most {amount} can be given back, and not nothing", amount=money.show(left, found.currency)
        )
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


def give_back_all(order: Order, *, why: str) -> None:
    """All money that came for a locked order that ends unpaid goes back, and its buyer hears of it."""
    came = select(Payment).where(Payment.order_id == order.id, Payment.state == "confirmed")
    for payment in db.session.scalars(came.order_by(Payment.id)).all():
        left = refundable(payment)
        if left > 0:
            give_back(order, payment, left, why=why)


def give_back(order: Order, payment: Payment, amount: int, *, why: str, text: str = "") -> None:
    """Money that a locked order has no use for goes back by itself; `text` tells the buyer why.

    It may name {amount} and {number}.
    """
    refund = ask_refund(payment.id, amount, who="salesbot", why=why)
    with speaking(order.customer.language):
        said = text or _("We send {amount} back to you, for order {number}. You need not do anything.")
        amount_shown = shown(refund, order.customer.language)
        sorry(order, said.format(amount=amount_shown, number=order.number))


def _units_of(order: Order, units: tuple[int, ...]) -> list[int]:
    own = select(Delivery.id, Delivery.state).join(OrderLine)
    own = own.where(OrderLine.order_id == order.id, Delivery.id.in_(units))
    found = dict(db.session.execute(own).all())
    if len(found) != len(set(units)):
        raise WrongState("a unit is not part of this order")
    if "revoked" in found.values() or found.keys() & _going_back(order):
        raise WrongState("this was given back, or is on its way")
    return list(found)


def _going_back(order: Order) -> set[int]:
    """The units of an order whose money went back, or is on its way.

    One that was given to the buyer again is still among them: it is theirs, and its money is gone.
    """
    asked = select(Refund.units).join(Payment, Payment.id == Refund.payment_id)
    lists = db.session.scalars(asked.where(Payment.order_id == order.id))
    return {unit for units in lists for unit in units}


def refunded_by_staff(refund_id: int, *, who: str, reference: str = "") -> None:
    """Staff have given the money back themselves; not while the provider may be doing it. Flush only."""
    found = db.session.get(Refund, refund_id)
    order = orders.locked(found.payment.order_id) if found is not None else None
    refund = db.session.get(Refund, refund_id, with_for_update=True, populate_existing=True)
    waits = refund is not None and (
        refund.state == "needs_staff" or (refund.state == "started" and refund.attempts == 0)
    )
    if order is None or refund is None or not waits:
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
    fit_to_what_is_left(order, payment)
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


def fit_to_what_is_left(order: Order, payment: Payment) -> None:
    """What is still to go back of a payment is no more than is left of it, however the rest went.

    One that is too large gives way to one that fits, which the provider is asked for anew.
    """
    left = left_of(payment)
    waiting = (Refund.state == "needs_staff") | ((Refund.state == "started") & (Refund.attempts == 0))
    of_payment = select(Refund).where(Refund.payment_id == payment.id, waiting).order_by(Refund.id)
    for refund in db.session.scalars(of_payment).all():
        fits = min(refund.amount, left)
        if fits < refund.amount:
            _replace(order, refund, fits)
        left -= fits


def _replace(order: Order, refund: Refund, amount: int) -> None:
    """A new row, because the method has seen the key of the old one with another amount."""
    orders.note(order, "salesbot", "a refund is not needed any more", shown(refund))
    if amount > 0:
        why, _newline, _refusal = refund.why.partition("\n")
        db.session.add(
            Refund(
                payment_id=refund.payment_id,
                amount=amount,
                currency=refund.currency,
                who=refund.who,
                why=why,
                units=refund.units,
            )
        )
    db.session.delete(refund)
    db.session.flush()


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
