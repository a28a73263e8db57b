"""An author's own test run: nothing but the kit and their plugin, and no line of configuration."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PLUGIN = '''"""Greets football fans."""
from salesbot import Choice, Reply, hookimpl

@hookimpl
def salesbot_handle_message(message, chat):
    if "football" in message.text.casefold():
        return Reply("You too? Look at these.", choices=[Choice("search:football", "Football books")])
'''
TESTS = """
def test_football_fans_are_greeted(customer):
    assert "You too?" in customer.says("I love football")[0].text

def test_they_find_a_book(customer, catalogue):
    catalogue.key("Football for beginners", keys=["K-1"])
    customer.says("football!")
    assert "Football for beginners" in customer.picks("Football books")[0].text

def test_others_are_not(customers):
    assert "You too?" not in customers("Ana").says("I love chess")[0].text

def test_on_whatsapp_too(customers):
    assert "You too?" in customers("Ana", channel="twilio").says("football")[0].text
"""
WITH_CONFIG = """
import pytest

@pytest.fixture
def salesbot_config():
    return {"SHOP_NAME": "Football books"}

def test_the_shop_has_another_name(customer):
    assert "Football books" in customer.says("hi")[0].text
"""


@pytest.fixture
def author(tmp_path):
    """A folder with a plugin that pip knows, and its tests; `author(source)` runs pytest in it."""
    site = tmp_path / "site"
    about = site / "salesbot_football-1.0.dist-info"
    about.mkdir(parents=True)
    site.joinpath("salesbot_football.py").write_text(PLUGIN)
    about.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: salesbot-football\nVersion: 1.0\n")
    about.joinpath("entry_points.txt").write_text("[salesbot.plugins]\nfootball = salesbot_football\n")
    folder = tmp_path / "project"
    folder.mkdir()

    def run(source, *arguments, **environment):
        folder.joinpath("test_football.py").write_text(source)
        path = os.pathsep.join(map(str, (site, ROOT, ROOT / "plugins")))
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *arguments],
            check=False,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path, "PYTEST_ADDOPTS": "", **environment},
            capture_output=True,
            text=True,
        )

    return run


def test_an_installed_plugin_is_active_and_its_tests_are_conversations(author):
    ran = author(TESTS, "-W", "error")
    assert "4 passed" in ran.stdout, ran.stdout + ran.stderr


def test_settings_come_from_one_fixture_and_not_from_the_authors_shell(author):
    ran = author(
        WITH_CONFIG,
        SALESBOT_SHOP_NAME="Somebody's real shop",
        DATABASE_URL="postgresql://nobody@nowhere/real",
        SALESBOT_DISABLED_PLUGINS="greeting",
        TWILIO_AUTH_TOKEN="a real token",
    )
    assert "1 passed" in ran.stdout, ran.stdout + ran.stderr


def test_a_test_run_that_does_not_use_it_hardly_notices_it(author):
    """It is loaded in every pytest run of everybody who has salesbot installed."""
    ran = author(
        "import sys\n\ndef test_light():\n"
        "    heavy = {'flask', 'sqlalchemy', 'twilio', 'alembic', 'flask_admin', 'requests', 'salesbot.app'}\n"
        "    assert not heavy & set(sys.modules)\n"
    )
    assert "1 passed" in ran.stdout, ran.stdout + ran.stderr
