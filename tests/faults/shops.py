"""A shop that can be killed: in this process, or as gunicorn and a worker of their own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Any, Protocol

import requests
from flask import Flask

from salesbot import clock
from salesbot.worker import Worker
from tests.faults import ticks
from tests.faults.processes import FOLDER

AFTER_A_CRASH = timedelta(minutes=7)
"""What a dead worker had for itself is free again by then."""
PATIENCE = 60.0


class Killed(KeyboardInterrupt):
    """The process would be gone now; of this kind, because what contains plugins lets it pass."""


DEAD = (Killed, OSError, HTTPException, requests.ConnectionError)
"""What somebody outside sees of a process that died while it answered."""


@dataclass(frozen=True)
class Page:
    """What a browser got."""

    status: int
    text: str
    location: str = ""


class Browser(Protocol):
    """Keeps cookies, follows nothing by itself."""

    def get(self, path: str) -> Page: ...
    def post(self, path: str, data: dict[str, Any]) -> Page: ...


class Shop(Protocol):
    """What a schedule does to a shop."""

    target: Flask | str

    def browser(self) -> Browser: ...
    def arm(self, who: str, ticks: int) -> None: ...
    def disarm(self) -> None: ...
    def work(self, quiet: Callable[[], bool]) -> int: ...
    def move(self, by: timedelta) -> None: ...


class InProcess:
    """Everything here, so that thousands of schedules take minutes; a crash is an exception."""

    def __init__(self, app: Flask) -> None:
        self.app = self.target = app
        self._left: int | None = None
        self._end = ticks.on_each(self._tick)

    def _tick(self) -> None:
        if self._left is None:
            return
        self._left -= 1
        if self._left <= 0:
            # Once it is dead it stays dead, whoever catches this one.
            raise Killed

    def arm(self, who: str, ticks: int) -> None:
        self._left = ticks

    def disarm(self) -> None:
        self._left = None

    def browser(self) -> Browser:
        return _TestBrowser(self.app)

    def work(self, quiet: Callable[[], bool]) -> int:
        try:
            Worker(self.app).drain()
        except Killed:
            self.disarm()
            self.move(AFTER_A_CRASH)
            Worker(self.app).drain()
            return 1
        return 0

    def move(self, by: timedelta) -> None:
        clock.move(by)

    def close(self) -> None:
        self._end()
        clock.reset()


class _TestBrowser:
    def __init__(self, app: Flask) -> None:
        self._client = app.test_client()

    def get(self, path: str) -> Page:
        return self._page(self._client.get(path))

    def post(self, path: str, data: dict[str, Any]) -> Page:
        return self._page(self._client.post(path, data=data))

    def _page(self, answer: Any) -> Page:
        return Page(answer.status_code, answer.text, answer.headers.get("Location", ""))


class _HttpBrowser:
    def __init__(self, address: str) -> None:
        self._address = address
        self._session = requests.Session()

    def get(self, path: str) -> Page:
        return self._page(self._session.get(self._address + path, allow_redirects=False, timeout=PATIENCE))

    def post(self, path: str, data: dict[str, Any]) -> Page:
        return self._page(
            self._session.post(self._address + path, data=data, allow_redirects=False, timeout=PATIENCE)
        )

    def _page(self, answer: requests.Response) -> Page:
        return Page(answer.status_code, answer.text, answer.headers.get("Location", ""))


class Processes:
    """gunicorn and a worker, which die by SIGKILL and are started again.

    Both are forked from processes that have loaded everything, so that a restart takes no time.
    """

    def __init__(self, settings: dict[str, Any], instance: Path, folder: Path) -> None:
        """`settings` are the shop's; `folder` is where their orders to die lie, and their log."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.target: Flask | str = f"http://127.0.0.1:{port}"
        self._ahead = timedelta()
        self.log = folder / "log"
        (folder / "settings.json").write_text(json.dumps({**settings, "instance": str(instance)}))
        env = {**os.environ, FOLDER: str(folder)}
        command = [sys.executable, "-m"]
        gunicorn = [
            *("gunicorn", "tests.faults.processes:web()", "--bind", f"127.0.0.1:{port}", "--preload"),
            *("--worker-class", "gthread", "--workers", "1", "--threads", "4", "--log-level", "critical"),
            "--no-control-socket",
        ]
        with self.log.open("wb") as log:
            self._web = subprocess.Popen([*command, *gunicorn], env=env, stdout=log, stderr=log)
            self._workers = subprocess.Popen(
                [*command, "tests.faults.processes"],
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        try:
            _wait_for(lambda: requests.get(f"{self.target}/health/live", timeout=5).ok)
            self._worker("start")
        except BaseException:
            self.close()
            raise

    def browser(self) -> Browser:
        return _HttpBrowser(str(self.target))

    def arm(self, who: str, ticks: int) -> None:
        # Written aside first: half a number is another number.
        aside = self.folder / f"{who}.new"
        aside.write_text(str(ticks))
        aside.rename(self.folder / f"{who}.dies")

    def disarm(self) -> None:
        for who in ("web", "worker"):
            (self.folder / f"{who}.dies").unlink(missing_ok=True)

    def work(self, quiet: Callable[[], bool]) -> int:
        deaths, until = 0, time.monotonic() + PATIENCE
        while not self._worker("lives") or not quiet():
            if not self._worker("lives"):
                deaths += 1
                self.disarm()
                self.move(AFTER_A_CRASH)
                self._worker("start")
            if time.monotonic() > until:
                raise AssertionError(f"the worker has not come to rest:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.02)
        return deaths

    def move(self, by: timedelta) -> None:
        clock.move(by)
        aside = self.folder / "clock.new"
        self._ahead += by
        aside.write_text(str(self._ahead.total_seconds()))
        aside.rename(self.folder / "clock")

    def _worker(self, order: str) -> bool:
        """Has the worker started, killed or looked for; whether it lives then."""
        self._workers.stdin.write(f"{order}\n")
        self._workers.stdin.flush()
        answer = self._workers.stdout.readline()
        assert answer, f"the worker's parent has died:\n{self.log.read_text()[-3000:]}"
        return answer == "yes\n"

    def close(self) -> None:
        clock.reset()
        if self._workers.poll() is None:
            self._worker("kill")
        self._workers.communicate()
        self._web.send_signal(signal.SIGQUIT)
        self._web.wait(30)


def _wait_for(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(OSError):
            if is_so():
                return
        time.sleep(0.05)
    raise AssertionError("the shop did not start")
