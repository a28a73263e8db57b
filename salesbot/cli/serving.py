"""Running the shop: the web server, and beside it the worker that this process looks after."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from flask_migrate import upgrade

from salesbot import demo as demo_shop
from salesbot.cli import saved_code
from salesbot.database import db, in_transaction, reading, transaction
from salesbot.errors import KeyringError
from salesbot.migrations.support import FOLDER
from salesbot.services import catalog, keyring, links, shop, staff
from salesbot.worker import Worker

RESTART_PAUSE = 1.0
PR_SET_PDEATHSIG = 1
"""From <linux/prctl.h>."""
PORT_PATIENCE = 3.0
"""Seconds in which a server that was just stopped may still leave its port."""
GRACE = 30.0
"""Seconds that children have to finish what they are doing."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on (default 5000).")
@click.option("--demo", is_flag=True, help="Load the demo shop first when the shop is empty.")
@click.option("--reload", is_flag=True, help="Flask's debug mode: restart when code changes.")
@click.option("--workers", type=click.IntRange(1, 64), help="Web processes (default: one a core).")
@with_appcontext
def serve(host: str, port: int | None, demo: bool, reload: bool, workers: int | None) -> None:
    """Run the shop: database, web server and worker."""
    port = port or current_app.config["PORT"]
    _check_port(host, port)
    os.environ["SALESBOT_PORT"] = str(port)
    current_app.config["PORT"] = port
    _prepare(demo=demo)
    _greet(host, port)
    db.session.remove()
    db.engine.dispose()
    web = _debug_server(host, port) if reload else _gunicorn(host, port, workers)
    worker = [sys.executable, "-m", "salesbot", "worker", *(["--reload"] if reload else [])]
    sys.exit(Supervisor(web, worker).run())


@click.command()
@click.option("--reload", is_flag=True, help="Restart when code changes.")
@with_appcontext
def worker(reload: bool) -> None:
    """Send what waits, deliver, expire; `salesbot serve` runs one by itself."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    db.session.remove()
    try:
        Worker(app, ends=saved_code.changed() if reload else None).run()
    except KeyringError as exc:
        raise click.ClickException(str(exc)) from exc


def _check_port(host: str, port: int) -> None:
    until = time.monotonic() + PORT_PATIENCE
    while (trouble := _trouble_with(host, port)) is not None:
        if trouble.errno != errno.EADDRINUSE:
            raise click.ClickException(f"{host} port {port} can't be used: {trouble.strerror}.")
        if time.monotonic() > until:
            raise click.ClickException(
                f"Port {port} is taken by another program. Choose another one: "
                f"`make run PORT={port + 1}` or `salesbot serve --port {port + 1}`."
            )
        time.sleep(0.1)


def _trouble_with(host: str, port: int) -> OSError | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            return exc
    return None


def _prepare(*, demo: bool) -> None:
    """Brings the database to this version, and fills an empty shop with the demo when wanted."""
    upgrade(directory=str(FOLDER))
    try:
        in_transaction(keyring.ensure)
    except KeyringError as exc:
        raise click.ClickException(str(exc)) from exc
    if demo and not catalog.has_any() and not staff.exist():
        click.echo("Filling the shop with demo products …")
        with transaction():
            demo_shop.load_demo()
    db.session.rollback()


def _greet(host: str, port: int) -> None:
    here = f"http://{'127.0.0.1' if host in {'0.0.0.0', '::'} else host}:{port}"  # noqa: S104 - only compared
    lines = ["", "  Your shop is open.", ""]
    with reading():
        phone = "/" if shop.is_demo() else "/admin/simulator/"
        lines += [f"  Chat as a customer   {here}{phone}", f"  Back office          {here}/admin/"]
        account = demo_shop.sign_in() if shop.is_demo() else None
        if account is not None:
            lines += [
                f"  Sign in with         {account[0]}",
                f"  Password             {account[1]}",
            ]
        elif not staff.exist():
            lines.append("  Nobody can sign in yet: run `salesbot staff add you@example.com`.")
        if links.base_url() != here:
            lines.append(f"  The world sees it at {links.base_url()}")
        db.session.rollback()
    click.echo("\n".join([*lines, "", "  Stop it with Ctrl+C.", ""]))


def _gunicorn(host: str, port: int, workers: int | None) -> list[str]:
    processes = workers or min(os.cpu_count() or 1, 8)
    return [
        *(sys.executable, "-m", "gunicorn", "salesbot.app:create_app()"),
        *("--bind", f"[{host}]:{port}" if ":" in host else f"{host}:{port}"),
        *("--worker-class", "gthread", "--workers", str(processes), "--threads", "4"),
        *("--timeout", "60", "--graceful-timeout", "25", "--keep-alive", "5"),
        *("--max-requests", "20000", "--max-requests-jitter", "2000"),
        *("--log-level", "warning", "--no-control-socket"),
    ]


def _debug_server(host: str, port: int) -> list[str]:
    plugins = os.pathsep.join(map(str, saved_code.homes_of_plugins()))
    return [
        *(sys.executable, "-m", "salesbot", "run", "--debug", "--host", host, "--port", str(port)),
        *(("--extra-files", plugins) if plugins else ()),
    ]


class Supervisor:
    """Runs the web server and the worker, starts a worker that died again, stops both together."""

    def __init__(self, web: list[str], worker: list[str]) -> None:
        self._commands = (web, worker)
        self._stopping = threading.Event()

    def run(self) -> int:
        """The web server's exit status, 0 when it was told to stop."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)
        web, worker = (_start(command) for command in self._commands)
        while not self._stopping.wait(0.2) and web.poll() is None:
            if worker.poll() is not None:
                click.echo("The worker stopped and is started again.", err=True)
                self._stopping.wait(RESTART_PAUSE)
                worker = _start(self._commands[1])
        stopped_by_us = self._stopping.is_set()
        _end(web, worker)
        return 0 if stopped_by_us else web.returncode or 1

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping.set()


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    # A group of its own, so that Ctrl+C reaches the supervisor alone, which ends them in order.
    return subprocess.Popen(command, start_new_session=True, preexec_fn=_end_with_parent())  # noqa: PLW1509 - no threads here


def _end_with_parent() -> Callable[[], None] | None:
    """What a child does first, so that it is told to stop even when its parent is killed outright.

    Else a web server would be left behind that keeps the port. Only Linux has this.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def in_child() -> None:
        prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM))
        if os.getppid() != parent:  # it has died already
            os._exit(1)

    return in_child


def _end(*children: subprocess.Popen[bytes]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    until = time.monotonic() + GRACE
    for child in children:
        try:
            child.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


COMMANDS = (serve, worker)
