"""Makes or refreshes `.venv` in this checkout, telling in a few lines what it does.

Usage: install.py run|dev. `run` installs salesbot and what it needs, `dev` what its tests need too.
When nothing has changed since the last time it is silent and takes a moment. Only the standard
library is used, for this runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "salesbot-installed"
LOG = VENV / "install.log"
OLDEST = (3, 11)
NEEDS = {"run": ".", "dev": ".[dev]"}
STARTED = "salesbot.app, salesbot.worker, gunicorn.app.wsgiapp, gunicorn.workers.gthread"
# Settings of a person's own pip that cannot work inside an environment.
UNWANTED = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PYTHONHOME", "PYTHONPATH")


class CannotInstall(Exception):
    """What went wrong and what helps, in words for whoever typed `make`."""


class Progress:
    """One line that is rewritten on a screen; in a log file, a line every few seconds."""

    def __init__(self) -> None:
        self.on_screen = sys.stdout.isatty()
        self.started = self.shown = time.monotonic()

    def step(self, text: str) -> None:
        if self.on_screen:
            width = shutil.get_terminal_size().columns - 3
            print(f"\r\x1b[K  {text[:width]}", end="", flush=True)
        elif time.monotonic() - self.shown > 5:
            self.shown = time.monotonic()
            print(f"  {text}", flush=True)

    def close(self) -> None:
        if self.on_screen:
            print("\r\x1b[K", end="", flush=True)

    def seconds(self) -> int:
        return round(time.monotonic() - self.started)


def say(text: str) -> None:
    print(text, flush=True)


def fingerprint() -> str:
    """Changes whenever an installed environment no longer fits this checkout."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in ("setup.cfg", "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def is_done(what: str) -> bool:
    try:
        mark, level = STAMP.read_text().split()
    except (OSError, ValueError):
        return False
    return mark == fingerprint() and level in (what, "dev") and works()


def works() -> bool:
    """Whether the environment's own Python starts, is new enough and has pip."""
    code = f"import sys, pip; sys.exit(sys.version_info < {OLDEST})"
    try:
        tried = subprocess.run([PYTHON, "-I", "-c", code], check=False, capture_output=True)
    except OSError:
        return False
    return tried.returncode == 0


def was_moved() -> bool:
    """Whether this checkout was moved or copied: the scripts in `.venv/bin` name their folder."""
    try:
        first = (VENV / "bin" / "pip").read_bytes().splitlines()[0]
    except (OSError, IndexError):
        return False
    return first.startswith(b"#!/") and os.fsencode(VENV) not in first


def make_environment() -> None:
    if works() and not was_moved():
        return
    try:
        import ensurepip  # noqa: F401, PLC0415 - Debian leaves it out of its python3 package
        import venv  # noqa: F401, PLC0415
    except ImportError:
        major, minor = sys.version_info[:2]
        raise CannotInstall(
            "This Python cannot make environments: its venv module is missing.\n"
            f"On Debian and Ubuntu: sudo apt install python3-venv (or python{major}.{minor}-venv)"
        ) from None
    if VENV.exists() and not (VENV / "pyvenv.cfg").exists() and any(VENV.iterdir()):
        raise CannotInstall(f"{VENV} is in the way: it is not a Python environment. Move it away.")
    say(f"Making an environment in .venv with Python {sys.version.split()[0]}.")
    done = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", VENV],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise CannotInstall(f"{done.stdout}{done.stderr}\nThe environment could not be made.")


def install(what: str) -> None:
    """Runs pip, showing one changing line of what it prints; all of it is kept in the log."""
    say("Getting the packages that salesbot needs. This takes about a minute the first time.")
    command = [PYTHON, "-I", "-m", "pip", "install", "--no-input", "--no-compile"]
    command += ["--disable-pip-version-check", "--progress-bar=off", "--no-color"]
    env = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    progress = Progress()
    with (
        LOG.open("w") as log,
        subprocess.Popen(
            [*command, "--editable", NEEDS[what]],
            cwd=ROOT,
            env={**env, "PIP_USER": "0"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as pip,
    ):
        seen = 0
        for line in pip.stdout or ():
            log.write(line)
            seen += line.startswith("Collecting ")
            if text := summary(line):
                progress.step(f"{seen:3} {text}")
    progress.close()
    if pip.returncode:
        end = "\n".join(LOG.read_text(errors="replace").splitlines()[-12:])
        raise CannotInstall(
            f"{end}\n\nThe packages could not be installed; the lines above say why, and all of "
            f"them are in\n{LOG}. Is this machine online? `make` again goes on from here."
        )
    # Compiles what the shop imports, once; pip would compile three times as much.
    subprocess.run([PYTHON, "-I", "-c", f"import {STARTED}"], check=False, capture_output=True)
    say(f"Installed in {progress.seconds()} seconds.")


def summary(line: str) -> str:
    """What one line of pip's means to somebody who waits; empty when it means nothing."""
    if found := re.match(r"Collecting ([\w.-]+)", line):
        return f"getting {found[1]}"
    if found := re.match(r"\s+(?:Downloading|Using cached) ([\w.]+)-\S+ (\([\d.]+ .?B\))", line):
        return f"getting {found[1].lower().replace('_', '-')} {found[2]}"
    if line.startswith("Installing collected packages"):
        return "packages are here, unpacking them"
    return ""


def main(what: str) -> int:
    if is_done(what):
        return 0
    try:
        make_environment()
        STAMP.unlink(missing_ok=True)
        install(what)
    except CannotInstall as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    STAMP.write_text(f"{fingerprint()} {what}\n")
    return 0


if __name__ == "__main__":
    if sys.argv[1:] not in (["run"], ["dev"]):
        sys.exit(__doc__)
    try:
        sys.exit(main(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit("\nStopped. `make` again goes on from here.")
