"""A shop that takes cards and transfers, and everybody around it, for many schedules one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from flask import Flask
from salesbot_payment_stripe import api
from sqlalchemy import NullPool, create_engine
from werkzeug.security import generate_password_hash

from salesbot import asking
from salesbot.channels import twilio_api
from salesbot.database import db, transaction
from salesbot.models import StaffUser
from salesbot.options import OPTIONS
from salesbot.testing.catalogue import Catalogue
from salesbot.testing.stripe import KEY, SECRET
from salesbot.testing.stripe import StandIn as Stripe
from salesbot.testing.twilio import StandIn as Twilio
from tests.faults.books import Books, Seen
from tests.faults.shops import InProcess, Processes, Shop

OWNER, PASSWORD = "olga@example.com", "a long enough password"


@dataclass
class World:
    """What a schedule happens to; `secrets` are all keys that were ever in stock, by their rows' ids."""

    app: Flask
    shop: Shop
    twilio: Twilio
    stripe: Stripe
    books: Books
    seen: Seen = field(default_factory=Seen)
    secrets: dict[int, str] = field(default_factory=dict)
    schedules: int = 0
    kills: int = 0

    def problems(self) -> list[str]:
        """What is wrong now."""
        return self.books.problems(self.stripe, self.twilio, self.seen, self.secrets)


def settings(stripe: Stripe) -> dict[str, Any]:
    """The settings of the shop."""
    return {
        "ENTRY_POINTS": False,
        "BACK_OFFICE": True,
        "LOG_LEVEL": "INFO",
        # Without HTTPS a browser sends its cookies to 127.0.0.1 too.
        "PUBLIC_URL": "http://shop.example",
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "STRIPE_API_URL": stripe.url,
    }


@contextmanager
def in_process(app: Flask, twilio: Twilio, stripe: Stripe) -> Iterator[World]:
    """A world in this process, where a crash is an exception: quick."""
    from stripe import HTTPClient

    waits = patch.multiple(HTTPClient, INITIAL_DELAY=0.01, MAX_DELAY=0.02)
    patient = patch.object(asking, "SLOW", 60)
    with waits, patient, patch.object(twilio_api, "TIMEOUT", 0.3), patch.object(api, "TIMEOUT", 0.3):
        yield from _world(app, twilio, stripe, lambda: InProcess(app))


@contextmanager
def in_processes(app: Flask, twilio: Twilio, stripe: Stripe, folder: Path) -> Iterator[World]:
    """A world of gunicorn and a worker, which are killed; `app` only fills the shop."""
    given = {option.name: app.config[option.name] for option in OPTIONS} | settings(stripe)
    yield from _world(app, twilio, stripe, lambda: Processes(given, Path(app.instance_path), folder))


def _world(
    app: Flask, twilio: Twilio, stripe: Stripe, start: Callable[[], InProcess | Processes]
) -> Iterator[World]:
    with app.app_context(), transaction():
        # Kept in a way that is quick to check.
        hashed = generate_password_hash(PASSWORD, "pbkdf2:sha256:1")
        db.session.add(StaffUser(email=OWNER, name="Olga", role="owner", password_hash=hashed))
    Catalogue(app).setting("payment_manual.details", "Bank of Examples 1234")
    shop = start()
    try:
        twilio.connect(app)
        twilio.target = stripe.target = shop.target
        engine = create_engine(app.config["DATABASE_URL"], poolclass=NullPool)
        yield World(app, shop, twilio, stripe, Books(engine))
    finally:
        shop.close()
