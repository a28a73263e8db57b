"""What a plugin did to the database is undone alone, however it wrote and however that failed."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from salesbot import Reply, hookimpl
from salesbot.database import table
from salesbot.models import Category, Message, PluginFailure, db

pytestmark = pytest.mark.both_databases


def writes_past_the_session():
    db.session.connection().execute(
        insert(table(Category)).values(title="Leftover", detail="", position=1, active=True)
    )
    raise ValueError


def leaves_what_cannot_be_stored():
    db.session.add(Category(title=None))


def swallows_what_the_database_says():
    db.session.add(Category(title="Leftover"))
    db.session.flush()
    db.session.add(Category(title=None))
    try:
        db.session.flush()
    except IntegrityError:
        return


def leaves_a_savepoint_of_its_own_open():
    db.session.begin_nested()
    db.session.add(Category(title="Leftover"))
    raise ValueError


FAULTS = (
    writes_past_the_session,
    leaves_what_cannot_be_stored,
    swallows_what_the_database_says,
    leaves_a_savepoint_of_its_own_open,
)


class Faulty:
    """A plugin with one of these faults."""

    def __init__(self, fault):
        self.fault = fault

    @hookimpl
    def salesbot_handle_message(self, message, chat):
        self.fault()
        return Reply("from the faulty plugin")


@pytest.fixture
def salesbot_plugins(request):
    return [("faulty", Faulty(request.param))]


@pytest.mark.parametrize("salesbot_plugins", FAULTS, indirect=True, ids=lambda fault: fault.__name__)
def test_the_next_plugin_answers_as_if_the_faulty_one_were_not_there(customer, stored, salesbot_plugins):
    (reply,) = customer.says("hi")
    assert "Welcome" in reply.text
    assert stored(select(Category)) == []
    assert [failure.plugin for failure in stored(select(PluginFailure))] == ["faulty"]
    assert [message.state for message in stored(select(Message).where(Message.direction == "in"))] == [
        "received"
    ]
