"""Pretend payment for the demo shop: a page with one button, and events as a provider sends them."""

from __future__ import annotations

import json
from collections.abc import Iterable

from flask import Flask, Request

from salesbot import (
    NotFromProvider,
    Order,
    Payment,
    PaymentEvent,
    PaymentMethod,
    Redirect,
    Refunded,
    hookimpl,
    translator,
)
from salesbot.services import links, shop
from salesbot_payment_demo.page import PURPOSE, blueprint

_ = translator(__name__)


class DemoPayment(PaymentMethod):
    """Costs nothing and is there in the demo shop only."""

    name = "demo"
    title = _("Demo payment (no real money)")

    def accepts(self, order: Order) -> bool:
        """Only while this is the demo shop."""
        return shop.is_demo()

    def start(self, order: Order, key: str) -> Redirect:
        """Leads to the pretend provider's page."""
        return Redirect(f"{links.base_url()}/demo-pay/{links.signed(PURPOSE, order.id)}")

    def events(self, request: Request) -> Iterable[PaymentEvent]:
        """Reads one event; its header X-Demo-Signature is the vault's word for the body."""
        body = request.get_data()
        try:
            signed = links.opened("demo-event", request.headers.get("X-Demo-Signature", ""))
        except links.BadLink as exc:
            raise NotFromProvider("the signature does not fit") from exc
        if signed != body.decode("utf-8", "replace"):
            raise NotFromProvider("the signature is for other words")
        try:
            yield PaymentEvent(**json.loads(body))
        except (TypeError, ValueError) as exc:
            raise NotFromProvider("not an event") from exc

    def refund(self, payment: Payment, amount: int, key: str) -> Refunded:
        """Gives pretend money back at once."""
        return Refunded(f"demo-refund-{key}")


@hookimpl
def salesbot_payment_methods() -> PaymentMethod:
    """The one pretend way to pay."""
    return DemoPayment()


@hookimpl
def salesbot_register_blueprints(app: Flask) -> None:
    """Adds the pretend provider's page."""
    app.register_blueprint(blueprint)
    # The address itself is the secret, and a customer's browser may keep no cookies.
    app.extensions["csrf"].exempt(blueprint)
