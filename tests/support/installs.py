"""A real installation of this checkout, far from the checkout: a wheel in an environment of its own.

Tests that use it belong to one xdist group, so that the wheel is built once:
`pytestmark = pytest.mark.xdist_group("installs")`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEFTOVERS = shutil.ignore_patterns("__pycache__", "*.pyc", "*.egg-info", ".*", "node_modules")


@dataclass(frozen=True)
class Installation:
    """An environment with programs in `bin`; no test changes the one that all of them share."""

    home: Path

    @property
    def bin(self) -> Path:
        return self.home / "bin"

    def pip_install(self, *what: Path) -> None:
        """Installs folders or wheels; fetches nothing."""
        pip("--python", self.bin / "python", "install", *OFFLINE, "--no-compile", *what)

    def run(self, program: str, *arguments: str, folder: Path, **environment: str) -> str:
        """What one of its programs prints when it is started in `folder`; it must succeed."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        done = subprocess.run(
            [self.bin / program, *arguments],
            check=False,
            cwd=folder,
            env={**kept, **environment},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


OFFLINE = ("--no-deps", "--no-index", "--no-build-isolation")


def pip(*arguments: object) -> None:
    command = [sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(list(map(str, command)), check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def new_installation(home: Path, *what: Path) -> Installation:
    """Makes an environment with `what` in it; everything else is borrowed from the one that tests."""
    venv.create(home, with_pip=False)
    ours = next(path for path in sys.path if path.endswith("site-packages"))
    (site,) = home.glob("lib/python*/site-packages")
    # Of a folder that a .pth file names, the .pth files are not followed: our own editable
    # salesbot stays out.
    (site / "borrowed.pth").write_text(f"{ours}\n")
    installation = Installation(home)
    installation.pip_install(*what)
    return installation


@pytest.fixture(scope="session")
def salesbot_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout, built from a copy so that nothing is left in the tree."""
    copy, built = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("wheel")
    for path in filter(Path.is_file, ROOT.iterdir()):
        shutil.copy(path, copy)
    for name in ("salesbot", "plugins"):
        shutil.copytree(ROOT / name, copy / name, ignore=LEFTOVERS)
    pip("wheel", *OFFLINE, "--wheel-dir", built, copy)
    (found,) = built.glob("salesbot-*.whl")
    return found


@pytest.fixture(scope="session")
def installation(salesbot_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """What `pip install salesbot` leaves behind."""
    return new_installation(tmp_path_factory.mktemp("environment"), salesbot_wheel)
