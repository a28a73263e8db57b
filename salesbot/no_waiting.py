"""Keeps plugins from waiting while a chat is locked: no sleep and no connection inside a turn.

The rest of the shop would wait too. Python's own audit events tell of both, whichever library it is.
"""

from __future__ import annotations

import sys
import time
from functools import cache, wraps
from typing import Any

from salesbot.containment import is_guarded
from salesbot.errors import PluginProblem

LONGEST_SLEEP = 0.05
"""Seconds that may be slept, for code that only lets other threads run."""
HOW = "put it off with salesbot.later(), do it in salesbot_run_job, and answer from there"


@cache
def install() -> None:
    """Begins to watch this process; it can't be ended, and costs next to nothing where no plugin runs."""
    sys.addaudithook(_look)
    if sys.version_info < (3, 13):
        time.sleep = _telling(time.sleep)


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and is_guarded():
        raise PluginProblem(f"a plugin must not use the network while a customer waits: {HOW}")
    if event == "time.sleep" and is_guarded() and arguments[0] > LONGEST_SLEEP:
        raise PluginProblem(f"a plugin must not sleep {arguments[0]:g} s while a customer waits: {HOW}")


def _telling(sleep: Any) -> Any:
    """Tells of a sleep before it begins, as Python does by itself from 3.13 on."""

    @wraps(sleep)
    def telling(seconds: float, /) -> None:
        _look("time.sleep", (seconds,))
        sleep(seconds)

    return telling
