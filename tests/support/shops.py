"""The shop under test on both databases, and what the rows say as somebody else reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Select, create_engine, inspect, text

from salesbot.database import db
from salesbot.services import uploads
from salesbot.testing import shop
from salesbot.worker import Worker

DATABASES = ("sqlite", "postgresql")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "both_databases: run on SQLite and on a real PostgreSQL")
    config.addinivalue_line("markers", "postgresql: run on a real PostgreSQL, which SQLite can't stand for")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.get_closest_marker("postgresql"):
        metafunc.parametrize("salesbot_database", DATABASES[1:], indirect=True)
    elif metafunc.definition.get_closest_marker("both_databases"):
        metafunc.parametrize("salesbot_database", DATABASES, indirect=True)


@pytest.fixture(scope="session", autouse=True)
def _pictures_are_worked_on_once() -> Iterator[None]:
    """The demo's covers take most of the time in which it is loaded, and come out alike every time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uploads, "_prepared", cache(uploads._prepared))
        yield


@pytest.fixture
def salesbot_config() -> dict[str, Any]:
    """Whatever else is installed on this machine, our tests see the built-in plugins alone."""
    return {"ENTRY_POINTS": False}


def migrated(url: str) -> None:
    with TemporaryDirectory() as folder:
        shop.migrate(url, Path(folder))


@pytest.fixture(scope="session")
def worker_database(make_postgres_database) -> str:
    """A migrated PostgreSQL database of this xdist worker's own."""
    return make_postgres_database(migrated)


@pytest.fixture
def salesbot_database(request: pytest.FixtureRequest, salesbot_instance: Path) -> Iterator[str]:
    """SQLite in the instance folder, or the worker's PostgreSQL, emptied when the test is over."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield f"sqlite:///{salesbot_instance / shop.FILE}"
        return
    (salesbot_instance / shop.FILE).unlink()
    empty = request.getfixturevalue("empty_worker_database")
    yield request.getfixturevalue("worker_database")
    empty()


@pytest.fixture(scope="session")
def empty_worker_database(worker_database: str) -> Iterator[Callable[[], None]]:
    """Deletes every row, and lets ids begin anew; truncating tables that are empty would cost more."""
    # A test may have had the server close every connection, this one too.
    engine = create_engine(worker_database, pool_pre_ping=True)
    there = inspect(engine).get_table_names()
    # Those first that refer to others.
    tables = [f'"{table.name}"' for table in reversed(db.metadata.sorted_tables) if table.name in there]
    filled = text(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in tables))
    counted = text(
        "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)"
        " FROM pg_sequences WHERE last_value IS NOT NULL"
    )

    def empty() -> None:
        with engine.begin() as connection:
            found = set(connection.scalars(filled))
            if not found:
                return
            connection.execute(text("SET LOCAL lock_timeout = '10s'"))
            # Nobody may have a transaction open that would add more.
            connection.execute(text(f"LOCK TABLE {', '.join(found)} IN ACCESS EXCLUSIVE MODE"))
            for name in tables:
                if name in found:
                    connection.execute(text(f"DELETE FROM {name}"))
            connection.execute(counted)

    yield empty
    engine.dispose()


@pytest.fixture
def stored(app: Flask) -> Callable[[Select[Any]], list[Any]]:
    """What a statement finds, read in a session of its own; objects come detached."""

    def read(statement: Select[Any]) -> list[Any]:
        with app.app_context():
            found = list(db.session.scalars(statement))
            db.session.expunge_all()
            return found

    return read


@pytest.fixture
def work(app: Flask) -> Callable[[], None]:
    """What the worker does until nothing is due."""
    return Worker(app).drain
