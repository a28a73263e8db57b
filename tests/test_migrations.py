"""The database's versions go up and down on both databases, with a shop's rows in the tables."""

from __future__ import annotations

import pytest
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import func, inspect, select

from salesbot import dispatcher, fulfilment
from salesbot.app import create_app
from salesbot.channels import simulator
from salesbot.database import db, in_transaction, transaction
from salesbot.demo import load_demo
from salesbot.messages import PaymentEvent
from salesbot.migrations.support import FOLDER
from salesbot.models import ALL, Message, Order
from salesbot.testing.shop import close

TABLES = {model.__tablename__ for model in ALL}


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_app(request, tmp_path):
    """An app on a database that holds nothing yet."""
    settings = {"ENTRY_POINTS": False, "BACK_OFFICE": False, "LOG_LEVEL": "WARNING"}
    if request.param == "postgresql":
        settings["DATABASE_URL"] = request.getfixturevalue("make_postgres_database")()
    app = create_app(settings, instance_path=tmp_path / "instance")
    yield app
    close(app)


def sell_something():
    """A shop with goods, a chat, a paid and an open order."""
    with transaction():
        load_demo()
    for text in ("hi", "Focus Timer Pro", "Buy"):
        dispatcher.receive(simulator.incoming("ana", text))
    order = db.session.scalars(select(Order)).one()
    event = PaymentEvent("e1", order.id, "m1", "paid", order.total, order.currency)
    db.session.rollback()
    in_transaction(lambda: fulfilment.take_event("demo", event))
    for text in ("Photo Tidy", "Buy"):
        dispatcher.receive(simulator.incoming("ben", text))


def test_versions_go_up_down_and_up_again_over_a_shops_rows(empty_app):
    with empty_app.app_context():
        upgrade(directory=str(FOLDER))
        sell_something()
        assert db.session.scalar(select(func.count(Order.id))) == 2
        assert db.session.scalar(select(func.count(Message.id))) > 5
        db.session.remove()
        downgrade(directory=str(FOLDER), revision="0001")
        upgrade(directory=str(FOLDER))
        assert db.session.scalar(select(func.count(Message.id))) > 5
        db.session.remove()
        downgrade(directory=str(FOLDER), revision="base")
        assert TABLES.isdisjoint(inspect(db.engine).get_table_names())
        upgrade(directory=str(FOLDER))
        assert set(inspect(db.engine).get_table_names()) >= TABLES


def test_models_and_versions_say_the_same(empty_app):
    with empty_app.app_context():
        upgrade(directory=str(FOLDER))
        check(directory=str(FOLDER))


def test_upgrading_twice_changes_nothing(empty_app):
    with empty_app.app_context():
        for _ in range(2):
            upgrade(directory=str(FOLDER))
        sell_something()
        db.session.remove()
        upgrade(directory=str(FOLDER))
        assert db.session.scalar(select(func.count(Order.id))) == 2
        db.session.remove()
