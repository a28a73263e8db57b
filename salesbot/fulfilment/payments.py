"""Money coming in: the ways to pay, the start of a payment, and what providers say happened."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from salesbot import clock, logs, messages, money
from salesbot.database import db, in_transaction, table
from salesbot.errors import PluginProblem, WrongState
from salesbot.fulfilment import refunds, settling
from salesbot.fulfilment.methods import method_named, outside
from salesbot.messages import Redirect, Show
from salesbot.models import Order, Payment, PaymentEvent
from salesbot.services import links, orders
from salesbot.texts import speaking, translator

log = logging.getLogger(__name__)
_ = translator("salesbot")

_EVENT = table(PaymentEvent)

LONGEST_WORD = 255
MOST = 10**15


def begin_payment(order_id: int, method_name: str) -> Redirect | Show:
    """Starts paying an order, in short transactions around the method's own work.

    WrongState says why it cannot be paid (this way).
    """
    order = db.session.get(Order, order_id)
    if order is None or not is_payable(order):
        raise WrongState("this order can't be paid any more")
    frozen = orders.frozen(order)
    db.session.rollback()
    found = method_named(method_name)
    if found is None:
        raise WrongState("this way to pay is not there any more")
    plugin, method = found

    def start() -> Redirect | Show:
        if not method.accepts(frozen):
            raise WrongState("this order can't be paid this way")
        answer = method.start(frozen, f"order-{frozen.id}")
        if not isinstance(answer, Redirect | Show):
            raise PluginProblem(f"start returned a {type(answer).__name__}, not Redirect or Show")
        return answer

    answer = outside(plugin, "PaymentMethod.start", start)
    if answer is None:
        raise WrongState("this way to pay does not work right now")
    in_transaction(lambda: _started(frozen, method_name))
    return answer


def is_payable(order: Order) -> bool:
    """Whether a payment may be started now."""
    return order.state == "pending" and order.expires_at > clock.now()


def _started(frozen: messages.Order, method: str) -> None:
    order = orders.locked(frozen.id)
    if order is None or order.state != "pending" or _open_payment(order.id, method) is not None:
        return
    db.session.add(Payment(order_id=order.id, method=method, amount=order.total, currency=order.currency))
    orders.note(order, "customer", "payment started", method)


def _open_payment(order_id: int, method: str) -> Payment | None:
    return db.session.scalar(
        select(Payment).where(
            Payment.order_id == order_id, Payment.method == method, Payment.state == "started"
        )
    )


def take_event(method: str, event: messages.PaymentEvent) -> str:
    """Stores what a provider says and does what follows; the same event again changes nothing.

    Returns what became of it, in words for the log and for staff. Flushes, never commits.
    """
    _check(method, event)
    order_id = db.session.scalar(select(Order.id).where(Order.id == event.order))
    stored = _store_event(method, event, order_id)
    if stored is None:
        return "known already"
    order = orders.locked(order_id) if order_id is not None else None
    if order is None:
        outcome = "there is no such order"
    else:
        with logs.about(order=order.number):
            outcome = _HANDLERS.get(event.kind, _unknown_kind)(order, method, event)
            log.info("payment event %s of %s: %s", event.kind, method, outcome)
    row = db.session.get(PaymentEvent, stored)
    if row is not None:
        row.outcome = outcome
    db.session.flush()
    return outcome


def _check(method: str, event: messages.PaymentEvent) -> None:
    words = (event.id, event.reference, event.currency)
    if not all(isinstance(word, str) and 0 < len(word) <= LONGEST_WORD for word in words):
        raise PluginProblem(f"{method}: an event needs an id, a reference and a currency")
    if not isinstance(event.amount, int) or not 0 <= event.amount < MOST:
        raise PluginProblem(f"{method}: an event's amount is minor units, not {event.amount!r}")


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


def _paid(order: Order, method: str, event: messages.PaymentEvent) -> str:
    payment = _payment_of(order, method, event)
    if payment is None:
        return "the reference belongs to a payment of another order"
    if payment.state == "confirmed":
        return "this payment is confirmed already"
    if payment.state == "disputed":
        payment.state, order.frozen_at = "confirmed", None
        return _needs_staff(order, "the dispute has ended well")
    payment.state = "confirmed"
    payment.reference, payment.confirmed_at = event.reference, clock.now()
    payment.amount, payment.currency = event.amount, event.currency
    orders.note(order, method, "money arrived", f"{event.amount} {event.currency} {event.reference}")
    db.session.flush()
    if event.currency != order.currency:
        return _needs_staff(order, f"the order is in {order.currency}, the payment in {event.currency}")
    if order.paid_at is not None:
        return _needs_staff(order, "it was paid already: this money is too much")
    received = _received(order)
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
    holds_stock = order.state == "pending" and order.expires_at > clock.now()
    if order.state == "cancelled":
        return _give_back(order, payment, "it was cancelled before the money came")
    if not holds_stock and (received < order.total or not settling.has_stock(order)):
        return _give_back(order, payment, "it had expired and its goods are gone")
    settling.paid(order, who=method, why=payment.reference or "")
    if received > order.total:
        return _needs_staff(order, "more was paid than it costs")
    return "paid"


def _give_back(order: Order, payment: Payment, why: str) -> str:
    refunds.ask_refund(payment.id, payment.amount, who="salesbot", why=why)
    with speaking(order.customer.language):
        text = _(
            "Your payment for order {number} came too late: what you wanted is not there any more. "
            "I am sorry. You get your money back, you need not do anything."
        )
        refunds.sorry(order, text.format(number=order.number))
    return f"the money goes back: {why}"


def _received(order: Order) -> int:
    return (
        db.session.scalar(
            select(func.coalesce(func.sum(Payment.amount), 0)).where(
                Payment.order_id == order.id,
                Payment.state == "confirmed",
                Payment.currency == order.currency,
            )
        )
        or 0
    )


def _payment_of(order: Order, method: str, event: messages.PaymentEvent) -> Payment | None:
    """The payment that an event speaks of; None when its reference belongs to another order."""
    known = db.session.scalar(
        select(Payment).where(Payment.method == method, Payment.reference == event.reference)
    )
    if known is not None:
        return known if known.order_id == order.id else None
    payment = _open_payment(order.id, method)
    if payment is None or payment.reference is not None:
        payment = Payment(order_id=order.id, method=method, amount=event.amount, currency=event.currency)
        db.session.add(payment)
    return payment


def _failed(order: Order, method: str, event: messages.PaymentEvent) -> str:
    payment = _payment_of(order, method, event)
    if payment is None or payment.state != "started":
        return "nothing to change"
    payment.state, payment.reference = "failed", event.reference
    orders.note(order, method, "payment failed", event.reference)
    return "the payment failed"


def _disputed(order: Order, method: str, event: messages.PaymentEvent) -> str:
    payment = _payment_of(order, method, event)
    if payment is None or payment.state != "confirmed":
        return "nothing to change"
    payment.state = "disputed"
    order.frozen_at = clock.now()
    return _needs_staff(order, "the payment is disputed; nothing more is handed over meanwhile")


def _refunded(order: Order, method: str, event: messages.PaymentEvent) -> str:
    payment = _payment_of(order, method, event)
    if payment is None or payment.state not in {"confirmed", "disputed"} or event.amount == 0:
        return _needs_staff(order, f"{method} gave money back that never came in here")
    if payment.state == "disputed":
        payment.state, order.frozen_at = "confirmed", None
    return refunds.reported(order, payment, event, who=method)


def _unknown_kind(order: Order, method: str, event: messages.PaymentEvent) -> str:
    return _needs_staff(order, f"{method} sent an event of the unknown kind {event.kind!r}")


def _needs_staff(order: Order, why: str) -> str:
    orders.note(order, "salesbot", "look at this", why)
    return why


_HANDLERS: dict[str, Callable[[Order, str, messages.PaymentEvent], str]] = {
    "paid": _paid,
    "failed": _failed,
    "disputed": _disputed,
    "refunded": _refunded,
}


def confirm_by_staff(payment_id: int, *, who: str) -> str:
    """Staff have seen the money of a started payment: the same as the provider's word. Flush only."""
    payment = db.session.get(Payment, payment_id)
    if payment is None or payment.state != "started":
        raise WrongState("this payment is not waiting for money")
    reference = payment.reference or f"{payment.method}-{payment.id}"
    event = messages.PaymentEvent(
        id=f"staff-{payment.id}",
        order=payment.order_id,
        reference=reference,
        kind="paid",
        amount=payment.amount,
        currency=payment.currency,
    )
    orders.note(payment.order, who, "confirmed the payment", reference)
    return take_event(payment.method, event)


def reject_by_staff(payment_id: int, *, who: str, why: str = "") -> None:
    """Staff do not find the money of a started payment: the buyer hears of it. Flush only."""
    found = db.session.get(Payment, payment_id)
    order = orders.locked(found.order_id) if found is not None else None
    payment = db.session.get(Payment, payment_id, with_for_update=True, populate_existing=True)
    if order is None or payment is None or payment.state != "started":
        raise WrongState("this payment is not waiting for money")
    payment.state = "failed"
    orders.note(order, who, "found no money", why)
    db.session.flush()
    with speaking(order.customer.language):
        text = _("We could not find your payment for order {number}.").format(number=order.number)
        if why:
            text += f"\n{why}"
        if is_payable(order):
            text += "\n\n" + _("You can try again here: {link}").format(link=links.pay_url(order.id))
        refunds.sorry(order, text)
