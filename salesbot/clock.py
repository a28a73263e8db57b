"""The one place that says what time it is, so that tests can move it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_offset = timedelta(0)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    moment = datetime.now(UTC)
    return moment + _offset if _offset else moment


def move(by: timedelta) -> None:
    """Moves this process's clock on (or back); for tests."""
    global _offset  # noqa: PLW0603 - one clock a process is the point
    _offset += by


def reset() -> None:
    """Puts the clock right again."""
    global _offset  # noqa: PLW0603 - as above
    _offset = timedelta(0)
