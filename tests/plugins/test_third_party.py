"""A stranger's plugin, installed by pip beside an installed salesbot, in a real environment."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.installs import new_installation

pytestmark = pytest.mark.xdist_group("installs")

FOOTBALL = '''"""Greets football fans."""
from salesbot import Choice, Reply, hookimpl

@hookimpl
def salesbot_handle_message(message, chat):
    if "football" in message.text.casefold():
        return Reply("You too? Look at these.", choices=[Choice("search:football", "Football books")])
'''
TYPO = '''"""Has a slip of the pen."""
from salesbot import Reply, hookimpl

@hookimpl
def salesbot_handle_mesage(message, chat):
    return Reply("Never said.")
'''
MISSING = '''"""Needs what is not there."""
import nobody_has_written_this
'''

GREETING = "Welcome to"


def write_plugins(folder: Path, **codes: str) -> Path:
    """A distribution as an author begins one: modules and their entry points."""
    folder.mkdir()
    for name, code in codes.items():
        (folder / f"stranger_{name}.py").write_text(code)
    modules = "\n    ".join(f"stranger_{name}" for name in codes)
    points = "\n    ".join(f"{name} = stranger_{name}" for name in codes)
    (folder / "setup.cfg").write_text(
        f"[metadata]\nname = stranger\nversion = 2.5\n\n[options]\npy_modules =\n    {modules}\n\n"
        f"[options.entry_points]\nsalesbot.plugins =\n    {points}\n"
    )
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
    )
    return folder


@pytest.fixture(scope="module")
def environment(salesbot_wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("strangers")
    written = write_plugins(folder / "plugins", football=FOOTBALL, typo=TYPO, missing=MISSING)
    return new_installation(folder / "environment", salesbot_wheel, written)


@pytest.fixture(scope="module")
def migrated(environment, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    environment.run("salesbot", "db", "upgrade", folder=folder)
    return folder


@pytest.fixture
def salesbot(environment, migrated, tmp_path):
    """Runs `salesbot` in an empty shop of the test's own; what it prints."""
    shutil.copytree(migrated, tmp_path, dirs_exist_ok=True)

    def run(*arguments: str, **variables: str) -> str:
        return environment.run("salesbot", *arguments, folder=tmp_path, **variables)

    return run


@pytest.fixture(scope="module")
def listing(environment, migrated):
    """What `salesbot plugins` prints; its exit status is 0, for `run` looks at that."""
    return environment.run("salesbot", "plugins", folder=migrated)


def line_of(listing: str, plugin: str) -> str:
    (line,) = [line for line in listing.splitlines() if line.split()[0] == plugin]
    return line


def test_an_installed_plugin_answers_before_the_built_in_ones(salesbot):
    said = salesbot("say", "I love Football")
    assert "You too? Look at these." in said
    assert "1. Football books" in said


def test_an_installed_plugin_is_listed_with_its_version(listing):
    line = line_of(listing, "football")
    assert "2.5" in line
    assert "on: Greets football fans." in line


def test_a_misspelt_hook_is_told_with_its_place_and_the_right_name(listing, environment):
    line = line_of(listing, "typo")
    assert "left out" in line
    assert "stranger_typo.py:4: there is no hook 'salesbot_handle_mesage'" in line
    assert "did you mean 'salesbot_handle_message'?" in line
    assert str(environment.home) in line


def test_a_failing_import_is_told_with_its_place(listing):
    line = line_of(listing, "missing")
    assert "left out" in line
    assert "stranger_missing.py:2: ModuleNotFoundError" in line
    assert "nobody_has_written_this" in line


def test_faulty_plugins_stop_nobody(salesbot):
    assert GREETING in salesbot("say", "hi")


def test_a_built_in_plugin_can_be_left_out(salesbot):
    assert GREETING not in salesbot("say", "hi", SALESBOT_DISABLED_PLUGINS="greeting")


def test_names_to_leave_out_are_listed_and_misspelt_ones_told(salesbot):
    lines = salesbot("plugins", SALESBOT_DISABLED_PLUGINS="greeting,greetings")
    assert "left out by SALESBOT_DISABLED_PLUGINS" in line_of(lines, "greeting")
    assert "there is no such plugin" in line_of(lines, "greetings")


def test_an_installed_plugin_can_be_left_out(salesbot):
    assert "You too?" not in salesbot("say", "football", SALESBOT_DISABLED_PLUGINS="football")


def test_safe_mode_leaves_every_strangers_plugin_out(salesbot):
    names = {line.split()[0] for line in salesbot("plugins", SALESBOT_SAFE_MODE="1").splitlines()}
    assert "greeting" in names
    assert names.isdisjoint({"football", "typo", "missing"})
