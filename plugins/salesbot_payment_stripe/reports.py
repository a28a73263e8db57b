"""What Stripe reports, read from the raw body, as the events that the core understands.

The reference of all events of one payment is its payment intent's id. Where Stripe does not say
which order a payment is for, as with disputes, the order is 0 and the core finds it by the reference.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from salesbot import NotFromProvider, PaymentEvent
from salesbot import models as rows
from salesbot.models import db
from salesbot_payment_stripe import api
from salesbot_payment_stripe.amounts import from_stripe
from salesbot_payment_stripe.checkout import NUMBER, ORDER

log = logging.getLogger(__name__)

TOLERANCE = 300
"""Seconds after which a signed event is too old: somebody may have kept it to send it again."""

Thing = Mapping[str, Any]


def read(body: bytes, signature: str) -> Iterator[PaymentEvent]:
    """What a request of Stripe's says; NotFromProvider when it is not Stripe's."""
    _check(body, signature)
    try:
        event = json.loads(body)
        reader = _READERS.get(event["type"])
        if reader is None:
            log.info("Stripe's event %s of the type %s is not for us", event["id"], event["type"])
        else:
            yield from reader(event, event["data"]["object"])
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise NotFromProvider(f"it is signed, and no event of Stripe's: {type(exc).__name__} {exc}") from exc


def _check(body: bytes, signature: str) -> None:
    """Raises unless one of the shop's secrets has signed these very bytes a short while ago."""
    stripe = api.sdk()
    problem: Exception | str = "the shop has no webhook secret"
    for secret in api.webhook_secrets():
        try:
            stripe.WebhookSignature.verify_header(body, signature, secret, TOLERANCE)
        except (ValueError, TypeError, stripe.SignatureVerificationError) as exc:
            # ValueError for bytes that are no UTF-8, TypeError for a signature that is no ASCII.
            problem = exc
        else:
            return
    raise NotFromProvider(str(problem))


def _completed(event: Thing, session: Thing) -> Iterator[PaymentEvent]:
    """The customer is through; some ways to pay take days until the money is there."""
    if session["payment_status"] in {"paid", "no_payment_required"}:
        yield from _session("paid", event, session)


def _succeeded(event: Thing, session: Thing) -> Iterator[PaymentEvent]:
    yield from _session("paid", event, session)


def _failed(event: Thing, session: Thing) -> Iterator[PaymentEvent]:
    yield from _session("failed", event, session)


def _session(kind: str, event: Thing, session: Thing) -> Iterator[PaymentEvent]:
    order = _order(session)
    if not order:
        log.info("Stripe's session %s belongs to no order of this shop", session["id"])
        return
    # A session that ended without anybody paying has no payment intent.
    reference = _id(session.get("payment_intent")) or session["id"]
    yield _event(event["id"], order, reference, kind, session["amount_total"], session["currency"])


def _refunded(event: Thing, charge: Thing) -> Iterator[PaymentEvent]:
    """The amount is what this event added to what went back before.

    So all of them add up to the right sum in any order. The sum so far names the event, because
    Stripe may report one thing under two ids. `refund.created` comes before it is known whether the
    money goes, and `refund.updated` comes several times for one refund.
    """
    reference = _id(charge.get("payment_intent"))
    if not reference:
        return
    currency, so_far = charge["currency"].upper(), charge["amount_refunded"]
    before = (event["data"].get("previous_attributes") or {}).get("amount_refunded") or 0
    # Rounded sums, not a rounded difference: so nothing is lost where our unit is the larger one.
    amount = from_stripe(so_far, currency) - from_stripe(before, currency)
    if amount > 0:
        name = f"{charge['id']}-refunded-{so_far}"
        yield PaymentEvent(name, _order(charge), reference, "refunded", amount, currency)


def _refund_failed(event: Thing, refund: Thing) -> Iterator[PaymentEvent]:
    reference = _id(refund.get("payment_intent"))
    if reference:
        yield _event(event["id"], 0, reference, "refund_failed", refund["amount"], refund["currency"])


def _disputed(event: Thing, dispute: Thing) -> Iterator[PaymentEvent]:
    """Told under the dispute's own id, so that its end, when that comes first, can tell it too."""
    reference = _id(dispute.get("payment_intent"))
    if reference:
        yield _event(dispute["id"], 0, reference, "disputed", dispute["amount"], dispute["currency"])


def _dispute_closed(event: Thing, dispute: Thing) -> Iterator[PaymentEvent]:
    """A lost one has taken the money back; after any other the payment is as good as before."""
    for opened in _disputed(event, dispute):
        yield opened
        if dispute["status"] == "lost":
            yield replace(opened, id=f"{opened.id}-lost", kind="refunded")
        yield replace(opened, id=f"{opened.id}-closed", kind="paid")


_READERS: Mapping[str, Callable[[Thing, Thing], Iterator[PaymentEvent]]] = {
    "checkout.session.completed": _completed,
    "checkout.session.async_payment_succeeded": _succeeded,
    "checkout.session.async_payment_failed": _failed,
    "checkout.session.expired": _failed,
    "charge.refunded": _refunded,
    "refund.failed": _refund_failed,
    "charge.dispute.created": _disputed,
    "charge.dispute.closed": _dispute_closed,
}


def _event(name: str, order: int, reference: str, kind: str, amount: int, currency: str) -> PaymentEvent:
    currency = currency.upper()
    return PaymentEvent(name, order, reference, kind, from_stripe(amount, currency), currency)


def _order(thing: Thing) -> int:
    """The id of the order that we wrote into something of Stripe's; 0 when it is none of ours."""
    whose = thing.get("metadata") or {}
    number, name = whose.get(NUMBER), str(whose.get(ORDER, ""))
    if not number or not name.isascii() or not name.isdecimal() or len(name) > 18:
        return 0
    found = select(rows.Order.id).where(rows.Order.id == int(name), rows.Order.number == number)
    return db.session.scalar(found) or 0


def _id(thing: Any) -> str:
    """The id of something that Stripe names by its id or, when asked to, tells in full."""
    return str((thing["id"] if isinstance(thing, dict) else thing) or "")
