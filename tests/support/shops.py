"""The shop under test on both databases, and what the rows say as somebody else reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import NullPool, Select, create_engine, text

from salesbot.database import db
from salesbot.models import ALL
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
def salesbot_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """SQLite in the test's folder, or the worker's PostgreSQL, emptied when the test is over."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield shop.copied(request.getfixturevalue("salesbot_template"), tmp_path / "instance")
        return
    url = request.getfixturevalue("worker_database")
    yield url
    engine = create_engine(url, poolclass=NullPool)
    names = ", ".join(f'"{model.__tablename__}"' for model in ALL)
    with engine.begin() as connection:
        connection.execute(text("SET lock_timeout = '10s'"))
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))


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
