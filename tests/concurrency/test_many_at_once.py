"""Many things at once, in several processes on one database: nothing lost, nothing double."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import NullPool, create_engine, func, select, text
from twilio.request_validator import RequestValidator

from salesbot import database
from salesbot.database import db
from salesbot.models import Delivery, LicenceKey, Message, Order, OrderEvent, PluginFailure, PluginState
from tests.concurrency.processes import buy, fail, pay, post, spread

pytestmark = pytest.mark.both_databases


@pytest.fixture
def signed(app):
    """A signed webhook request: (path, form, signature)."""

    def make(sid, body, sender="whatsapp:+491511234567"):
        form = {
            "MessageSid": sid,
            "AccountSid": app.config["TWILIO_ACCOUNT_SID"],
            "From": sender,
            "To": app.config["TWILIO_WHATSAPP_NUMBER"],
            "Body": body,
            "NumMedia": "0",
        }
        path = "/webhooks/twilio/message"
        validator = RequestValidator(app.config["TWILIO_AUTH_TOKEN"][0])
        return path, form, validator.compute_signature(app.config["PUBLIC_URL"] + path, form)

    return make


def test_fifty_deliveries_of_thirty_five_messages_are_thirty_five_turns_in_a_row(app, signed, stored):
    sids = [f"SM{number:032x}" for number in range(35)]
    requests = [signed(sid, f"count {sid}") for sid in [*sids, *sids[:15]]]
    answers = spread(app, post, requests)
    assert {status for _sid, status, _body in answers} == {200}
    numbers = {sid: re.search(r"number (\d+)", body)[1] for sid, _status, body in answers}
    assert sorted(map(int, numbers.values())) == list(range(1, 36)), "no count is lost, none comes twice"
    assert len({(sid, body) for sid, _status, body in answers}) == 35, "a repeated one is answered alike"
    assert stored(select(func.count(Message.id)).where(Message.direction == "in")) == [35]
    assert stored(select(func.count(Message.id)).where(Message.direction == "out")) == [35]


def test_a_hundred_keys_go_to_a_hundred_of_two_hundred_buyers(app, catalogue, stored):
    editor = catalogue.key("Editor", price=1000, keys=100)
    texts = spread(app, buy, [(f"buyer-{number}", editor.id) for number in range(200)])
    assert sum("/pay/" in words for words in texts) == 100
    assert sum("sold out" in words for words in texts) == 100
    orders = stored(select(Order))
    assert len(orders) == 100
    outcomes = spread(app, pay, [(order.id, order.total, report) for order in orders for report in range(2)])
    assert sorted(outcomes) == ["known already"] * 100 + ["paid"] * 100
    keys = stored(select(LicenceKey))
    assert len({key.delivery_id for key in keys}) == 100
    assert all(key.delivery_id is not None for key in keys)
    assert stored(select(func.count(Delivery.id)).where(Delivery.state == "delivered")) == [100]
    paid = stored(select(func.count(OrderEvent.id)).where(OrderEvent.what == "pending → paid"))
    assert paid == [100]


def test_processes_that_switch_the_same_plugins_off_at_once_do_not_collide(app, stored):
    plugins = ("greeting", "catalog")
    spread(app, fail, [(plugin, number) for number in range(24) for plugin in plugins])
    off = stored(select(PluginState).where(~PluginState.enabled, PluginState.by_itself))
    assert sorted(state.name for state in off) == sorted(plugins)
    assert stored(select(func.count(PluginFailure.id))) == [48]


def close_connections(app):
    """As the server does when it is restarted; with SQLite there is no server."""
    with app.app_context():
        if db.engine.dialect.name == "postgresql":
            other = create_engine(db.engine.url, poolclass=NullPool)
            with other.begin() as connection:
                connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )
        else:
            db.engine.dispose()


def test_connections_that_the_server_closed_cost_no_page_when_they_have_rested(app, monkeypatch):
    monkeypatch.setattr(database, "RESTED", 0.0)
    with app.app_context():
        assert db.session.scalar(select(1)) == 1
    close_connections(app)
    for _time in range(2):
        with app.app_context():
            assert db.session.scalar(select(1)) == 1


@pytest.mark.parametrize("rested", [0.0, 60.0])
def test_connections_that_the_server_closed_cost_no_message(app, signed, stored, monkeypatch, rested):
    """The turn begins anew when the one it got was busy a moment ago."""
    monkeypatch.setattr(database, "RESTED", rested)
    for number in range(3):
        close_connections(app)
        _sid, status, body = post(app, signed(f"SM{number:032x}", "hi"))
        assert (status, "1. " in body) == (200, True)
    assert stored(select(func.count(Message.id)).where(Message.state == "unhandled")) == [0]
