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


def parser(about: str, *, databases: bool = True) -> ArgumentParser:
    """The options that benchmarks have in common."""
    made = ArgumentParser(description=about)
    if databases:
        both = (SQLITE, POSTGRESQL)
        made.add_argument("--on", nargs="+", choices=both, default=both, metavar="DATABASE")
    return made


def line(*cells: object) -> None:
    """One line of a table."""
    print("|", " | ".join(str(cell) for cell in cells), "|")
