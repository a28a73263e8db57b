"""The few words that columns hold, such as states, as people say them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext

from salesbot.admin.shown.noted import noted

STATES: Mapping[str, tuple[Any, str]] = {
    # orders
    "pending": (lazy_gettext("waits for payment"), "warn"),
    "paid": (lazy_gettext("paid"), "calm"),
    "fulfilled": (lazy_gettext("delivered in full"), "good"),
    "expired": (lazy_gettext("expired"), ""),
    "cancelled": (lazy_gettext("cancelled"), ""),
    # money
    "started": (lazy_gettext("begun"), "calm"),
    "confirmed": (lazy_gettext("confirmed"), "good"),
    "failed": (lazy_gettext("failed"), "bad"),
    "disputed": (lazy_gettext("disputed"), "bad"),
    "done": (lazy_gettext("done"), "good"),
    "needs_staff": (lazy_gettext("needs you"), "bad"),
    # deliveries
    "due": (lazy_gettext("being made"), "calm"),
    "no_stock": (lazy_gettext("paid, no key left"), "bad"),
    "delivered": (lazy_gettext("delivered"), "good"),
    "revoked": (lazy_gettext("taken back"), ""),
    # messages
    "received": (lazy_gettext("received"), ""),
    "unhandled": (lazy_gettext("the bot could not answer"), "bad"),
    "answered": (lazy_gettext("sent as the answer"), ""),
    "waiting": (lazy_gettext("waits to be sent"), "calm"),
    "held": (lazy_gettext("waits until the customer writes"), "warn"),
    "sending": (lazy_gettext("is being sent"), "calm"),
    "unknown": (lazy_gettext("nobody knows if it arrived"), "bad"),
    "queued": (lazy_gettext("on its way"), "calm"),
    "sent": (lazy_gettext("sent"), ""),
    "read": (lazy_gettext("read"), "good"),
    "undelivered": (lazy_gettext("did not arrive"), "bad"),
    # the audit
    "created": (lazy_gettext("added"), "good"),
    "changed": (lazy_gettext("changed"), "calm"),
    "deleted": (lazy_gettext("deleted"), "bad"),
    "signed_in": (lazy_gettext("signed in"), ""),
    "exported": (lazy_gettext("took out"), "warn"),
    "opened": (lazy_gettext("opened the goods of"), "warn"),
    "imported": (lazy_gettext("brought in"), "calm"),
    "erased": (lazy_gettext("forgot"), "bad"),
}
AGREED: Mapping[str, Any] = {
    "stopped": lazy_gettext("Wants nothing unasked"),
    "allowed": lazy_gettext("May get unasked messages again"),
    "stock": lazy_gettext("Wants to hear when it is back"),
}
WORDS: Mapping[str, Mapping[str, Any]] = {
    "what": AGREED,
    "role": {
        "owner": lazy_gettext("owner"),
        "manager": lazy_gettext("manager"),
        "agent": lazy_gettext("agent"),
        "viewer": lazy_gettext("viewer"),
    },
    "direction": {"in": lazy_gettext("in"), "out": lazy_gettext("out")},
    "answered_by": {"bot": lazy_gettext("the bot"), "person": lazy_gettext("a person")},
    "kind": {
        "key": lazy_gettext("key"),
        "file": lazy_gettext("file"),
        "link": lazy_gettext("link"),
        "paid": lazy_gettext("paid"),
        "failed": lazy_gettext("failed"),
        "refunded": lazy_gettext("refunded"),
        "disputed": lazy_gettext("disputed"),
    },
    "method": {
        "manual": lazy_gettext("bank transfer"),
        "demo": lazy_gettext("pretended"),
        "stripe": lazy_gettext("card"),
    },
    "channel": {"twilio": "WhatsApp", "simulator": lazy_gettext("simulator")},
    "tone": {
        "good": lazy_gettext("green"),
        "calm": lazy_gettext("blue"),
        "warn": lazy_gettext("yellow"),
        "bad": lazy_gettext("red"),
    },
}
"""The words that a column of one of these names may hold, as people say them."""


def in_words(column: str, word: str) -> Any:
    """A word that a column holds, as people say it."""
    if word in WORDS.get(column, {}):
        return WORDS[column][word]
    return STATES[word][0] if word in STATES else noted(word)


def agreed(what: str) -> Any:
    """What a customer agreed to or refused, in words."""
    return AGREED.get(what, what)
