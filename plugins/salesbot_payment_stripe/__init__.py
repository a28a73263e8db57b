"""Card payment with Stripe Checkout: Stripe's page takes the money, its events say what happened."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from flask import Request

from salesbot import (
    NeedsStaff,
    Order,
    Payment,
    PaymentEvent,
    PaymentMethod,
    Redirect,
    Refunded,
    Setting,
    Show,
    hookimpl,
    translator,
)
from salesbot_payment_stripe import api, checkout, reports
from salesbot_payment_stripe.amounts import can_be_paid, to_stripe

log = logging.getLogger(__name__)
_ = translator(__name__)

NOT_BACK = {"failed", "canceled", "requires_action"}
"""A refund that is none (yet). One that is pending is on its way; should it fail, an event says so."""
LOOK = "Look at the payment in Stripe's dashboard."
OUT_OF_RANGE = {"amount_too_small", "amount_too_large"}


class StripePayment(PaymentMethod):
    """The customer pays on Stripe's page."""

    name = "stripe"
    title = _("Card")

    def accepts(self, order: Order) -> bool:
        """When the shop has its keys, and Stripe takes such an amount."""
        return bool(api.secret_key() and api.webhook_secrets() and can_be_paid(order.total, order.currency))

    def start(self, order: Order, key: str) -> Redirect | Show:
        """Leads to Stripe's page for this order."""
        standing = checkout.standing(order.id, self.name)
        try:
            return Redirect(checkout.page(order, key, standing))
        except api.sdk().InvalidRequestError as exc:
            # The least amount depends on the currency that Stripe pays the shop in.
            if exc.code not in OUT_OF_RANGE:
                raise
            log.warning("Stripe does not take the amount of order %s: %s", order.number, exc.user_message)
            return Show(_("This amount can't be paid by card. Please pay another way."))

    def events(self, request: Request) -> Iterable[PaymentEvent]:
        """What Stripe reports, once it is sure that it is Stripe."""
        return reports.read(request.get_data(), request.headers.get("Stripe-Signature", ""))

    def refund(self, payment: Payment, amount: int, key: str) -> Refunded | NeedsStaff:
        """Gives money back through Stripe."""
        stripe = api.sdk()
        counted = to_stripe(amount, payment.currency)
        if counted is None:
            return NeedsStaff(f"Stripe can't give exactly this amount of {payment.currency} back.")
        try:
            with api.client() as client:
                refund = client.v1.refunds.create(
                    params={
                        "payment_intent": payment.reference,
                        "amount": counted,
                        "metadata": {checkout.ORDER: str(payment.order), "refund": key},
                    },
                    options={"idempotency_key": key},
                )
        except (stripe.InvalidRequestError, stripe.CardError, stripe.IdempotencyError) as exc:
            return NeedsStaff(
                f"Stripe refuses: {exc.user_message} Look at the payment in Stripe's dashboard."
            )
        if refund.status in NOT_BACK:
            return NeedsStaff(
                f"Stripe's refund {refund.id}: {refund.status}. Look at it in Stripe's dashboard."
            )
        return Refunded(refund.id)


@hookimpl
def salesbot_payment_methods() -> PaymentMethod:
    """Payment by card."""
    return StripePayment()


@hookimpl
def salesbot_settings() -> Sequence[Setting]:
    """The keys of the shop's Stripe account."""
    return [
        Setting("stripe_secret_key", "Secret key of your Stripe account", secret=True),
        Setting(
            "stripe_webhook_secret",
            "Signing secret of the webhook at Stripe (two, with a comma, while you replace one)",
            secret=True,
        ),
    ]
