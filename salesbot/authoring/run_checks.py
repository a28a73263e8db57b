"""Checks of a plugin that start another Python: what its wheel holds, its import, its own tests."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from salesbot.authoring.looked import Looked, packages, sources
from salesbot.authoring.project import Project

SLOWEST_IMPORT = 1.0
"""Seconds of the processor that importing a plugin may take, with what it brings along."""
NOT_SHIPPED = frozenset({".pyc", ".pyo", ".po", ".pot"})
LEFTOVERS = shutil.ignore_patterns("__pycache__", "*.pyc", "*.egg-info", "build", "dist", ".*")

_IMPORT = """
import json, sys, threading, time
import salesbot, salesbot.app, salesbot.jobs, salesbot.admin.page
sys.path[:0] = json.loads(sys.argv[1])
reached, begun = [], []
def look(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        reached.append(str(arguments[-1] if event == "socket.connect" else arguments[0]))
    elif event in ("subprocess.Popen", "os.system", "os.fork", "os.posix_spawn"):
        begun.append(str(arguments[0]) if arguments else event)
sys.addaudithook(look)
threads = threading.active_count()
began = time.process_time()
for module in json.loads(sys.argv[2]):
    __import__(module)
print()
print(json.dumps({
    "seconds": time.process_time() - began, "reached": reached, "begun": begun,
    "threads": threading.active_count() - threads,
}))
"""


def imports(project: Project) -> Looked:
    """It is imported by each process of the shop, each command too."""
    found = Looked("Importing it is quick, reaches for nothing on the network, and starts nothing")
    paths = json.dumps([str(project.folder), str(project.folder / "src")])
    ran = subprocess.run(
        [sys.executable, "-c", _IMPORT, paths, json.dumps(list(project.plugins.values()))],
        check=False,
        capture_output=True,
        text=True,
    )
    lines = ran.stdout.strip().splitlines()
    if ran.returncode or not lines or not lines[-1].startswith('{"seconds"'):
        found.problems.append((ran.stderr.strip().splitlines() or ["it ends the process"])[-1])
        return found
    said = json.loads(lines[-1])
    if said["reached"]:
        found.problems.append(f"it reaches for {', '.join(said['reached'])}")
    if said["begun"]:
        found.problems.append(f"it starts {', '.join(said['begun'])}")
    if said["threads"]:
        found.problems.append(f"it starts {said['threads']} thread(s); begin them in a job or a page")
    if said["seconds"] > SLOWEST_IMPORT:
        found.problems.append(f"it takes {said['seconds']:.1f} s; do heavy imports inside functions")
    return found


def wheel(project: Project) -> Looked:
    """What pip installs elsewhere is what lies here: templates and migrations are left out easily."""
    found = Looked("Its wheel holds every file of its package")
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(project.folder, copy, ignore=LEFTOVERS)
        ran = subprocess.run(
            [
                *(sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps"),
                *("--no-index", "--no-build-isolation", "--wheel-dir", folder, str(copy)),
            ],
            check=False,
            capture_output=True,
            text=True,
        )
        built = sorted(Path(folder).glob("*.whl"))
        if not built:
            lines = (ran.stdout + ran.stderr).strip().splitlines() or ["pip says nothing"]
            missing = [
                line.strip() for line in lines if "No module named" in line or "BackendUnavailable" in line
            ]
            if missing:
                found.notes.append(f"not tried, what builds it is not installed here: {missing[-1]}")
            else:
                found.problems.append(f"it can't be built: {lines[-1]}")
            return found
        with zipfile.ZipFile(built[0]) as opened:
            held = set(opened.namelist())
    found.problems += [
        f"{name} is not in the wheel: name it in setup.cfg, under packages or package_data"
        for name in _shipped(project)
        if name not in held
    ]
    return found


def _shipped(project: Project) -> Iterable[str]:
    """The files of its packages and modules, as a wheel names them."""
    homes = packages(project)
    for home in homes:
        for path in sorted(home.rglob("*")):
            parts = path.relative_to(home.parent).parts
            hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
            if path.is_file() and path.suffix not in NOT_SHIPPED and not hidden:
                yield "/".join(parts)
    for path in sources(project):
        if not any(home in path.parents for home in homes):
            yield path.name


def tests_pass(project: Project) -> Looked:
    """The author's own."""
    found = Looked("Its tests pass")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        check=False,
        cwd=project.folder,
        capture_output=True,
        text=True,
    )
    if ran.returncode:
        found.problems += [
            line for line in ran.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))
        ] or [(ran.stdout + ran.stderr).strip().splitlines()[-1]]
    return found
