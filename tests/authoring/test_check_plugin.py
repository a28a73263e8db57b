"""Looking a plugin over before it is published: the good ones pass, and a bad one is told each thing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from salesbot.__main__ import main
from salesbot.authoring import scaffold

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def look_over(monkeypatch):
    """Types `salesbot check-plugin FOLDER …`; its own tests are run elsewhere."""
    path, known = list(sys.path), set(sys.modules)

    def types(folder, *options):
        return CliRunner().invoke(main, ["check-plugin", str(folder), "--no-tests", *options])

    yield types
    sys.path[:] = path
    for name in set(sys.modules) - known:
        if name.startswith("salesbot_"):
            del sys.modules[name]


@pytest.fixture
def postgresql(make_postgres_database):
    return make_postgres_database()


def test_examples_pass_on_both_databases(look_over, postgresql):
    for name in ("salesbot-s3-files", "salesbot-loyalty", "salesbot-gift-cards", "salesbot-passes"):
        ran = look_over(EXAMPLES / name, "--postgresql", postgresql)
        assert ran.exit_code == 0, ran.output
    assert "open to everybody who has the address: /passes/<code>" in ran.output


def test_a_new_plugin_passes_with_all_that_it_can_bring(look_over, postgresql, tmp_path):
    scaffold.write(scaffold.names("checked"), scaffold.PARTS, tmp_path / "new")
    ran = look_over(tmp_path / "new", "--postgresql", postgresql)
    assert ran.exit_code == 0, ran.output
    assert "go up and down on PostgreSQL" in ran.output


BAD = """
import socket
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column
from salesbot import hookimpl
from salesbot.models import db

try:
    socket.getaddrinfo("example.invalid", 80)
except OSError:
    pass

class Diary(db.Model):
    __tablename__ = "bad_diary"
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True)

@hookimpl
def salesbot_menu_items(chat):
    return None
"""


def test_a_bad_plugin_is_told_each_thing_that_is_missing(look_over, tmp_path):
    (tmp_path / "salesbot_bad.py").write_text(BAD)
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "bad"\ndependencies = ["salesbot"]\n'
        '[project.entry-points."salesbot.plugins"]\nbad = "salesbot_bad"\n'
    )
    ran = look_over(tmp_path)
    assert ran.exit_code == 1
    for told in (
        "'bad' does not begin with “salesbot-”",
        "version is missing",
        "“salesbot” needs both ends",
        "there is no README",
        "salesbot_bad.py has no docstring",
        "it reaches for example.invalid",
        "no test in tests/ is called test_a_crash_…",
        "bad_diary refer to people, and salesbot_export_customer",
        "bad has models and no salesbot_migrations",
    ):
        assert told in ran.output, ran.output


def test_one_that_ends_the_process_is_looked_over_to_the_end(look_over, tmp_path):
    """With status 0, which a plugin's CI would take for good."""
    scaffold.write(scaffold.names("quitter"), (), tmp_path / "new")
    code = tmp_path / "new" / "salesbot_quitter.py"
    code.write_text(f"{code.read_text()}\nimport sys\nsys.exit(0)\n")
    ran = look_over(tmp_path / "new")
    line = len(code.read_text().splitlines())
    assert ran.exit_code == 1, ran.output
    assert f"{code}:{line}: it ends the process" in ran.output
    assert "Its tests are conversations" in ran.output


RAISES = """

@hookimpl
def salesbot_payment_methods():
    raise LookupError("no way to pay")
"""


def test_one_that_raises_is_looked_over_to_the_end(look_over, tmp_path):
    scaffold.write(scaffold.names("raiser"), ("admin",), tmp_path / "new")
    code = tmp_path / "new" / "salesbot_raiser" / "__init__.py"
    line = len(code.read_text().splitlines()) + len(RAISES.splitlines())
    code.write_text(code.read_text() + RAISES)
    (tmp_path / "new" / "README.md").write_bytes(b"caf\xe9")
    ran = look_over(tmp_path / "new")
    assert ran.exit_code == 1, ran.output
    assert "✗ A README and the module's first line say what it does\n" in ran.output
    assert "UnicodeDecodeError" in ran.output
    assert "✓ Each of its pages in the back office asks for a right" in ran.output
    (tmp_path / "new" / "README.md").write_text("It pays.")
    ran = look_over(tmp_path / "new")
    assert f"✗ The README names its commands and ways to pay\n    {code}:{line}: LookupError" in ran.output
    assert "✓ Each of its pages in the back office asks for a right" in ran.output


def test_a_folder_without_a_plugin_is_told_so(look_over, tmp_path):
    ran = look_over(tmp_path)
    assert ran.exit_code == 1
    assert "neither setup.cfg nor pyproject.toml" in ran.output
