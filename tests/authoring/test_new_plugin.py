"""A new plugin as its author meets it: written, tested and asked, without a question and without pip."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import salesbot_greeting
from click.testing import CliRunner

from salesbot.__main__ import main
from salesbot.app import create_app
from salesbot.authoring import project, scaffold, taken_names
from salesbot.database import db
from salesbot.migrations.support import OWN_TABLES
from salesbot.models.catalog import BUILT_IN_KINDS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def author(tmp_path, monkeypatch):
    """Types `salesbot new-plugin …` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def types(*words):
        return CliRunner().invoke(main, ["new-plugin", *words])

    return types


def pytest_in(folder):
    """What the author's own pytest says; the plugin is not installed."""
    path = os.pathsep.join(map(str, (ROOT, ROOT / "plugins")))
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"],
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
    )
    return ran.stdout + ran.stderr


def test_a_new_plugin_is_whole_and_its_tests_pass_as_it_stands(author, tmp_path):
    told = author("Football fans")
    assert told.exit_code == 0
    folder = tmp_path / "salesbot-football-fans"
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()) == [
        ".github/workflows/test.yml",
        ".gitignore",
        "README.md",
        "pyproject.toml",
        "salesbot_football_fans.py",
        "setup.cfg",
        "tests/test_football_fans.py",
    ]
    assert 'salesbot say "football fans"' in told.output
    assert "4 passed" in pytest_in(folder)
    tests = folder / "tests" / "test_football_fans.py"
    tests.write_text(
        "import salesbot_football_fans\n\n" + tests.read_text() + "\nassert salesbot_football_fans\n"
    )
    assert "4 passed" in pytest_in(folder), "also with the plugin imported at the top, as `pytest` finds it"
    assert list(tmp_path.iterdir()) == [folder], "it needs no shop, and leaves none behind"


def test_everything_that_it_can_bring_works_together(author, tmp_path):
    told = author("cards", *(word for part in scaffold.PARTS for word in ("--with", part)))
    assert told.exit_code == 0
    said = pytest_in(tmp_path / "salesbot-cards")
    assert " passed" in said
    assert "failed" not in said


def test_it_never_overwrites(author, tmp_path):
    author("football")
    code = tmp_path / "salesbot-football" / "salesbot_football.py"
    code.write_text("# a day's work\n")
    again = author("football", "--with", "payment")
    assert again.exit_code == 1
    assert "nothing is overwritten" in again.output
    assert code.read_text() == "# a day's work\n"


@pytest.mark.parametrize("name", ["greeting", "payment-stripe", "../up", "", "ätsch", "9lives"])
def test_a_name_that_can_be_none_is_refused(author, tmp_path, name):
    assert author("--", name).exit_code == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("hi", "a customer who writes 'hi' wants the menu"),
        ("help", "'help' means 'help' in every chat"),
        ("stop", "'stop' means 'stop' in every chat"),
        ("menu", "'menu' means 'menu' in every chat"),
        ("unsubscribes", "'unsubscribes' means 'stop' in every chat"),
        ("my orders", "'my orders' means 'My orders' in every chat"),
        ("look around", "'look around' means 'Look around' in every chat"),
        ("order", "'order' means 'orders' in every chat"),
        ("customer", "begin as that of the shop's own table 'customer'"),
        ("audit", "begin as that of the shop's own table 'audit_entry'"),
        ("first steps", "the back office has a page /admin/first-steps/"),
        ("admin", "the shop has templates in a folder 'admin'"),
        ("file", "products of the kind 'file' itself"),
        ("stripe", "a way to pay that is called 'stripe'"),
        ("a-name-that-goes-on-and-on-and-on", "more than 30 letters"),
    ],
)
def test_a_name_that_is_taken_is_refused_with_one_that_is_free(author, tmp_path, name, why):
    refused = author(name)
    assert refused.exit_code == 1
    assert why in refused.output
    free = re.search(r"such as '(.+)'", refused.output)[1]
    assert scaffold.names(free).dashed == free
    assert not list(tmp_path.iterdir())


def test_what_is_taken_is_what_the_shop_has(tmp_path):
    app = create_app({"ENTRY_POINTS": False}, instance_path=tmp_path)
    tables = {mapper.local_table.name for mapper in db.Model.registry.mappers} & OWN_TABLES
    assert tables == taken_names.TABLES
    pages = {rule.rule.split("/")[2] for rule in app.url_map.iter_rules() if rule.rule.startswith("/admin/")}
    assert pages - tables - {""} == taken_names.ADDRESSES
    assert {path.name for path in (ROOT / "salesbot/templates").iterdir()} == taken_names.FOLDERS
    assert set(BUILT_IN_KINDS) == taken_names.KINDS
    assert taken_names.OPENING in salesbot_greeting.HELLOS.split(", ")
    with app.app_context():
        methods = {
            method.name
            for plugin in app.extensions["salesbot.plugins"].plugins
            for impl in plugin.implementations.get("salesbot_payment_methods", ())
            for method in [impl()]
        }
    assert methods == taken_names.METHODS


def test_lines_of_the_menu_are_taken(customer):
    customer.says("hi")
    titles = {choice.title for choice in customer.says("menu")[0].choices if "🌐" not in choice.title}
    assert titles
    assert titles <= set(taken_names.LINES)


def test_a_name_with_words_of_the_pieces_is_put_in_once():
    called = scaffold.names("myplugin x")
    assert called.put_into("salesbot-my-plugin: My plugin, MyPlugin, myplugin, my words") == (
        "salesbot-myplugin-x: Myplugin x, MypluginX, myplugin_x, myplugin x"
    )


@pytest.mark.parametrize("typed", ["Gift cards", "gift-cards", "gift_cards", "salesbot-gift-cards"])
def test_however_it_is_typed_the_names_are_the_customary_ones(typed):
    called = scaffold.names(typed)
    assert (called.plugin, called.distribution, called.module) == (
        "gift_cards",
        "salesbot-gift-cards",
        "salesbot_gift_cards",
    )


def test_metadata_of_either_kind_says_which_plugins_there_are(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "salesbot-a"\nversion = "1"\n[project.entry-points."salesbot.plugins"]\na = "salesbot_a"\n'
    )
    assert project.read(tmp_path).plugins == {"a": "salesbot_a"}
    author_folder = ROOT / "examples" / "salesbot-football"
    assert project.read(author_folder).plugins == {"football": "salesbot_football"}
    assert project.around(author_folder / "tests" / "test_football.py") == project.read(author_folder)
