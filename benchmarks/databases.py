"""The databases to measure on: SQLite always, PostgreSQL where the tests find one."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.contestants import MakeUrl, sqlite_url
from tests.support.postgres import postgres

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"


@contextmanager
def database(name: str) -> Iterator[MakeUrl]:
    """What makes new databases of this kind."""
    if name == SQLITE:
        yield sqlite_url
        return
    with postgres() as server:
        if server.missing:
            raise SystemExit(f"no PostgreSQL: {server.missing}")
        yield lambda _folder: server.database()


def parser(about: str) -> ArgumentParser:
    """The options that all benchmarks have."""
    made = ArgumentParser(description=about)
    made.add_argument(
        "--on", nargs="+", choices=(SQLITE, POSTGRESQL), default=[SQLITE, POSTGRESQL], metavar="DATABASE"
    )
    return made


def line(*cells: object) -> None:
    """One line of a table."""
    print("|", " | ".join(str(cell) for cell in cells), "|")
