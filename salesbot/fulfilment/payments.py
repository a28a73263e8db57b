"""Paying an order: how it begins, and what staff say about money that only they can see."""

from __future__ import annotations

from urllib.parse import urlsplit

from salesbot import messages
from salesbot.database import db, in_transaction
from salesbot.errors import PluginProblem, WrongState
from salesbot.fulfilment import refunds
from salesbot.fulfilment.door import is_payable
from salesbot.fulfilment.events import open_payment, take_event
from salesbot.fulfilment.methods import method_named, outside
from salesbot.fulfilment.orders import firm
from salesbot.messages import Redirect, Show
from salesbot.models import Order, Payment
from salesbot.services import links, orders
from salesbot.texts import speaking, translator

_ = translator("salesbot")


def begin_payment(order_id: int, method_name: str) -> Redirect | Show:
    """Starts paying an order, in short transactions around the method's own work.

    WrongState says why it cannot be paid (this way).
    """
    order = db.session.get(Order, order_id)
    if order is None or not is_payable(order):
        raise WrongState("this order can't be paid any more")
    if order.tentative:
        db.session.rollback()
        if not in_transaction(lambda: firm(order_id)):
            raise WrongState("its goods are gone")
        order = db.session.get_one(Order, order_id)
    frozen = orders.frozen(order)
    db.session.rollback()
    found = method_named(method_name)
    if found is None:
        raise WrongState("this way to pay is not there any more")
    plugin, method = found
    if not outside(plugin, "PaymentMethod.accepts", lambda: method.accepts(frozen)):
        raise WrongState("this order can't be paid this way")

    def start() -> Redirect | Show:
        return _checked(method.start(frozen, f"order-{frozen.id}"))

    answer = outside(plugin, "PaymentMethod.start", start)
    if answer is None:
        raise WrongState("this way to pay does not work right now")
    in_transaction(lambda: _started(frozen, method_name))
    return answer


def _checked(answer: object) -> Redirect | Show:
    """PluginProblem for what no browser should be sent to, and what says nothing."""
    if isinstance(answer, Redirect):
        if not is_web_address(answer.url):
            raise PluginProblem(f"start redirects to {answer.url!r}; an address begins with https://")
        return answer
    if not isinstance(answer, Show):
        raise PluginProblem(f"start returned a {type(answer).__name__}, not Redirect or Show")
    if not isinstance(answer.text, str) or not answer.text.strip():
        raise PluginProblem(f"start shows a text, not {answer.text!r}")
    return answer


def is_web_address(url: object) -> bool:
    """Whether a browser goes to a page of the web with it: absolute, by http or https."""
    if not isinstance(url, str) or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _started(frozen: messages.Order, method: str) -> None:
    order = orders.locked(frozen.id)
    if order is None or order.state != "pending" or open_payment(order.id, method) is not None:
        return
    db.session.add(Payment(order_id=order.id, method=method, amount=order.total, currency=order.currency))
    orders.note(order, "customer", "payment started", method)


def confirm_by_staff(payment_id: int, *, who: str) -> str:
    """Staff have seen the money of a started payment: the same as the provider's word. Flush only."""
    order, payment = _awaited(payment_id)
    reference = payment.reference or f"{payment.method}-{payment.id}"
    event = messages.PaymentEvent(
        id=f"staff-{payment.id}",
        order=payment.order_id,
        reference=reference,
        kind="paid",
        amount=payment.amount,
        currency=payment.currency,
    )
    orders.note(order, who, "confirmed the payment", reference)
    return take_event(payment.method, event)


def reject_by_staff(payment_id: int, *, who: str, why: str = "") -> None:
    """Staff do not find the money of a started payment: the buyer hears of it. Flush only."""
    order, payment = _awaited(payment_id)
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


def _awaited(payment_id: int) -> tuple[Order, Payment]:
    """A started payment and its order, locked; WrongState when it waits for no money (any more)."""
    found = db.session.get(Payment, payment_id)
    order = orders.locked(found.order_id) if found is not None else None
    payment = db.session.get(Payment, payment_id, with_for_update=True, populate_existing=True)
    if order is None or payment is None or payment.state != "started":
        raise WrongState("this payment is not waiting for money")
    return order, payment
