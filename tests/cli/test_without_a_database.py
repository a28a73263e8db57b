"""What the commands say before there is a database: one sentence with a way on, never a traceback."""

from __future__ import annotations

import pytest

from salesbot.app import create_app
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


@pytest.mark.parametrize(
    "command",
    [
        ("say", "hi"),
        ("chat",),
        ("demo",),
        ("staff", "add", "ana@example.com", "--password", "long enough"),
    ],
    ids=lambda command: command[0],
)
def test_a_command_that_needs_the_database_says_how_to_make_it(salesbot, command):
    result = salesbot(*command)
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
