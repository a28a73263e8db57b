"""Keeps plugins from waiting while a chat is locked: no sleep, no network, no program inside a turn.

The rest of the shop would wait too. Python's own audit events tell of these before they begin, whichever
library it is. Of waiting for a thread, a lock or a pipe nothing tells: the limit in `asking` is for that.
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
_NETWORK = "use the network"
_PROGRAM = "start a program"
_WAITS = {
    "time.sleep": "sleep",
    "socket.connect": _NETWORK,
    "socket.getaddrinfo": _NETWORK,
    "socket.gethostbyname": _NETWORK,
    "socket.gethostbyaddr": _NETWORK,
    "socket.getnameinfo": _NETWORK,
    "subprocess.Popen": _PROGRAM,
    "os.system": _PROGRAM,
    "os.posix_spawn": _PROGRAM,
    "os.spawn": _PROGRAM,
    "os.exec": _PROGRAM,
    "os.fork": _PROGRAM,
    "os.forkpty": _PROGRAM,
}
"""What may take as long as somebody else likes, by the audit event that tells of it."""
HOW = "put it off with salesbot.later(), do it in salesbot_run_job, and answer from there"


@cache
def install() -> None:
    """Begins to watch this process; it can't be ended, and costs next to nothing where no plugin runs."""
    sys.addaudithook(_look)
    if sys.version_info < (3, 13):
        time.sleep = _telling(time.sleep)


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    what = _WAITS.get(event)
    if what is None or not is_guarded():
        return
    if event == "time.sleep":
        if arguments[0] <= LONGEST_SLEEP:
            return
        what = f"sleep {arguments[0]:g} s"
    raise PluginProblem(f"a plugin must not {what} while a customer waits: {HOW}")


def _telling(sleep: Any) -> Any:
    """Tells of a sleep before it begins, as Python does by itself from 3.13 on."""

    @wraps(sleep)
    def telling(seconds: float, /) -> None:
        _look("time.sleep", (seconds,))
        sleep(seconds)

    return telling
