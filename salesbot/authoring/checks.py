"""The list that a plugin is looked over with before it is published: sentences that are true or not."""

from __future__ import annotations

import ast
import gettext
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from flask_migrate import upgrade
from packaging.requirements import InvalidRequirement, Requirement

from salesbot.authoring.project import Project

SLOWEST_IMPORT = 1.0
"""Seconds of the processor that importing a plugin may take, with what it brings along."""
FEWEST_WORDS = 20

_IMPORT = """
import json, sys, time
import salesbot, salesbot.app, salesbot.jobs, salesbot.admin.page
sys.path[:0] = json.loads(sys.argv[1])
reached = []
def look(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        reached.append(str(arguments[-1] if event == "socket.connect" else arguments[0]))
sys.addaudithook(look)
began = time.process_time()
for module in json.loads(sys.argv[2]):
    __import__(module)
print(json.dumps({"seconds": time.process_time() - began, "reached": reached}))
"""


@dataclass
class Looked:
    """What one check found: `problems` fail it, `notes` are worth reading."""

    sentence: str
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def look_over(project: Project, postgresql: str | None, *, with_tests: bool) -> Iterator[Looked]:
    """Every check in turn. `postgresql` is the address of an empty database, or None."""
    for check in (_metadata, _compatibility, _readme, _import, _translations, _tests_there):
        yield check(project)
    with _shop_with(project) as app:
        loaded = _loads(project, app)
        yield loaded
        if not loaded.problems:
            from salesbot.authoring import live_checks  # noqa: PLC0415 - it needs the plugin's models

            for inspect in (live_checks.permissions, live_checks.personal_data):
                yield inspect(project, app)
            yield from live_checks.migrations(project, app, postgresql)
    if with_tests:
        yield _tests_pass(project)


@contextmanager
def _shop_with(project: Project) -> Iterator[Flask]:
    """A shop of its own with nothing but this plugin in it, back office and all."""
    from salesbot import create_app  # noqa: PLC0415 - a plugin may be unfit to be imported at all
    from salesbot.database import db  # noqa: PLC0415 - as above
    from salesbot.migrations.support import FOLDER  # noqa: PLC0415 - as above

    with TemporaryDirectory() as folder:
        settings = {
            "ENTRY_POINTS": False,
            "DATABASE_URL": f"sqlite:///{folder}/check.db",
            "LOG_LEVEL": "ERROR",
        }
        app = create_app(settings, instance_path=Path(folder) / "instance", plugins=_modules(project))
        with app.app_context():
            upgrade(directory=str(FOLDER))
            yield app
            db.session.remove()
            db.engine.dispose()


def _modules(project: Project) -> list[tuple[str, object]]:
    try:
        return project.load()
    except Exception:  # noqa: BLE001 - the check of the import has told what it raises
        return []


def _metadata(project: Project) -> Looked:
    found = Looked("The metadata names it, describes it, and says its version")
    if not project.name.startswith("salesbot-"):
        found.problems.append(
            f"name: {project.name!r} does not begin with “salesbot-”, where people look for plugins"
        )
    for what in ("version", "description", "python"):
        if not getattr(project, what):
            found.problems.append(f"{what} is missing")
    found.problems += [
        f"the plugin's name {name!r} is not lower-case letters, digits and _"
        for name in project.plugins
        if not name.isidentifier() or name != name.lower()
    ]
    return found


def _compatibility(project: Project) -> Looked:
    found = Looked("It says which versions of salesbot it fits, from and up to")
    try:
        needed = [Requirement(line) for line in project.requires]
    except InvalidRequirement as exc:
        found.problems.append(str(exc))
        return found
    ours = next((one for one in needed if one.name == "salesbot"), None)
    operators = {part.operator for part in ours.specifier} if ours else set()
    if ours is None:
        found.problems.append("salesbot is not among what it requires")
    elif not operators & {">=", "==", "~=", ">"} or not operators & {"<", "<=", "==", "~="}:
        found.problems.append(f"“{ours}” needs both ends, such as “salesbot >=0.1, <1”")
    return found


def _readme(project: Project) -> Looked:
    found = Looked("A README and the module's first line say what it does")
    readmes = list(project.folder.glob("README*"))
    if not readmes or len(readmes[0].read_text("utf-8").split()) < FEWEST_WORDS:
        found.problems.append(f"there is no README of {FEWEST_WORDS} words or more")
    for path in _sources(project):
        tree = _tree(path)
        if path.stem in {"__init__", *project.plugins.values()} and not ast.get_docstring(tree):
            found.problems.append(
                f"{path.relative_to(project.folder)} has no docstring; its first line is shown to staff"
            )
    return found


def _import(project: Project) -> Looked:
    found = Looked("Importing it is quick and reaches for nothing on the network")
    paths = json.dumps([str(project.folder), str(project.folder / "src")])
    ran = subprocess.run(
        [sys.executable, "-c", _IMPORT, paths, json.dumps(list(project.plugins.values()))],
        check=False,
        capture_output=True,
        text=True,
    )
    if ran.returncode:
        found.problems.append(
            ran.stderr.strip().splitlines()[-1] if ran.stderr.strip() else "it ends the process"
        )
        return found
    said = json.loads(ran.stdout.strip().splitlines()[-1])
    if said["reached"]:
        found.problems.append(f"it reaches for {', '.join(said['reached'])}")
    if said["seconds"] > SLOWEST_IMPORT:
        found.problems.append(f"it takes {said['seconds']:.1f} s; do heavy imports inside functions")
    return found


def _loads(project: Project, app: Flask) -> Looked:
    found = Looked("salesbot loads it: hooks, arguments, settings, names of tables")
    manager = app.extensions["salesbot.plugins"]
    loaded = {plugin.name for plugin in manager.plugins}
    found.problems += [f"{name}: {why}" for name, why in manager.problems.items() if name in project.plugins]
    found.problems += [
        f"{name} can't be imported"
        for name in project.plugins
        if name not in loaded | manager.problems.keys()
    ]
    found.problems += [
        f"{plugin.name} implements no hook"
        for plugin in manager.plugins
        if plugin.name in project.plugins and not plugin.hooks
    ]
    return found


def _translations(project: Project) -> Looked:
    found = Looked("Each of its languages has every sentence")
    said = {sentence for path in _sources(project) for sentence in _sentences(_tree(path))}
    languages = 0
    for home in {path.parent for path in _sources(project)}:
        for file in sorted(home.glob("translations/*/LC_MESSAGES/messages.mo")):
            languages += 1
            with file.open("rb") as opened:
                catalogue = gettext.GNUTranslations(opened)
            missing = sorted(sentence for sentence in said if catalogue.gettext(sentence) == sentence)
            found.problems += [f"{file.parts[-3]} lacks {sentence!r}" for sentence in missing]
    if not languages and said:
        found.notes.append(f"{len(said)} sentences, in no language besides the one in the code")
    return found


def _sentences(tree: ast.Module) -> Iterable[str]:
    """What stands in `_("…")`."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "_"
            and node.args
        ):
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def _tests_there(project: Project) -> Looked:
    found = Looked("Its tests are conversations, and one says what a customer gets when it breaks")
    code = "\n".join(path.read_text("utf-8") for path in sorted((project.folder / "tests").glob("test_*.py")))
    if "customer" not in code:
        found.problems.append("no test in tests/ has a customer who says something")
    if "def test_a_crash" not in code:
        found.problems.append("no test in tests/ is called test_a_crash_…")
    return found


def _tests_pass(project: Project) -> Looked:
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


def _sources(project: Project) -> list[Path]:
    """Its Python files, tests and migrations left out."""
    found: list[Path] = []
    for module in project.plugins.values():
        for home in (project.folder / "src", project.folder):
            top = module.partition(".")[0]
            single = home / f"{top}.py"
            found += [single] if single.is_file() else []
            found += [path for path in sorted((home / top).rglob("*.py")) if "migrations" not in path.parts]
    return list(dict.fromkeys(found))


def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text("utf-8"))
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])
