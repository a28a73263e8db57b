"""A person asks what is stored about them, or to be forgotten: the shop's part and each plugin's."""

from __future__ import annotations

import json
from types import ModuleType

import pytest
from sqlalchemy import select

from salesbot import hookimpl, models, people
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
