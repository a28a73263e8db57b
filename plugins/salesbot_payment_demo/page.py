"""The pretend provider's page: pay, or let the payment fail."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from salesbot import PaymentEvent, fulfilment, show_money, speaking, translator
from salesbot.models import Order, db
from salesbot.services import links, shop

_ = translator("salesbot_payment_demo")

DEMO = "demo"
PURPOSE = "demo-pay"

blueprint = Blueprint("payment_demo", __name__, template_folder="templates", url_prefix="/demo-pay")


def _order(word: str) -> Order:
    try:
        order = db.session.get(Order, links.opened(PURPOSE, word))
    except links.BadLink:
        order = None
    if order is None or not shop.is_demo():
        abort(404)
    return order


@blueprint.get("/<word>")
def page(word: str) -> str | Response:
    """What is paid, and two buttons; an order that is paid already leads back to its page."""
    order = _order(word)
    if not fulfilment.is_payable(order):
        return redirect(links.pay_url(order.id), 303)
    with speaking(order.customer.language):
        amount = show_money(order.total, order.currency, order.customer.language)
        return render_template("payment_demo/page.html", order=order, amount=amount, say=_)


@blueprint.post("/<word>")
def pay(word: str) -> Response:
    """What a provider would report, then the way back to the shop's page."""
    order = _order(word)
    failed = request.form.get("result") == "fail"
    event = PaymentEvent(
        id=f"demo-{order.id}-{'failed' if failed else 'paid'}",
        order=order.id,
        reference=f"demo-{order.id}",
        kind="failed" if failed else "paid",
        amount=order.total,
        currency=order.currency,
    )
    back = links.pay_url(order.id)
    if fulfilment.is_payable(order):
        fulfilment.take_event(DEMO, event)
        db.session.commit()
    return redirect(back, 303)
