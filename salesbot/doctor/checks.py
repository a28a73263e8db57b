"""What a check says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from salesbot.database import db, reading

GOOD, NOTE, WARN, BAD = "good", "note", "warn", "bad"
"""BAD keeps the shop from selling or being reached; WARN will soon; NOTE is only good to know."""


def in_utc(moment: datetime) -> str:
    """A moment for the command line, where nobody knows whose clock counts."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: how it is in plain words, and what to do when it is not well.

    With `at`, `in_utc(at)` stands in `said`; a page shows it by the clock of whoever looks.
    """

    name: str
    title: str
    state: str
    said: str
    remedy: str = ""
    at: datetime | None = None


@contextmanager
def looking() -> Iterator[None]:
    """A short look into the database, over before anybody else is asked."""
    with reading():
        try:
            yield
        finally:
            db.session.rollback()
