"""The moments between two lines at which a process may die, counted in whatever it does."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from functools import wraps
from typing import Any

from sqlalchemy import Engine, event

from salesbot.containment import GuardedSession

WRITES = ("INSERT", "UPDATE", "DELETE")


def on_each(tick: Callable[[], None]) -> Callable[[], None]:
    """Calls `tick` before each written row, and before and after each commit and HTTP request.

    What is returned ends it.
    """

    def written(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(WRITES):
            tick()

    event.listen(Engine, "before_cursor_execute", written)
    undo = [
        _around(GuardedSession, "commit", tick),
        _around(http.client.HTTPConnection, "request", tick),
        _around(http.client.HTTPConnection, "getresponse", tick),
    ]

    def end() -> None:
        event.remove(Engine, "before_cursor_execute", written)
        for each in undo:
            each()

    return end


def _around(owner: type, name: str, tick: Callable[[], None]) -> Callable[[], None]:
    plain = getattr(owner, name)

    @wraps(plain)
    def ticking(*args: Any, **options: Any) -> Any:
        tick()
        result = plain(*args, **options)
        tick()
        return result

    setattr(owner, name, ticking)
    return lambda: setattr(owner, name, plain)
