"""Counts what one message costs: Python calls, SQL statements, commits. No clock is involved."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event

from benchmarks.contestants import Contestant
from benchmarks.twilio_posts import answer, post


@dataclass(frozen=True)
class Cost:
    """Of one message. `calls` counts Python functions entered, `built_ins` those written in C."""

    calls: int
    built_ins: int
    statements: int = 0
    commits: int = 0


def cost(contestant: Contestant, text: str, before: str = "") -> Cost:
    """What `text` costs as a customer's next message, after they wrote `before`."""
    calls = _calls(contestant, text, before)
    database = Counter[str]()
    if contestant.engine is not None:
        _say(contestant, before)
        with _watched(contestant.engine, database):
            _say(contestant, text)
    return Cost(calls["call"], calls["c_call"], database["statement"], database["commit"])


def _say(contestant: Contestant, text: str) -> None:
    if text:
        answer(contestant.app, post(text).environ())


def _calls(contestant: Contestant, text: str, before: str) -> Counter[str]:
    for _time in range(2):  # what is made once and kept is made now
        _say(contestant, before)
        _say(contestant, text)
    _say(contestant, before)
    environ = post(text).environ()
    return counted(lambda: answer(contestant.app, environ))


def counted(work: Callable[[], object]) -> Counter[str]:
    """How many functions `work` enters: "call" those in Python, "c_call" those in C."""
    found = Counter[str]()

    def profile(_frame: Any, event: str, _argument: Any) -> None:
        found[event] += 1

    gc.collect()
    gc.disable()
    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
        gc.enable()
    return found


@contextmanager
def _watched(engine: Engine, seen: Counter[str]) -> Iterator[None]:
    def statement(_connection: Any, _cursor: Any, sql: str, *_rest: Any) -> None:
        # The driver's own BEGIN on PostgreSQL isn't seen either.
        seen["statement"] += not sql.startswith("BEGIN")

    def commit(_connection: Any) -> None:
        seen["commit"] += 1

    event.listen(engine, "before_cursor_execute", statement)
    event.listen(engine, "commit", commit)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", statement)
        event.remove(engine, "commit", commit)
