"""A new plugin as its author meets it: written, tested and asked, without a question and without pip."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from salesbot.__main__ import main
from salesbot.authoring import project, scaffold

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
