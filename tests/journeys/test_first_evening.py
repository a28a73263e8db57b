"""The first evening: an empty folder becomes a shop that has sold, in few enough actions."""

from __future__ import annotations

import threading
from urllib.parse import urlsplit

import pytest
from flask_migrate import upgrade
from sqlalchemy import func, select

from salesbot import models
from salesbot.app import create_app
from salesbot.backup import age
from salesbot.config import DEMO_SIGN_IN
from salesbot.demo import load_demo
from salesbot.extensions import db, transaction
from salesbot.migrations.support import FOLDER
from salesbot.testing.shop import close
from salesbot.testing.twilio import StandIn
from salesbot.worker import Worker
from tests.support.browser import PHONE, watched_page
from tests.support.evening import KEYS, PATIENCE, SANDBOX, Evening
from tests.support.servers import serving

BEFORE = 12
"""Actions from the first page to a shop with a name, before the product is typed."""
MOST = 25
"""Actions after that, until it has sold, speaks two languages in its own words, and is backed up."""
PASSPHRASE = "correct horse battery staple"
KEPT = (models.Product, models.Category, models.LicenceKey, models.Order, models.Message, models.Wording)
SETTINGS = {"ENTRY_POINTS": False, "TESTING": True}


@pytest.fixture
def console():
    """Twilio, with an account of the seller's."""
    with StandIn() as twilio:
        twilio.account = twilio.contents.account = "AC" + "5a1e" * 8
        twilio.token, twilio.number = "0123456789abcdef0123456789abcdef", f"whatsapp:{SANDBOX}"
        yield twilio


@pytest.fixture
def first_start(tmp_path, console, monkeypatch):
    """What `make run` makes of an empty folder, with its worker: the app and its address."""
    monkeypatch.setattr(age, "WORK", 10)
    app = create_app({**SETTINGS, "TWILIO_API_URL": console.url}, instance_path=tmp_path / "instance")
    with app.app_context():
        upgrade(directory=str(FOLDER))
        with transaction():
            load_demo()
    stop = threading.Event()

    def work() -> None:
        worker = Worker(app)
        while not stop.is_set():
            if not worker.once():
                stop.wait(0.05)

    thread = threading.Thread(target=work)
    with serving(app) as address:
        app.config["PORT"] = urlsplit(address).port
        thread.start()
        yield app, address
        stop.set()
        thread.join()
    close(app)


def counted(app) -> dict[str, int]:
    """The rows that a seller would miss."""
    with app.app_context():
        return {model.__name__: db.session.scalar(select(func.count()).select_from(model)) for model in KEPT}


def test_the_first_evening(first_start, console, browser, tmp_path, monkeypatch):
    """Own shop, sandbox, first sale on the own phone, own words, another language, backup."""
    app, address = first_start
    with watched_page(browser) as page, watched_page(browser, viewport=PHONE) as phone:
        page.set_default_timeout(PATIENCE)
        evening = Evening(page, phone, console, address)
        evening.a_shop_of_ones_own((tmp_path / "instance" / DEMO_SIGN_IN).read_text().strip())
        evening.the_product_is_typed()
        before, evening.done = evening.done, []
        evening.how_to_be_paid()
        evening.whatsapp()
        assert KEYS[0] in evening.the_first_sale()
        assert "Good to see you at Olga's apps!" in evening.own_words()
        assert "¿Qué te gustaría?" in evening.writes("español")
    assert console.problems == []
    evening.done.append("types salesbot backup")
    everything_is_in_the_backup(app, tmp_path, monkeypatch)
    assert len(before) <= BEFORE, "\n".join(before)
    assert len(evening.done) <= MOST, "\n".join(evening.done)


def everything_is_in_the_backup(app, tmp_path, monkeypatch) -> None:
    """In another folder all of it is there again."""
    monkeypatch.setenv("SALESBOT_BACKUP_PASSPHRASE", PASSPHRASE)
    ran = app.test_cli_runner().invoke(args=["backup", str(tmp_path / "shop.age")])
    assert ran.exit_code == 0, ran.output
    there = counted(app)
    assert (there["Product"], there["Order"], there["LicenceKey"]) == (1, 1, len(KEYS))
    other = create_app(SETTINGS, instance_path=tmp_path / "other")
    ran = other.test_cli_runner().invoke(args=["restore", str(tmp_path / "shop.age")])
    assert ran.exit_code == 0, ran.output
    assert counted(other) == there
    close(other)
