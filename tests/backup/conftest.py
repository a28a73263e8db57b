"""Shops that are copied: one with something in every table, and empty ones to restore into."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import select

from salesbot import clock
from salesbot.app import create_app
from salesbot.backup import age
from salesbot.database import db, in_transaction, table, transaction
from salesbot.models import (
    ALL,
    Coupon,
    CustomerAddress,
    Message,
    Payment,
    PluginFailure,
    PluginState,
    Product,
    Refund,
    StockWait,
)
from salesbot.models import Customer as Person
from salesbot.services import keyring, shop, staff, uploads
from salesbot.testing.catalogue import Catalogue
from salesbot.testing.customer import Customer, link_in
from salesbot.testing.shop import FILE, QUICK, Apps, close, copied

PASSWORD = "a long enough password"
PASSPHRASE = "correct horse battery staple"
KEYS = [f"KEY-{number:03}-ÄÖ" for number in range(40)]
BOOK = bytes(range(256)) * 700
ODD_NAME = "Größe & Maß – 日本.pdf"


@pytest.fixture(autouse=True)
def quick_scrypt(monkeypatch):
    """Guessing a passphrase may be cheap in tests; what it costs otherwise has a test of its own."""
    monkeypatch.setattr(age, "WORK", 10)


@pytest.fixture
def passphrase(monkeypatch):
    """The one that every command of a test finds in its environment."""
    monkeypatch.setenv("SALESBOT_BACKUP_PASSPHRASE", PASSPHRASE)
    return PASSPHRASE


@dataclass
class Copy:
    """A shop that a test restores into."""

    app: Flask
    started: Callable[[], Flask]

    def restarts(self):
        """A new process, as after every restore: it reads the keyring and all settings anew."""
        self.app = self.started()

    @property
    def folder(self) -> Path:
        return Path(self.app.instance_path)

    def run(self, *words):
        """Runs a command; its exit status and what it prints."""
        done = self.app.test_cli_runner().invoke(args=[str(word) for word in words])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output

    def rows(self):
        """Everything in the database as the models see it, by table."""
        with self.app.app_context():
            found = {}
            for model in ALL:
                there = table(model)
                order = list(there.primary_key)
                found[there.name] = [tuple(row) for row in db.session.execute(select(there).order_by(*order))]
            db.session.remove()
        return found

    def is_empty(self):
        """Whether there is as little in it as before a restore was tried."""
        with self.app.app_context(), db.engine.connect() as connection:
            tables = [sa.table(name) for name in sa.inspect(connection).get_table_names()]
            counts = [connection.scalar(sa.select(sa.func.count()).select_from(each)) for each in tables]
        return not any(counts) and set(self.files()) <= {"keyring", "session_secret", "config.py"}

    def files(self):
        """Every file of the instance folder but the database, with its content."""
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and not path.name.startswith("salesbot.db")
        }


@pytest.fixture
def empty_shop(tmp_path, twilio, make_database):
    """Makes shops in which nothing is: `empty_shop("postgresql", "name of its folder")`."""
    made = []

    def make(kind="sqlite", name="new", *, plugins=(), **settings):
        if kind == "postgresql":
            settings.setdefault("DATABASE_URL", make_database())

        def start():
            app = create_app(
                {**QUICK, "ENTRY_POINTS": False, "PUBLIC_URL": twilio.public_url, **settings},
                instance_path=tmp_path / name,
                plugins=plugins,
            )
            made.append(app)
            return app

        return Copy(start(), start)

    yield make
    for app in made:
        close(app)


@pytest.fixture
def make_database(request):
    """Makes empty PostgreSQL databases; asks for the server only when one is wanted."""
    return lambda: request.getfixturevalue("make_postgres_database")()  # noqa: PLW0108 - not before it is called


@dataclass
class Bought:
    """What a customer held in the old shop."""

    address: str
    key: str
    book_page: str
    pay_page: str


def _sell(app, twilio):
    """Fills a shop, and says what its customer has bought there."""
    catalogue, customer = Catalogue(app), Customer(app, twilio, "Ana")
    catalogue.key("Editor", price=1900, keys=KEYS)
    catalogue.file("Field guide", price=900, content=BOOK, file_name=ODD_NAME)
    catalogue.link("Course")
    customer.says("Editor")
    customer.picks("Buy")
    key = next(word for reply in customer.pays() for word in reply.text.split() if word.startswith("KEY-"))
    customer.says("Field guide")
    customer.picks("Buy")
    book_page = link_in(" ".join(reply.text for reply in customer.pays()), "/d/")
    customer.says("Course")
    offer = customer.picks("Buy")
    pay_page = link_in(" ".join(reply.text for reply in offer), "/pay/")
    with app.app_context():
        in_transaction(_the_rest)
        db.session.remove()
    return Bought(customer.address, key, book_page, pay_page)


@pytest.fixture(scope="session")
def sold(salesbot_shelf, salesbot_template, salesbot_twilio_server, tmp_path_factory):
    """The folder of a shop on SQLite that has sold; it is made once, and copied."""
    folder = copied(salesbot_template, tmp_path_factory.mktemp("sold") / "instance")
    url = f"sqlite:///{folder / FILE}"
    with Apps(salesbot_shelf, folder, url, salesbot_twilio_server, {"ENTRY_POINTS": False}, []) as apps:
        found = _sell(apps.make(), salesbot_twilio_server)
    return folder, found


@pytest.fixture
def bought(request, salesbot_database, salesbot_instance, salesbot_apps, twilio):
    """What was bought in the shop under test, before it is started."""
    if salesbot_database.startswith("postgresql"):
        return _sell(salesbot_apps(), twilio)
    folder, found = request.getfixturevalue("sold")
    shutil.copytree(folder, salesbot_instance, dirs_exist_ok=True)
    return found


@pytest.fixture
def app(bought, salesbot_apps):
    """The shop that is backed up."""
    return salesbot_apps()


def _the_rest():
    keyring.ensure()
    shop.save("SHOP_NAME", "Ana’s „Lädchen“ \\ \n 🛍")
    shop.save("helper.token", "a secret word", secret=True)
    staff.add("olga@example.com", PASSWORD, role="owner", name="Olga")
    product = db.session.scalars(select(Product)).first()
    product.options = {"z": 1, "a": [None, 1.5, "ü"], "b": {}}
    product.cover = uploads.keep_cover(_picture(), "cover.png")
    payment = db.session.scalars(select(Payment)).first()
    message = db.session.scalars(select(Message).order_by(Message.id)).first()
    others = Person(name="O'Neill; DROP TABLE --\t\\N", language="pt_BR", stopped_at=clock.now())
    db.session.add(others)
    db.session.flush()
    db.session.add_all(
        [
            CustomerAddress(customer_id=others.id, channel="twilio", address="whatsapp:DE.abc"),
            Refund(payment_id=payment.id, amount=1, currency="USD", why='he said "no"', state="needs_staff"),
            Coupon(code="TEN", percent=10, starts_at=datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=UTC)),
            StockWait(product_id=product.id, conversation_id=message.conversation_id, told_at=clock.now()),
            PluginState(name="greeting", enabled=True, reason=""),
            PluginFailure(plugin="x", hook="y", error="line 1\nline 2"),
        ]
    )


def _picture():
    from io import BytesIO

    from PIL import Image

    out = BytesIO()
    Image.new("RGB", (8, 8), "teal").save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def old(app, salesbot_apps):
    """The same, with what can be asked of a copy."""
    return Copy(app, salesbot_apps)


@pytest.fixture
def backup_file(old, passphrase, tmp_path):
    """A backup of it."""
    path = tmp_path / "shop.age"
    status, output = old.run("backup", path)
    assert status == 0, output
    return path


@pytest.fixture
def change(app):
    """Does something to the old shop's rows."""

    def work(function):
        with app.app_context(), transaction():
            function()

    return work
