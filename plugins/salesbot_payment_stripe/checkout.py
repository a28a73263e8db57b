"""Checkout Sessions: Stripe's page on which one order is paid."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from salesbot import Order
from salesbot import models as rows
from salesbot.models import db
from salesbot.services import links
from salesbot_payment_stripe import api
from salesbot_payment_stripe.amounts import to_stripe

if TYPE_CHECKING:
    from stripe import StripeClient
    from stripe.checkout import Session
    from stripe.params.checkout import SessionCreateParams

ORDER, NUMBER = "order_id", "order_number"
"""The words of our metadata. The number is random: no other program on the account has the same two."""

SHORTEST = timedelta(minutes=31)
LONGEST = timedelta(hours=23, minutes=55)
"""Stripe lets a session live from half an hour to a day; its clock need not agree with ours."""

MOST_LINES = 100
MOST_TRIES = 5


@dataclass(frozen=True)
class Standing:
    """What the order's rows say: until when it may be paid, and how many payments have failed."""

    until: datetime
    failed: int


def standing(order_id: int, method: str) -> Standing:
    """What our own rows say about an order."""
    until = db.session.scalar(select(rows.Order.expires_at).where(rows.Order.id == order_id))
    failed = db.session.scalar(
        select(func.count(rows.Payment.id)).where(
            rows.Payment.order_id == order_id,
            rows.Payment.method == method,
            rows.Payment.state == "failed",
        )
    )
    return Standing(until or datetime.now(UTC), failed or 0)


def page(order: Order, key: str, now: Standing) -> str:
    """The address of Stripe's page for this order; the same one for everybody who asks meanwhile.

    `key` makes it the same. A payment that failed and a session that ended leave theirs behind, so
    the next begins with a key of its own.
    """
    asked = _params(order)
    with api.client() as client:
        for tries in range(now.failed + 1, now.failed + 1 + MOST_TRIES):
            session = _session(client, asked, now.until, key if tries == 1 else f"{key}-{tries}")
            ends = getattr(session, "expires_at", None)
            if session.url and (ends is None or ends > datetime.now(UTC).timestamp()):
                return session.url
    raise ValueError(f"Stripe's session {session.id} has ended")


def _session(client: StripeClient, asked: SessionCreateParams, until: datetime, key: str) -> Session:
    """One session that ends with the order, or half an hour from now where that is later.

    An order that lives longer than a day leaves the end to Stripe. The end is never counted from
    now: with the same key the words must be the same, or Stripe takes them for a mistake.
    """
    stripe = api.sdk()
    if until - datetime.now(UTC) < LONGEST:
        asked = {**asked, "expires_at": int(until.timestamp())}
    try:
        return _create(client, asked, key)
    except stripe.InvalidRequestError as exc:
        if exc.param != "expires_at":
            raise
    # Asked for first, because the session may be there already, from when there was more time.
    return _create(client, {**asked, "expires_at": int((until + SHORTEST).timestamp())}, f"{key}-late")


def _create(client: StripeClient, asked: SessionCreateParams, key: str) -> Session:
    try:
        return client.v1.checkout.sessions.create(params=asked, options={"idempotency_key": key})
    except api.sdk().IdempotencyError:
        # The key was used with other words: the shop's address has changed, or another shop on this
        # account has an order with this id. What is asked for now gets a key of its own.
        words = json.dumps(asked, sort_keys=True).encode()
        own = f"{key}-{sha256(words).hexdigest()[:16]}"
        return client.v1.checkout.sessions.create(params=asked, options={"idempotency_key": own})


def _params(order: Order) -> SessionCreateParams:
    whose = {ORDER: str(order.id), NUMBER: order.number}
    back = links.pay_url(order.id)
    return {
        "mode": "payment",
        "client_reference_id": str(order.id),
        "metadata": whose,
        # Refunds and disputes speak of the payment, not of the session.
        "payment_intent_data": {"metadata": whose, "description": order.number},
        "line_items": _lines(order),
        "success_url": back,
        "cancel_url": back,
        # Else Stripe may ask for another currency and another amount than the shop has named.
        "adaptive_pricing": {"enabled": False},
    }


def _lines(order: Order) -> list[Any]:
    """The order's lines, or one for all of them where they don't add up to what is to be paid."""
    prices = [to_stripe(line.unit_price, order.currency) for line in order.lines]
    total = sum(line.amount for line in order.lines)
    if total == order.total and None not in prices and len(prices) <= MOST_LINES:
        found = [(line.title, price, line.quantity) for line, price in zip(order.lines, prices, strict=True)]
    else:
        titles = ", ".join(line.title for line in order.lines)
        found = [(titles if len(titles) <= 200 else order.number, to_stripe(order.total, order.currency), 1)]
    return [
        {
            "price_data": {
                "currency": order.currency.lower(),
                "unit_amount": price,
                "product_data": {"name": title},
            },
            "quantity": quantity,
        }
        for title, price, quantity in found
    ]
