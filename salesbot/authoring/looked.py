"""What a check of a plugin found, and where its own code lies."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path

from salesbot.authoring.project import Project


@dataclass
class Looked:
    """What one check found: `problems` fail it, `notes` are worth reading."""

    sentence: str
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def sources(project: Project) -> list[Path]:
    """A project's Python files, tests and migrations left out."""
    found: list[Path] = []
    for module in project.plugins.values():
        for home in (project.folder / "src", project.folder):
            top = module.partition(".")[0]
            single = home / f"{top}.py"
            found += [single] if single.is_file() else []
            found += [path for path in sorted((home / top).rglob("*.py")) if "migrations" not in path.parts]
    return list(dict.fromkeys(found))


def packages(project: Project) -> list[Path]:
    """The folders of those of its plugins that are packages."""
    tops = {module.partition(".")[0] for module in project.plugins.values()}
    homes = [home / top for top in sorted(tops) for home in (project.folder / "src", project.folder)]
    return [home for home in homes if (home / "__init__.py").is_file()]


def readme(project: Project) -> str:
    """The text of its README, "" without one."""
    found = sorted(project.folder.glob("README*"))
    return found[0].read_text("utf-8") if found else ""


def tree(path: Path) -> ast.Module:
    """A file's code; nothing when it is not Python, which the check of the import tells."""
    try:
        return ast.parse(path.read_text("utf-8"))
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])
