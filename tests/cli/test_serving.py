"""Running the shop's processes: none is left behind, whatever becomes of the one that started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

PATIENCE = 30.0
PROGRAM = """
from salesbot.cli.serving import Supervisor
Supervisor(["sleep", "600"], ["sleep", "601"]).run()
"""


def wait_for(what: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE
    while not (found := what()) and time.monotonic() < until:
        time.sleep(0.05)
    return found


def children(number: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{number}/task/{number}/children").read_text().split()]


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux tells a child of its parent's death"
)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
def test_server_and_worker_end_with_the_process_that_looks_after_them(how):
    """A web server that is left behind would keep the port, and the shop could not be started again."""
    with subprocess.Popen([sys.executable, "-c", PROGRAM]) as supervisor:
        assert wait_for(lambda: len(children(supervisor.pid)) == 2)
        pair = children(supervisor.pid)
        os.kill(supervisor.pid, how)
        supervisor.wait(PATIENCE)
    assert wait_for(lambda: not any(Path(f"/proc/{number}").exists() for number in pair))
