"""Runs one throwaway PostgreSQL for as long as its standard input stays open; a script.

`python postgres_keeper.py BIN [TREE]` prints `ready SOCKET_FOLDER` or `failed REASON`. It stops the
server and removes its data when the other end of the pipe closes, so that nothing is left behind
even when the test run is killed. PostgreSQL refuses to run as root: as root it is started as an
unprivileged user, from a copy of TREE if that user could not read BIN where it is.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import Any

PATIENCE = 60  # seconds
# What a sun_path holds on macOS, less the name of PostgreSQL's socket in the folder.
LONGEST_FOLDER = 103 - len("/.s.PGSQL.5432")
# Durability is of no use to data that lives for a minute.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Failed(Exception):
    """Why there is no server."""


def unprivileged() -> dict[str, Any]:
    """Arguments that make `subprocess` leave root behind; none when this is not root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise Failed("PostgreSQL refuses to run as root, and there is no other user to run it as")


def others_may_enter(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def make_home(user: dict[str, Any]) -> Path:
    """A short-named folder of the server's own, where its user can reach it."""
    for place in dict.fromkeys([tempfile.gettempdir(), "/tmp", "/var/tmp"]):
        parent = Path(place).resolve()
        if len(f"{parent}/salesbot-pg-12345678") > LONGEST_FOLDER:
            continue
        if parent.is_dir() and (not user or others_may_enter(parent)):
            return Path(tempfile.mkdtemp(prefix="salesbot-pg-", dir=parent))
    raise Failed("no temporary folder that PostgreSQL's user can reach")


def give(path: Path, user: dict[str, Any]) -> None:
    if not user:
        return
    for each in (path, *path.rglob("*")):
        os.chown(each, user["user"], user["group"], follow_symlinks=False)


def reachable(bin_folder: Path, tree: Path | None, home: Path, user: dict[str, Any]) -> Path:
    """The binaries, copied with the libraries beside them if their user could not reach them."""
    if not user or others_may_enter(bin_folder.resolve()):
        return bin_folder
    if tree is None:
        raise Failed(f"{bin_folder} cannot be entered by the user that PostgreSQL runs as")
    copy = home / "copy"
    copy.mkdir()
    libraries = tree.with_name(f"{tree.name}.libs")
    for source in filter(Path.exists, (tree, libraries)):
        ignored = shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__")
        shutil.copytree(source, copy / source.name, symlinks=True, ignore=ignored)
    give(copy, user)
    return copy / bin_folder.relative_to(tree.parent)


def start(bin_folder: Path, home: Path, user: dict[str, Any]) -> subprocess.Popen[bytes]:
    data, log = home / "data", home / "log"
    common: dict[str, Any] = {
        "cwd": home,
        "env": {"PATH": os.defpath, "LC_ALL": "C"},
        "stdin": subprocess.DEVNULL,
        **user,
    }
    # macOS has no C.UTF-8.
    locale = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"
    made = subprocess.run(
        [
            *(bin_folder / "initdb", "--pgdata", data, "--username=postgres", "--auth=trust"),
            *("--encoding=UTF8", f"--locale={locale}", "--no-sync"),
        ],
        check=False,
        capture_output=True,
        timeout=PATIENCE,
        **common,
    )
    if made.returncode:
        raise Failed(f"initdb said: {last_line(made.stderr or made.stdout)}")
    options = [f"--{name}={value}" for name, value in SETTINGS.items()]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [bin_folder / "postgres", "-D", data, "-k", home, *options],
            stdout=output,
            stderr=output,
            **common,
        )
    deadline = time.monotonic() + PATIENCE
    while not is_ready(data):
        if server.poll() is not None or time.monotonic() > deadline:
            stop(server)
            raise Failed(f"postgres said: {last_line(log.read_bytes())}")
        time.sleep(0.02)
    return server


def is_ready(data: Path) -> bool:
    """The eighth line of postmaster.pid is the state, as pg_ctl reads it too."""
    try:
        return (data / "postmaster.pid").read_text().splitlines()[7].strip() == "ready"
    except (OSError, IndexError):
        return False


def stop(server: subprocess.Popen[bytes]) -> None:
    """Ends it without waiting for its clients; their test run is over."""
    if server.poll() is None:
        server.send_signal(signal.SIGINT)
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "nothing"


def leave(number: int, frame: FrameType | None) -> None:
    sys.exit(1)


def main(bin_folder: Path, tree: Path | None) -> None:
    signal.signal(signal.SIGTERM, leave)
    home = server = None
    try:
        user = unprivileged()
        home = make_home(user)
        give(home, user)
        server = start(reachable(bin_folder, tree, home, user), home, user)
        print(f"ready {home}", flush=True)
        sys.stdin.buffer.read()
    except (Failed, OSError, subprocess.SubprocessError) as problem:
        print(f"failed {problem}", flush=True)
    finally:
        if server:
            stop(server)
        if home:
            shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    arguments = [Path(each) for each in sys.argv[1:]]
    main(arguments[0], arguments[1] if len(arguments) > 1 else None)
