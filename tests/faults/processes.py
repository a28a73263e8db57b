"""What the processes of a shop run that is to be killed: the real thing, and a hand on its throat.

`tests.faults.processes:web()` is for gunicorn. `python -m tests.faults.processes` looks after workers: it
reads "start", "lives" and "kill", and answers each with "yes" or "no". It is their parent, so that a number is
never that of somebody else by now.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask, request_started
from salesbot_payment_stripe import api

from salesbot import asking, clock
from salesbot.app import create_app
from salesbot.channels import twilio_api
from salesbot.testing.shelf import close
from salesbot.worker import Worker

FOLDER = "SALESBOT_FAULTS_FOLDER"


class Fate:
    """Dies by SIGKILL at the moment that stands in a file, counted from when it was written."""

    def __init__(self, folder: Path, who: str) -> None:
        self._orders = folder / f"{who}.dies"
        self._clock = folder / "clock"
        self._left: int | None = None
        self._ahead = 0.0
        self._lock = threading.Lock()

    def tick(self) -> None:
        with self._lock:
            if not self._orders.exists():
                self._left = None
                return
            if self._left is None:
                self._left = int(self._orders.read_text())
            self._left -= 1
            if self._left <= 0:
                self._orders.unlink(missing_ok=True)
                os.kill(os.getpid(), signal.SIGKILL)

    def look_at_the_clock(self, *_: Any, **__: Any) -> None:
        """Follows the test's clock."""
        with self._lock:
            ahead = float(self._clock.read_text()) if self._clock.exists() else 0.0
            clock.move(timedelta(seconds=ahead - self._ahead))
            self._ahead = ahead


def _shop(who: str) -> tuple[Flask, Fate]:
    # Only here: importing it for its names must change nothing in the tests' own process.
    from stripe import HTTPClient

    from tests.faults import ticks

    folder = Path(os.environ[FOLDER])
    settings = json.loads((folder / "settings.json").read_text())
    instance = settings.pop("instance")
    app = create_app({**settings, "BACK_OFFICE": who == "web"}, instance_path=instance)
    # Nobody waits long for a stand-in that hangs.
    twilio_api.TIMEOUT, api.TIMEOUT = 0.5, 0.5
    HTTPClient.INITIAL_DELAY, HTTPClient.MAX_DELAY = 0.01, 0.02
    # A busy machine is no fault of a plugin.
    asking.SLOW = 60
    fate = Fate(folder, who)
    ticks.on_each(fate.tick)
    # What is open now would be shared by all children.
    close(app)
    return app, fate


def web() -> Flask:
    """The app that gunicorn serves."""
    app, fate = _shop("web")
    request_started.connect(fate.look_at_the_clock, app, weak=False)
    return app


def main() -> None:
    """Looks after one worker at a time."""
    app, fate = _shop("worker")
    child = 0
    for line in sys.stdin:
        if child and os.waitpid(child, os.WNOHANG)[0]:
            child = 0
        if line.strip() == "start" and not child:
            child = os.fork()
            if child == 0:
                Worker(app, ends=fate.look_at_the_clock).run()
                os._exit(0)
        elif line.strip() == "kill" and child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            child = 0
        sys.stdout.write("yes\n" if child else "no\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
