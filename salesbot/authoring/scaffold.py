"""Writes a new plugin: a whole distribution made of the pieces in `template`, with tests that pass.

The pieces are Python that runs as it stands, about a plugin that is called `myplugin`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from salesbot.authoring import taken_names
from salesbot.errors import PluginProblem

PARTS = ("settings", "payment", "delivery", "job", "models", "admin")
PIECES = Path(__file__).parent / "template"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Names:
    """What a plugin is called in each place; `dashed` is "gift-cards"."""

    dashed: str

    @property
    def plugin(self) -> str:
        """The entry point's name, with which its choices, jobs and tables begin."""
        return self.dashed.replace("-", "_")

    @property
    def distribution(self) -> str:
        """What pip calls it; its folder too."""
        return f"salesbot-{self.dashed}"

    @property
    def module(self) -> str:
        """What Python imports."""
        return f"salesbot_{self.plugin}"

    def put_into(self, text: str) -> str:
        """A piece about "my plugin" as one about this one."""
        words = self.dashed.replace("-", " ")
        own = {
            "My plugin": words.capitalize(),
            "MyPlugin": "".join(map(str.capitalize, words.split())),
            "my-plugin": self.dashed,
            "myplugin": self.plugin,
            "my words": words,
        }
        return re.sub("|".join(own), lambda found: own[found[0]], text)


def names(typed: str) -> Names:
    """The names of a plugin that somebody calls "Gift cards"; PluginProblem when nothing can be so called."""
    dashed = re.sub(r"[\s_-]+", "-", typed.strip().casefold()).strip("-").removeprefix("salesbot-")
    if not _NAME.fullmatch(dashed):
        raise PluginProblem(f"{typed!r} is no name for a plugin: use letters a to z, digits and dashes")
    why = taken_names.why_taken(dashed)
    if why:
        raise PluginProblem(
            f"a plugin can't be called {dashed!r}: {why}. Choose another name, "
            f"such as {taken_names.another(dashed)!r}"
        )
    return Names(dashed)


def write(called: Names, parts: Iterable[str], folder: Path) -> list[Path]:
    """Makes `folder` with the plugin in it; its files. PluginProblem when the folder is there already."""
    chosen = ["base", *(part for part in PARTS if part in set(parts))]
    files = {path: called.put_into(text) for path, text in _files(called, chosen).items()}
    try:
        folder.mkdir(parents=True)
    except FileExistsError as exc:
        raise PluginProblem(f"{folder} is there already, and nothing is overwritten") from exc
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return [folder / path for path in files]


def _files(called: Names, chosen: list[str]) -> dict[str, str]:
    """The text of each file by its path in the folder, still about "my plugin"."""
    package = bool({"models", "admin"} & set(chosen))
    module = called.module
    readme = [_piece("files/README.md"), *(_piece(f"files/{part}.md") for part in chosen[1:])]
    found = {
        "setup.cfg": _metadata(package=package),
        "pyproject.toml": _piece("files/pyproject.toml"),
        "README.md": "".join(readme),
        ".gitignore": _piece("files/gitignore"),
        ".github/workflows/test.yml": _piece("files/test.yml"),
        f"{module}/__init__.py" if package else f"{module}.py": _joined("code", chosen),
        f"tests/test_{called.plugin}.py": _joined("tests", chosen),
    }
    if "models" in chosen:
        found[f"{module}/models.py"] = _piece("files/models.py")
        found[f"{module}/migrations/0001_first_tables.py"] = _piece("files/0001_first_tables.py")
    if "admin" in chosen:
        found[f"{module}/templates/{called.plugin}/page.html"] = _piece("files/page.html")
    return found


def _metadata(*, package: bool) -> str:
    modules = "packages = salesbot_myplugin" if package else "py_modules = salesbot_myplugin"
    folders = "".join(f"    {name}/**\n" for name in ("templates", "static", "translations", "migrations"))
    held = f"\n[options.package_data]\n* =\n{folders}"
    series = ".".join(version("salesbot").split(".")[:2])
    text = _piece("files/setup.cfg").replace("{modules}", modules).replace("{salesbot}", series)
    return text.replace("{data}", held if package else "")


def _piece(path: str) -> str:
    return (PIECES / path).read_text(encoding="utf-8")


def _joined(kind: str, chosen: list[str]) -> str:
    """Several pieces of Python as one module: the first's docstring, all imports, then all code."""
    docstring, imports, bodies = "", _Imports(), []
    for part in chosen:
        text = _piece(f"{kind}/{part}.py")
        nodes, lines = ast.parse(text).body, text.splitlines()
        if nodes and isinstance(nodes[0], ast.Expr) and isinstance(nodes[0].value, ast.Constant):
            docstring = "\n".join(lines[: nodes[0].end_lineno]) + "\n\n"
            nodes = nodes[1:]
        while nodes and isinstance(nodes[0], ast.Import | ast.ImportFrom):
            imports.add(nodes.pop(0))
        first = nodes[0]
        decorated = getattr(first, "decorator_list", [])
        start = min([first.lineno, *(decorator.lineno for decorator in decorated)])
        bodies.append("\n".join(lines[start - 1 :]).strip())
    head = imports.text()
    gap = "\n\n" if head and not bodies[0].startswith("_ =") else "\n" if head else ""
    return docstring + head + gap + "\n\n\n".join(bodies) + "\n"


class _Imports:
    """Import lines of several pieces, each name once, in the customary order."""

    def __init__(self) -> None:
        self._plain: set[str] = set()
        self._names: dict[str, set[str]] = {}

    def add(self, node: ast.stmt) -> None:
        if isinstance(node, ast.ImportFrom):
            self._names.setdefault(node.module or "", set()).update(alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            self._plain.update(alias.name for alias in node.names)

    def text(self) -> str:
        """The lines: Python's own, then what is installed, then the plugin's."""
        groups: dict[int, list[str]] = {}
        for name in sorted(self._plain):
            groups.setdefault(_group(name), []).append(f"import {name}")
        for module, names in sorted(self._names.items()):
            groups.setdefault(_group(module), []).append(_from(module, sorted(names, key=_importance)))
        return "\n\n".join("\n".join(lines) for _place, lines in sorted(groups.items())) + (
            "\n" * bool(groups)
        )


def _importance(name: str) -> tuple[bool, str]:
    return name[0].islower(), name


def _from(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= 100:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")"


def _group(module: str) -> int:
    top = module.partition(".")[0]
    return 2 if top.startswith("salesbot_") else 1 if top in {"salesbot", "pytest", "sqlalchemy"} else 0
