"""The way to Stripe: its SDK, loaded when it is first needed, with a timeout and few tries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import ModuleType
from typing import TYPE_CHECKING

from flask import current_app

from salesbot import setting
from salesbot.models import db

if TYPE_CHECKING:
    from stripe import StripeClient

TIMEOUT = 10.0
"""Seconds for one try."""
TRIES = 3


def sdk() -> ModuleType:
    """Stripe's SDK. Loading it takes a third of a second and 30 MB, so a shop without cards never does."""
    import stripe  # noqa: PLC0415 - see above

    # It would write a file into the home folder and report about this machine.
    stripe.enable_telemetry = False
    return stripe


def secret_key() -> str:
    """The key that opens the shop's Stripe account, or nothing."""
    return setting("stripe_secret_key").strip()


def webhook_secrets() -> list[str]:
    """What Stripe signs its events with; several while one is being replaced."""
    return setting("stripe_webhook_secret").replace(",", " ").split()


@contextmanager
def client() -> Iterator[StripeClient]:
    """A client of the shop's account.

    ConnectionError where Stripe cannot be reached, is too busy or has trouble of its own: the same
    may be tried again. What Stripe refuses stays the SDK's error.
    """
    stripe = sdk()
    key, address = secret_key(), current_app.config.get("STRIPE_API_URL")
    # Nothing of the database is held while we wait for somebody else.
    db.session.rollback()
    http = stripe.RequestsClient(timeout=TIMEOUT)
    with closing(http):
        try:
            yield stripe.StripeClient(
                key,
                base_addresses={"api": address} if address else {},
                max_network_retries=TRIES - 1,
                http_client=http,
            )
        except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as exc:
            raise ConnectionError(f"Stripe can't be asked now: {exc}") from exc
