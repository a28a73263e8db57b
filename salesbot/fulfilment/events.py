"""What providers say about money: each event is kept once, and they may come in any order.

What comes before its payment waits for it. So the same events end in the same state, whether they
come in order, late, twice or shuffled.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

from sqlalchemy import func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from salesbot import clock, logs, messages, money
from salesbot.database import db, table
from salesbot.errors import PluginProblem
from salesbot.fulfilment import refunds, settling
from salesbot.fulfilment.door import is_payable
from salesbot.models import Order, OrderEvent, Payment, PaymentEvent
from salesbot.models.orders import LOOK_AT_THIS
from salesbot.services import links, orders, payments
from salesbot.texts import speaking, translator

log = logging.getLogger(__name__)
_ = translator("salesbot")

_EVENT = table(PaymentEvent)

LONGEST_WORD = 255
MOST = 10**15
RECEIVED = frozenset({"confirmed", "disputed"})
"""States of a payment whose money has come in."""
WAITS = "it waits for its payment"
"""The outcome of an event that came too early, until its payment comes."""


def take_event(method: str, event: messages.PaymentEvent) -> str:
    """Stores what a provider says and does what follows; the same event again changes nothing.

    Returns what became of it, in words for the log and for staff. Flushes, never commits.
    """
    _check(method, event)
    _one_at_a_time(method, event.reference)
    order_id = _order_of(method, event)
    stored = _store_event(method, event, order_id)
    if stored is None:
        return "known already"
    row = db.session.get_one(PaymentEvent, stored)
    order = orders.locked(order_id) if order_id is not None else None
    if order is None:
        row.outcome = "there is no such order" if event.order else WAITS
    else:
        with logs.about(order=order.number):
            row.outcome = _follow(order, method, event)
            if event.kind == "paid":
                _catch_up(order, method, event.reference)
    db.session.flush()
    return row.outcome


def _check(method: str, event: messages.PaymentEvent) -> None:
    """PluginProblem for an event of which nobody could say what became of the money."""
    for word in (event.id, event.reference):
        if not (isinstance(word, str) and word.isprintable() and 0 < len(word) <= LONGEST_WORD):
            raise PluginProblem(f"{method}: an event needs an id and a reference, not {word!r}")
    if not (isinstance(event.currency, str) and re.fullmatch("[A-Z]{3}", event.currency)):
        raise PluginProblem(f"{method}: a currency has three letters, as EUR, not {event.currency!r}")
    if not _is_number(event.amount):
        raise PluginProblem(f"{method}: an event's amount is minor units, not {event.amount!r}")
    if not _is_number(event.order):
        raise PluginProblem(f"{method}: an event's order is order.id or 0, not {event.order!r}")
    if not isinstance(event.kind, str) or event.kind not in _HANDLERS:
        raise PluginProblem(f"{method}: there is no kind {event.kind!r} of event; {', '.join(_HANDLERS)}")


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MOST


def not_taken(method: str, event: messages.PaymentEvent, why: str) -> None:
    """Tells staff, at its order and once, of an event that `take_event` could not take. Flush only."""
    order_id = event.order if _is_number(event.order) else 0
    if not order_id and isinstance(event.reference, str) and event.reference.isprintable():
        known = _known(method, event.reference)
        order_id = 0 if known is None else known.order_id
    order = orders.locked(order_id) if order_id else None
    if order is None:
        return
    text = f"a report about money can't be read: {why}"
    noted = select(OrderEvent.id).where(
        OrderEvent.order_id == order.id, OrderEvent.what == LOOK_AT_THIS, OrderEvent.why == text
    )
    if db.session.scalar(noted.limit(1)) is None:
        _needs_staff(order, text)
    db.session.flush()


def _one_at_a_time(method: str, reference: str) -> None:
    """Lets nobody else take an event of this payment until the transaction ends.

    An event that names no order has none to lock. It must not look for its payment while that one
    comes in and looks for events that wait.
    """
    if db.session.connection().dialect.name == "postgresql":
        name = func.hashtextextended(f"payment {method} {reference}", 0)
        db.session.execute(select(func.pg_advisory_xact_lock(name)))


def _order_of(method: str, event: messages.PaymentEvent) -> int | None:
    """The order that an event names, or else that of the payment with its reference."""
    if event.order:
        return db.session.scalar(select(Order.id).where(Order.id == event.order))
    known = _known(method, event.reference)
    return None if known is None else known.order_id


def _store_event(method: str, event: messages.PaymentEvent, order_id: int | None) -> int | None:
    connection = db.session.connection()
    upsert = {"sqlite": sqlite, "postgresql": postgresql}[connection.dialect.name].insert
    return connection.execute(
        upsert(_EVENT)
        .values(
            method=method,
            event_id=event.id,
            order_id=order_id,
            reference=event.reference,
            kind=event.kind,
            amount=event.amount,
            currency=event.currency,
            received_at=clock.now(),
            outcome="",
        )
        .on_conflict_do_nothing()
        .returning(_EVENT.c.id)
    ).scalar()


def _follow(order: Order, method: str, event: messages.PaymentEvent) -> str:
    """What becomes of an event of a locked order."""
    known = _known(method, event.reference)
    if known is not None and known.order_id != order.id:
        return "the reference belongs to a payment of another order"
    outcome = _HANDLERS[event.kind](order, method, event, known)
    if outcome == WAITS:
        orders.note(order, method, f"{event.kind}, too early", WAITS)
    log.info("payment event %s of %s: %s", event.kind, method, outcome)
    return outcome


def _catch_up(order: Order, method: str, reference: str) -> None:
    """Lets what came before its payment follow it now, in the order in which it came."""
    early = select(PaymentEvent).where(
        or_(PaymentEvent.order_id == order.id, PaymentEvent.order_id.is_(None)),
        PaymentEvent.method == method,
        PaymentEvent.reference == reference,
        PaymentEvent.outcome == WAITS,
    )
    for row in db.session.scalars(early.order_by(PaymentEvent.id)).all():
        row.order_id = order.id
        event = messages.PaymentEvent(row.event_id, order.id, reference, row.kind, row.amount, row.currency)
        row.outcome = _follow(order, method, event)


def _known(method: str, reference: str) -> Payment | None:
    return db.session.scalar(select(Payment).where(Payment.method == method, Payment.reference == reference))


def open_payment(order_id: int, method: str) -> Payment | None:
    """The payment that was begun in this way and of which nothing was heard yet."""
    return db.session.scalar(
        select(Payment).where(
            Payment.order_id == order_id, Payment.method == method, Payment.state == "started"
        )
    )


def _paid(order: Order, method: str, event: messages.PaymentEvent, known: Payment | None) -> str:
    if known is not None and known.state == "confirmed":
        return "this payment is confirmed already"
    if known is not None and known.state == "disputed":
        refunds.end_dispute(order, known)
        return _needs_staff(order, "the dispute has ended")
    payment = known or open_payment(order.id, method)
    if payment is None or payment.reference not in {None, event.reference}:
        payment = Payment(order_id=order.id, method=method)
        db.session.add(payment)
    payment.state = "confirmed"
    payment.reference, payment.confirmed_at = event.reference, clock.now()
    payment.amount, payment.currency = event.amount, event.currency
    orders.note(order, method, "money arrived", f"{event.amount} {event.currency} {event.reference}")
    db.session.flush()
    if event.currency != order.currency:
        return _needs_staff(order, f"the order is in {order.currency}, the payment in {event.currency}")
    if order.paid_at is not None:
        return _too_much(order, payment, payment.amount, "it was paid already: this money is too much")
    received = payments.kept(order)
    if order.state == "pending" and received < order.total:
        return _too_little(order, received)
    return _enough(order, payment, method, received)


def _too_little(order: Order, received: int) -> str:
    """Staff and the buyer hear what is missing; the rest may come as another payment."""
    with speaking(order.customer.language):
        missing = money.show(order.total - received, order.currency, order.customer.language)
        text = _("Thank you. {missing} are still missing for order {number}. Pay the rest here: {link}")
        refunds.sorry(order, text.format(missing=missing, number=order.number, link=links.pay_url(order.id)))
    return _needs_staff(order, f"{order.total - received} {order.currency} (minor units) are missing")


def _enough(order: Order, payment: Payment, method: str, received: int) -> str:
    """The order is paid, if its goods are there; money that comes too late goes back by itself."""
    holds_stock = is_payable(order) and not order.tentative
    if order.state == "cancelled":
        return _give_back(order, payment, "it was cancelled before the money came")
    if not holds_stock and order.conversation.is_erased:
        return _needs_staff(order, "its buyer was forgotten before the money came; give it back")
    if not holds_stock and (received < order.total or not settling.can_be_had(order)):
        return _give_back(order, payment, "it had expired and its goods are gone")
    settling.paid(order, who=method, why=payment.reference or "")
    if received > order.total:
        return _too_much(order, payment, received - order.total, "more was paid than it costs")
    return "paid"


def _too_much(order: Order, payment: Payment, surplus: int, why: str) -> str:
    """Nobody pays twice: what an order does not cost goes back by itself, and staff see it."""
    with speaking(order.customer.language):
        text = _(
            "You have paid {amount} more than order {number} costs. "
            "It goes back to you, you need not do anything."
        )
    refunds.give_back(order, payment, surplus, why=why, text=text)
    return _needs_staff(order, f"{why}; {money.show(surplus, payment.currency)} goes back by itself")


def _give_back(order: Order, payment: Payment, why: str) -> str:
    with speaking(order.customer.language):
        text = _(
            "Your payment for order {number} came too late: what you wanted is not there any more. "
            "I am sorry. You get your money back, you need not do anything."
        )
    refunds.give_back(order, payment, payment.amount, why=why, text=text)
    return f"the money goes back: {why}"


def _failed(order: Order, method: str, event: messages.PaymentEvent, known: Payment | None) -> str:
    payment = known or open_payment(order.id, method)
    if payment is None or payment.state != "started" or payment.reference not in {None, event.reference}:
        return "nothing to change"
    payment.state, payment.reference = "failed", event.reference
    orders.note(order, method, "payment failed", event.reference)
    return "the payment failed"


def _disputed(order: Order, method: str, event: messages.PaymentEvent, known: Payment | None) -> str:
    if known is None or known.state not in RECEIVED:
        return WAITS
    if known.state == "disputed" or refunds.left_of(known) == 0:
        return "nothing to change"
    known.state = "disputed"
    order.frozen_at = clock.now()
    return _needs_staff(order, "the payment is disputed; nothing more is handed over meanwhile")


def _refunded(order: Order, method: str, event: messages.PaymentEvent, known: Payment | None) -> str:
    if known is None or known.state not in RECEIVED:
        return WAITS
    if event.currency != known.currency:
        return _needs_staff(order, f"{event.amount} {event.currency} (minor units) went back of {known}")
    return refunds.reported(order, known, event, who=method)


def _refund_failed(order: Order, method: str, event: messages.PaymentEvent, known: Payment | None) -> str:
    amount = money.show(event.amount, event.currency)
    return _needs_staff(order, f"{amount} did not reach the buyer and came back; send it another way")


def _needs_staff(order: Order, why: str) -> str:
    orders.note(order, "salesbot", LOOK_AT_THIS, why)
    return why


_HANDLERS: dict[str, Callable[[Order, str, messages.PaymentEvent, Payment | None], str]] = {
    "paid": _paid,
    "failed": _failed,
    "disputed": _disputed,
    "refunded": _refunded,
    "refund_failed": _refund_failed,
}
