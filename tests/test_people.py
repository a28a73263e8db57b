"""A person asks what is stored about them, or to be forgotten: the shop's part and each plugin's."""

from __future__ import annotations

import json
import sys
import time
from types import ModuleType, SimpleNamespace

import pytest
from sqlalchemy import select

from salesbot import Setting, hookimpl, models, people, setting
from salesbot.errors import SalesbotError
from salesbot.models import db


@pytest.fixture
def notes():
    """What a plugin keeps outside the database, by customer."""
    return {}


@pytest.fixture
def salesbot_plugins(notes):
    plugin = ModuleType("salesbot_notes")

    @hookimpl
    def salesbot_export_customer(customer):
        return {"notes": notes.get(customer.id)}

    @hookimpl
    def salesbot_erase_customer(customer):
        del notes[customer.id]

    @hookimpl
    def salesbot_customers_joined(customer, other):
        notes[customer.id] = f"{notes.pop(customer.id)}, {notes.pop(other.id)}"

    plugin.salesbot_customers_joined = salesbot_customers_joined
    plugin.salesbot_export_customer = salesbot_export_customer
    plugin.salesbot_erase_customer = salesbot_erase_customer
    return [("notes", plugin)]


@pytest.fixture
def typed(app):
    return lambda *words: app.test_cli_runner().invoke(args=["customer", *words])


@pytest.mark.both_databases
def test_all_that_is_stored_is_told_and_then_forgotten(customers, catalogue, typed, notes, stored):
    ana, ben = customers("Ana"), customers("Ben")
    book = catalogue.file("Book")
    ana.says("my secret is 42")
    ana.taps(f"buy:{book.id}")
    ana.pays()
    ben.says("hello from Ben")
    number = ana.orders[-1].customer.id
    notes[number] = "likes chess"
    told = json.loads(typed("export", ana.address).output)
    assert told["name"] == "Ana"
    assert told["orders"][0]["lines"] == ["1 × Book"]
    assert "my secret is 42" in [message["text"] for message in told["messages"]]
    assert told["plugins"] == {"notes": {"notes": "likes chess"}}
    assert typed("erase", str(number), "--yes").output == "Forgotten.\n"
    assert number not in notes
    bodies = [message.body for message in stored(select(models.Message))]
    assert "my secret is 42" not in bodies
    assert "hello from Ben" in bodies
    assert stored(select(models.CustomerAddress.address).order_by(models.CustomerAddress.id))[0].startswith(
        "erased-"
    )
    assert [order.state for order in stored(select(models.Order))] == ["fulfilled"]
    assert "Ana" not in json.dumps(json.loads(typed("export", str(number)).output))


def test_nothing_is_forgotten_by_halves(customers, typed, stored):
    """The plugin has no notes on Ana, and its `del` fails."""
    ana = customers("Ana")
    ana.says("my secret is 42")
    ran = typed("erase", ana.address, "--yes")
    assert ran.exit_code == 1
    assert "nothing is changed, because plugin notes failed" in ran.output
    assert "my secret is 42" in [message.body for message in stored(select(models.Message))]


def test_what_plugins_keep_of_two_customers_who_are_one_comes_together(customers, app, notes):
    for name in ("Ana", "Ana's phone"):
        customers(name).says("hi")
    with app.app_context():
        ours, other = db.session.scalars(select(models.Customer.id).order_by(models.Customer.id))
        notes |= {ours: "chess", other: "books"}
        people.join(ours, other, who="olga@example.com")
        db.session.commit()
    assert notes == {ours: "chess, books"}


def test_nobody_is_forgotten_while_an_order_is_open(customer, catalogue, typed):
    customer.taps(f"buy:{catalogue.file('Book').id}")
    ran = typed("erase", customer.address, "--yes")
    assert "is open; end it first" in ran.output
    assert "there is no customer “nobody”" in typed("export", "nobody").output


def test_whoever_writes_again_is_somebody_new(customer, app, typed, notes):
    customer.says("hi")
    with app.app_context():
        notes[db.session.scalar(select(models.Customer.id))] = "x"
    assert typed("erase", customer.address, "--yes").exit_code == 0
    assert customer.says("hi")[0].choices
    with app.app_context():
        assert db.session.query(models.Customer).count() == 2


class Deeds:
    """A plugin whose hooks do what a test tells it to."""

    def __init__(self, name):
        self.name = name
        self.does = lambda: None

    def plugin(self):
        @hookimpl
        def salesbot_settings():
            return [Setting(f"{self.name}_key", "Key", default=f"of {self.name}", secret=True)]

        @hookimpl
        def salesbot_export_customer(customer):
            return {"said": self.does()}

        @hookimpl
        def salesbot_erase_customer(customer):
            self.does()

        @hookimpl
        def salesbot_customers_joined(customer, other):
            self.does()

        return (self.name, SimpleNamespace(**{k: v for k, v in locals().items() if k != "self"}))


@pytest.fixture
def two(salesbot_apps, twilio):
    """A shop with two plugins, of which `aaa` is asked first."""
    aaa, bbb = Deeds("aaa"), Deeds("bbb")
    app = salesbot_apps(plugins=[aaa.plugin(), bbb.plugin()])
    twilio.connect(app)
    return SimpleNamespace(app=app, aaa=aaa, bbb=bbb)


def commits():
    db.session.add(models.Category(title="half"))
    db.session.commit()


def sends_commit():
    db.session.add(models.Category(title="half"))
    db.session.flush()
    db.session.execute(db.text("COMMIT"))


def destroys():
    db.session.add(models.Category(title="half"))
    db.session.flush()
    db.session().get_transaction().rollback()


WRONG = {
    "raises": (lambda: {}["x"], "KeyError"),
    "exits": (lambda: sys.exit("bye"), "SystemExit: bye"),
    "commits": (commits, "commits the transaction of the core"),
    "sends COMMIT": (sends_commit, "ends the transaction of the core"),
    "destroys": (destroys, "rolls back the transaction of the core"),
    "sleeps": (lambda: time.sleep(0.5), "must not sleep"),
    "reads another's secret": (lambda: setting("aaa_key"), "plugin 'bbb' is not the one"),
}


@pytest.mark.both_databases
@pytest.mark.parametrize("hook", ["erase", "export", "join"])
@pytest.mark.parametrize(("deed", "said"), WRONG.values(), ids=WRONG)
def test_what_a_plugin_does_wrong_ends_undone_as_a_whole(two, hook, deed, said):
    """What the first plugin wrote is undone with what the second one did."""
    with two.app.app_context():
        ours, other = models.Customer(name="Ana"), models.Customer(name="Ana's phone")
        db.session.add_all([ours, other])
        db.session.commit()
        numbers = ours.id, other.id
    two.aaa.does = lambda: db.session.add(models.Category(title="of the first"))
    two.bbb.does = deed
    with two.app.app_context():
        ana = db.session.get(models.Customer, numbers[0])
        what = {
            "erase": lambda: people.erase(ana),
            "export": lambda: people.export(ana),
            "join": lambda: people.join(*numbers, who="olga@example.com"),
        }[hook]
        with pytest.raises(SalesbotError, match="nothing is changed, because plugin bbb failed") as told:
            what()
        db.session.rollback()
    assert said in str(told.value)
    with two.app.app_context():
        assert db.session.scalars(select(models.Category)).all() == []
        assert db.session.query(models.Customer).count() == 2


def test_a_plugin_reads_its_own_settings_while_people_are_told(two, twilio):
    with two.app.app_context():
        ana = models.Customer(name="Ana")
        db.session.add(ana)
        db.session.commit()
        two.bbb.does = lambda: setting("bbb_key")
        assert people.export(ana)["plugins"]["bbb"] == {"said": "of bbb"}


def test_a_command_says_why_a_person_was_not_told(two):
    with two.app.app_context():
        db.session.add(ana := models.Customer(name="Ana"))
        db.session.commit()
        number = ana.id
    two.bbb.does = lambda: sys.exit("bye")
    ran = two.app.test_cli_runner().invoke(args=["customer", "export", str(number)])
    assert ran.exit_code == 1
    assert "plugin bbb failed" in ran.output
