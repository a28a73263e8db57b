"""A week's hours, as people type them."""

from __future__ import annotations

import re
from datetime import time

from salesbot.errors import Mistyped

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Spans = list[tuple[time, time]]

_SPAN = re.compile(r"(\d{1,2})(?::(\d\d))?\s*[-\u2013]\s*(\d{1,2})(?::(\d\d))?")


def spans(text: str) -> Spans:
    """The hours of one day, typed like "9-13, 14:30-18:00"; none when it is empty.

    Mistyped says how to type them.
    """
    found: Spans = []
    for part in filter(None, (one.strip() for one in text.split(","))):
        match = _SPAN.fullmatch(part)
        try:
            if match is None:
                raise ValueError(part)
            first, last = time(int(match[1]), int(match[2] or 0)), _end(int(match[3]), int(match[4] or 0))
        except ValueError as exc:
            raise Mistyped("type hours like 9:00-18:00, with a comma between two; empty: closed") from exc
        if not first < last:
            raise Mistyped("{hours} ends before it begins", hours=part)
        found.append((first, last))
    return found


def read(text: str) -> dict[str, str]:
    """Each day's hours as typed, from "mon 9:00-18:00; tue 9-13, 14-18"; Mistyped with a remedy."""
    days: dict[str, str] = {}
    for part in filter(None, (one.strip() for one in text.split(";"))):
        day, _space, hours = part.partition(" ")
        if day.lower() not in DAYS:
            raise Mistyped("write it like: mon 9:00-18:00; tue 9:00-18:00")
        spans(hours)
        days[day.lower()] = hours.strip()
    return days


def _end(hour: int, minute: int) -> time:
    return time(23, 59, 59) if (hour, minute) == (24, 0) else time(hour, minute)
