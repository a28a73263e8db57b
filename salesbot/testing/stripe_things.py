"""Sessions, payments, refunds and disputes as Stripe keeps them, and the events that it makes of them."""

from __future__ import annotations

import copy
import hmac
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from salesbot.testing import stripe_rules
from salesbot.testing.stripe_rules import DAY, Refusal

Thing = dict[str, Any]

OPEN = {"needs_response", "under_review", "warning_needs_response", "warning_under_review"}
"""States of a dispute that the bank has not decided about."""


def name(prefix: str) -> str:
    """A fresh id in Stripe's form."""
    return f"{prefix}_{secrets.token_hex(12)}"


def sign(body: bytes, keys: Sequence[str], at: float | None = None) -> str:
    """Stripe's word that it sends these bytes, one for each secret."""
    moment = int(time.time() if at is None else at)
    signed = f"{moment}.".encode() + body
    words = [hmac.new(secret.encode(), signed, sha256).hexdigest() for secret in keys]
    return ",".join([f"t={moment}", *(f"v1={word}" for word in words), "v0=6ffbb59b2300aae63f272406"])


@dataclass
class Account:
    """One account at Stripe: what is in it, and every event so far, in order.

    What happens to a payment is told by the id of its session; each call returns its own events.
    """

    url: str = ""
    sessions: dict[str, Thing] = field(default_factory=dict)
    intents: dict[str, Thing] = field(default_factory=dict)
    charges: dict[str, Thing] = field(default_factory=dict)
    refunds: dict[str, Thing] = field(default_factory=dict)
    disputes: dict[str, Thing] = field(default_factory=dict)
    events: list[Thing] = field(default_factory=list)
    _intent_data: dict[str, Thing] = field(default_factory=dict)

    def new_session(self, params: Mapping[str, Any]) -> Thing | Refusal:
        """A Checkout Session, or why not."""
        refusal = stripe_rules.session_refusal(params)
        if refusal is not None:
            return refusal
        lines = list(params["line_items"].values())
        session_id = name("cs_test")
        amount = stripe_rules.total(lines)
        session = {
            "id": session_id,
            "object": "checkout.session",
            "amount_subtotal": amount,
            "amount_total": amount,
            "cancel_url": params["cancel_url"],
            "client_reference_id": params.get("client_reference_id"),
            "created": int(time.time()),
            "currency": lines[0]["price_data"]["currency"],
            "expires_at": int(params.get("expires_at", time.time() + DAY)),
            "livemode": False,
            "metadata": params.get("metadata", {}),
            "mode": "payment",
            "payment_intent": None,
            "payment_status": "unpaid",
            "status": "open",
            "success_url": params["success_url"],
            "url": f"{self.url}/c/pay/{session_id}",
        }
        self.sessions[session_id] = session
        self._intent_data[session_id] = params.get("payment_intent_data", {})
        return copy.deepcopy(session)

    def pays(self, session_id: str, *, later: bool = False) -> list[Thing]:
        """The customer pays on the page; `later`: in a way that takes days until the money is there."""
        session = self.sessions[session_id]
        if session["status"] != "open":
            raise ValueError(f"the session is {session['status']}")
        intent = self._new_intent(session)
        session |= {"status": "complete", "payment_intent": intent["id"], "url": None}
        if later:
            intent["status"] = "processing"
            return self._tell(("payment_intent.processing", intent), ("checkout.session.completed", session))
        charge = self._charge(intent, session)
        return self._tell(
            ("payment_intent.created", intent),
            ("charge.succeeded", charge),
            ("payment_intent.succeeded", intent),
            ("checkout.session.completed", session),
        )

    def arrives(self, session_id: str) -> list[Thing]:
        """The money of a payment that took days is there."""
        session = self.sessions[session_id]
        charge = self._charge(self.intents[session["payment_intent"]], session)
        return self._tell(("charge.succeeded", charge), ("checkout.session.async_payment_succeeded", session))

    def fails(self, session_id: str) -> list[Thing]:
        """The money of a payment that took days does not come."""
        session = self.sessions[session_id]
        intent = self.intents[session["payment_intent"]]
        intent["status"] = "requires_payment_method"
        return self._tell(
            ("payment_intent.payment_failed", intent), ("checkout.session.async_payment_failed", session)
        )

    def expires(self, session_id: str) -> list[Thing]:
        """The session's time is over and nobody has paid."""
        session = self.sessions[session_id]
        session |= {"status": "expired", "url": None}
        return self._tell(("checkout.session.expired", session))

    def new_refund(self, params: Mapping[str, Any]) -> Thing | Refusal:
        """A refund that was asked for by the API, or why not."""
        refusal = stripe_rules.refund_refusal(params)
        if refusal is not None:
            return refusal
        wanted = params.get("payment_intent", "")
        if wanted not in self.intents:
            return Refusal(
                404, f"No such payment_intent: '{wanted}'", code="resource_missing", param="payment_intent"
            )
        charge = self.charges[self.intents[wanted]["latest_charge"]]
        left = charge["amount"] - charge["amount_refunded"]
        amount = int(params.get("amount", left))
        if not left:
            return Refusal(400, f"Charge {charge['id']} has been refunded.", code="charge_already_refunded")
        if any(d["charge"] == charge["id"] and d["status"] in OPEN for d in self.disputes.values()):
            return Refusal(400, f"Charge {charge['id']} is disputed.", code="charge_disputed")
        if amount > left:
            return Refusal(400, f"Refund amount is greater than what is left ({left}).", param="amount")
        return stripe_rules.amount_refusal(amount, charge["currency"], "amount") or self._give_back(
            charge, amount, params.get("metadata", {})
        )

    def refunds_by_hand(self, session_id: str, amount: int | None = None) -> list[Thing]:
        """Somebody clicks on "Refund" in Stripe's dashboard."""
        before = len(self.events)
        charge = self._charge_of(session_id)
        self._give_back(charge, amount or charge["amount"] - charge["amount_refunded"], {})
        return self.events[before:]

    def refund_fails(self, refund_id: str) -> list[Thing]:
        """The buyer's bank sends a refund back."""
        refund = self.refunds[refund_id]
        refund |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
        charge = self.charges[refund["charge"]]
        charge |= {"amount_refunded": charge["amount_refunded"] - refund["amount"], "refunded": False}
        return self._tell(("refund.updated", refund), ("refund.failed", refund))

    def disputes_it(self, session_id: str, amount: int | None = None) -> list[Thing]:
        """The buyer tells the bank that the payment was wrong."""
        charge = self._charge_of(session_id)
        charge["disputed"] = True
        dispute = {
            "id": name("dp"),
            "object": "dispute",
            "amount": amount or charge["amount"],
            "charge": charge["id"],
            "created": int(time.time()),
            "currency": charge["currency"],
            "livemode": False,
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "reason": "fraudulent",
            "status": "needs_response",
        }
        self.disputes[dispute["id"]] = dispute
        return self._tell(("charge.dispute.created", dispute), ("charge.dispute.funds_withdrawn", dispute))

    def closes(self, session_id: str, status: str) -> list[Thing]:
        """The bank has decided about the newest dispute: "won", "lost" or "warning_closed"."""
        charge = self._charge_of(session_id)
        dispute = [found for found in self.disputes.values() if found["charge"] == charge["id"]][-1]
        dispute["status"] = status
        told = [("charge.dispute.closed", dispute)]
        return self._tell(*told, *([("charge.dispute.funds_reinstated", dispute)] if status == "won" else []))

    def _new_intent(self, session: Thing) -> Thing:
        data = self._intent_data[session["id"]]
        intent = {
            "id": name("pi"),
            "object": "payment_intent",
            "amount": session["amount_total"],
            "amount_received": 0,
            "currency": session["currency"],
            "description": data.get("description"),
            "latest_charge": None,
            "livemode": False,
            "metadata": data.get("metadata", {}),
            "status": "requires_payment_method",
        }
        self.intents[intent["id"]] = intent
        return intent

    def _charge(self, intent: Thing, session: Thing) -> Thing:
        charge = {
            "id": name("ch"),
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": intent["amount"],
            "amount_refunded": 0,
            "captured": True,
            "currency": intent["currency"],
            "description": intent["description"],
            "disputed": False,
            "livemode": False,
            "metadata": dict(intent["metadata"]),
            "paid": True,
            "payment_intent": intent["id"],
            "receipt_url": None,
            "refunded": False,
            "status": "succeeded",
        }
        self.charges[charge["id"]] = charge
        intent |= {"status": "succeeded", "latest_charge": charge["id"], "amount_received": charge["amount"]}
        session["payment_status"] = "paid"
        return charge

    def _charge_of(self, session_id: str) -> Thing:
        return self.charges[self.intents[self.sessions[session_id]["payment_intent"]]["latest_charge"]]

    def _give_back(self, charge: Thing, amount: int, metadata: Mapping[str, str]) -> Thing:
        refund = {
            "id": name("re"),
            "object": "refund",
            "amount": amount,
            "charge": charge["id"],
            "created": int(time.time()),
            "currency": charge["currency"],
            "metadata": dict(metadata),
            "payment_intent": charge["payment_intent"],
            "reason": None,
            "status": "succeeded",
        }
        self.refunds[refund["id"]] = refund
        before = {key: charge[key] for key in ("amount_refunded", "receipt_url", "refunded")}
        charge["amount_refunded"] += amount
        charge |= {"refunded": charge["amount_refunded"] == charge["amount"], "receipt_url": "https://pay/r"}
        self._tell(("charge.refunded", charge), before=before)
        self._tell(("refund.created", refund), ("refund.updated", refund), ("charge.refund.updated", refund))
        return copy.deepcopy(refund)

    def _tell(self, *happened: tuple[str, Thing], before: Thing | None = None) -> list[Thing]:
        """Events hold what was true when they happened, whatever comes afterwards."""
        from stripe import api_version

        events = [
            {
                "id": name("evt"),
                "object": "event",
                "api_version": api_version,
                "created": int(time.time()),
                "data": {"object": copy.deepcopy(thing)}
                | ({"previous_attributes": before} if before is not None else {}),
                "livemode": False,
                "pending_webhooks": 1,
                "request": {"id": None, "idempotency_key": None},
                "type": kind,
            }
            for kind, thing in happened
        ]
        self.events += events
        return events
