"""The throwaway PostgreSQL is shared, clean, and never outlives its test run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text

from tests.support.postgres import binaries

ROOT = Path(__file__).parents[2]
NOTHING = {"SALESBOT_TEST_PG_URL": "", "SALESBOT_TEST_PG_BIN": "/nowhere"}
ASKING = """
def test_asks(make_postgres_database):
    assert make_postgres_database()

def test_does_not_ask():
    pass
"""


def run_sql(url: str, *statements: str):
    """Runs the statements and returns the first column of the last one's rows, if it has any."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        results = [connection.execute(text(statement)) for statement in statements]
        return results[-1].scalars().all() if results[-1].returns_rows else None


def fill_with_one_row(url: str) -> None:
    run_sql(url, "CREATE TABLE fruit (name text)", "INSERT INTO fruit VALUES ('plum')")


def pytest_beside(folder: Path, workers: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs another pytest with our plugins on a test that asks for a database."""
    folder.joinpath("test_asking.py").write_text(ASKING)
    plugins = ("-p", "tests.support.needs", "-p", "tests.support.postgres")
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            *plugins,
            "-p",
            "no:cacheprovider",
            f"-n{workers}",
            folder,
        ],
        check=False,
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def test_each_database_is_empty_and_apart_from_the_others(make_postgres_database):
    first, second = make_postgres_database(), make_postgres_database()
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    run_sql(first, "CREATE TABLE fruit (name text)")
    assert run_sql(first, tables) == ["fruit"]
    assert run_sql(second, tables) == []


def test_a_filled_database_is_copied_and_filled_only_once(make_postgres_database):
    filled = []

    def fill(url: str) -> None:
        filled.append(url)
        fill_with_one_row(url)

    first, second = make_postgres_database(fill), make_postgres_database(fill)
    run_sql(first, "DELETE FROM fruit")
    assert run_sql(second, "SELECT name FROM fruit") == ["plum"]
    assert len(filled) == 1


def test_a_filling_that_fails_is_tried_again_by_the_next_who_asks(make_postgres_database):
    tries = []

    def fill(url: str) -> None:
        tries.append(url)
        fill_with_one_row(url)
        if len(tries) == 1:
            raise RuntimeError("the first time")

    with pytest.raises(RuntimeError):
        make_postgres_database(fill)
    assert run_sql(make_postgres_database(fill), "SELECT name FROM fruit") == ["plum"]


def test_letters_beyond_ascii_have_a_lower_case(make_postgres_database):
    assert run_sql(make_postgres_database(), "SELECT lower('ÉCOLE ÄÖÜ')") == ["école äöü"]


@pytest.mark.skipif(
    "SALESBOT_TEST_PG_URL" in os.environ, reason="the server that was named is not ours to stop"
)
@pytest.mark.usefixtures("postgres_server")
def test_a_server_goes_when_its_test_run_is_killed():
    hold = (
        "import sys, time; from tests.support.postgres import start_server\n"
        "server = start_server(); print(server.url, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", hold], cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        home = Path(run.stdout.readline().strip().partition("host=")[2].replace("%2F", "/"))
        assert (home / ".s.PGSQL.5432").exists()
        run.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while home.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not home.exists()


def test_without_a_server_tests_are_skipped_and_the_end_of_the_run_says_so(tmp_path):
    ran = pytest_beside(tmp_path, workers=2, **NOTHING, SALESBOT_TEST_REQUIRE="")
    assert "1 passed, 1 skipped" in ran.stdout
    assert "NOT RUN: 1 tests that need PostgreSQL, because /nowhere: " in ran.stdout
    assert ran.returncode == 0


def test_where_it_is_required_a_missing_server_is_a_failure(tmp_path):
    ran = pytest_beside(tmp_path, **NOTHING, SALESBOT_TEST_REQUIRE="postgresql")
    assert "needs PostgreSQL, and SALESBOT_TEST_REQUIRE asks for it: /nowhere" in ran.stdout
    assert ran.returncode == 1


def test_a_word_that_cannot_be_required_is_refused(tmp_path):
    ran = pytest_beside(tmp_path, SALESBOT_TEST_REQUIRE="postgres")
    assert "knows browser, nginx, postgresql, systemd, not postgres" in ran.stderr
    assert ran.returncode == pytest.ExitCode.USAGE_ERROR


def test_programs_that_are_named_come_before_all_others(monkeypatch):
    monkeypatch.setenv("SALESBOT_TEST_PG_BIN", "/somewhere/bin")
    assert list(binaries()) == [(Path("/somewhere/bin"), None)]
