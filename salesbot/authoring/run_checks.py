"""Checks of a plugin that start another Python: what its wheel holds, its import, its own tests."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from salesbot.authoring.looked import Looked, check, packages, sources
from salesbot.authoring.project import Project

SLOWEST_IMPORT = 1.0
"""Seconds of the processor that importing a plugin may take, with what it brings along."""
NOT_SHIPPED = frozenset({".pyc", ".pyo", ".po", ".pot"})
LEFTOVERS = shutil.ignore_patterns("__pycache__", "*.pyc", "*.egg-info", "build", "dist", ".*")

_IMPORT = """
import json, os, sys, threading, time, traceback
import salesbot, salesbot.app, salesbot.jobs, salesbot.admin.page
from salesbot.plugin_models import REGISTRY, importing
REGISTRY.configure()
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
    try:
        with importing():
            __import__(module)
    except SystemExit:
        traceback.print_exc()
        print("it ends the process", file=sys.stderr, flush=True)
        os._exit(1)
print()
print(json.dumps({
    "seconds": time.process_time() - began, "reached": reached, "begun": begun,
    "threads": threading.active_count() - threads,
}))
"""


@check("Importing it is quick, reaches for nothing on the network, and starts nothing")
def imports(found: Looked, project: Project) -> None:
    """It is imported by each process of the shop, each command too."""
    paths = json.dumps([str(project.folder), str(project.folder / "src")])
    ran = subprocess.run(
        [sys.executable, "-c", _IMPORT, paths, json.dumps(list(project.plugins.values()))],
        check=False,
        capture_output=True,
        text=True,
    )
    lines = ran.stdout.strip().splitlines()
    if ran.returncode or not lines or not lines[-1].startswith('{"seconds"'):
        last = (ran.stderr.strip().splitlines() or ["it ends the process"])[-1]
        last = last.removeprefix("salesbot.errors.PluginProblem: ")
        own = re.findall(rf'File "({re.escape(str(project.folder))}[^"]*)", line (\d+)', ran.stderr)
        found.problems.append("".join(f"{file}:{line}: " for file, line in own[-1:]) + last)
        found.ends = True
        return
    said = json.loads(lines[-1])
    if said["reached"]:
        found.problems.append(f"it reaches for {', '.join(said['reached'])}")
    if said["begun"]:
        found.problems.append(f"it starts {', '.join(said['begun'])}")
    if said["threads"]:
        found.problems.append(f"it starts {said['threads']} thread(s); begin them in a job or a page")
    if said["seconds"] > SLOWEST_IMPORT:
        found.problems.append(f"it takes {said['seconds']:.1f} s; do heavy imports inside functions")


@check("Its wheel holds every file of its package")
def wheel(found: Looked, project: Project) -> None:
    """What pip installs elsewhere is what lies here: templates and migrations are left out easily."""
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
            return
        with zipfile.ZipFile(built[0]) as opened:
            held = set(opened.namelist())
    found.problems += [
        f"{name} is not in the wheel: name it in setup.cfg, under packages or package_data"
        for name in _shipped(project)
        if name not in held
    ]


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


@check("Its tests pass")
def tests_pass(found: Looked, project: Project) -> None:
    """The author's own."""
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
