"""Commands before there is a database: they make one, or say in a sentence what is in the way."""

from __future__ import annotations

import os

import pytest
from sqlalchemy import text

from salesbot.app import create_app
from salesbot.database import db, transaction
from salesbot.plugin_loading import BUILT_IN
from salesbot.testing.shop import close


@pytest.fixture
def app(tmp_path):
    app = create_app({"ENTRY_POINTS": False, "BACK_OFFICE": False}, instance_path=tmp_path)
    yield app
    close(app)


@pytest.fixture
def salesbot(app):
    return lambda *arguments: app.test_cli_runner().invoke(args=arguments)


def test_the_first_command_in_a_new_folder_makes_the_tables(salesbot):
    result = salesbot("say", "hi")
    assert result.exit_code == 0
    assert "Welcome" in result.output


def test_the_new_database_is_its_owners_alone(salesbot, tmp_path):
    """Whoever else has an account on the machine reads nothing of what customers write."""
    before = os.umask(0)
    try:
        assert salesbot("say", "hi").exit_code == 0
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("salesbot.db*")}
    assert modes["salesbot.db"] == 0o600
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize(
    "command",
    [("demo",), ("staff", "add", "ana@example.com", "--password", "long enough")],
    ids=lambda command: command[0],
)
def test_so_does_any_other_command_that_needs_rows(salesbot, command):
    assert salesbot(*command).exit_code == 0


def test_an_older_database_is_left_to_who_runs_the_shop(app, salesbot):
    assert salesbot("say", "hi").exit_code == 0
    with app.app_context(), transaction():
        db.session.execute(text("DROP TABLE coupon"))
        db.session.execute(text('ALTER TABLE "order" RENAME TO older'))
    result = salesbot("say", "my orders")
    assert result.exit_code == 1
    assert "`salesbot db upgrade`" in result.output
    assert "SELECT" not in result.output


def test_an_author_sees_the_plugins_before_there_is_a_database(salesbot):
    result = salesbot("plugins")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.output.splitlines()] == sorted(BUILT_IN)


def test_a_server_that_is_away_is_named(tmp_path):
    away = "postgresql://shop@127.0.0.1:1/shop"
    app = create_app(
        {"ENTRY_POINTS": False, "BACK_OFFICE": False, "DATABASE_URL": away}, instance_path=tmp_path
    )
    result = app.test_cli_runner().invoke(args=["say", "hi"])
    assert result.exit_code == 1
    assert "Error: the database does not answer: " in result.output
    close(app)
