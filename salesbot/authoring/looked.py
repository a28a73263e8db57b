"""What a check of a plugin found, and where its own code lies."""

from __future__ import annotations

import ast
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec

from salesbot.authoring.project import Project
from salesbot.plugin_loading import Plugin

P = ParamSpec("P")


@dataclass
class Looked:
    """What one check found: `problems` fail it, `notes` are worth reading.

    When it `ends` the list, what needs the plugin to be imported is not looked at.
    """

    sentence: str
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ends: bool = False


def check(sentence: str) -> Callable[[Callable[Concatenate[Looked, P], None]], Callable[P, Looked]]:
    """Makes a check of a function that notes what it finds; what it raises is a problem, and ends nothing.

    `{0}` in the sentence is the check's first argument.
    """

    def decorate(look: Callable[Concatenate[Looked, P], None]) -> Callable[P, Looked]:
        @wraps(look)
        def looked(*args: P.args, **kwargs: P.kwargs) -> Looked:
            found = Looked(sentence.format(*args))
            try:
                look(found, *args, **kwargs)
            except KeyboardInterrupt:
                raise
            except BaseException as exc:  # noqa: BLE001 - a plugin may raise anything, SystemExit too
                found.problems.append(raised(exc, *args))
            return found

        return looked

    return decorate


def raised(exc: BaseException, *about: object) -> str:
    """What a plugin raised, after the last line that led there: one of its own when `about` says whose."""
    homes = [str(one.folder) for one in about if isinstance(one, Project)]
    homes += [str(Path(one.path).parent) for one in about if isinstance(one, Plugin) and one.path]
    frames = traceback.extract_tb(exc.__traceback__)
    own = [frame for frame in frames if any(frame.filename.startswith(home) for home in homes)]
    place = "".join(f"{frame.filename}:{frame.lineno}: " for frame in (own or frames)[-1:])
    if isinstance(exc, SyntaxError) and exc.filename:
        place = f"{exc.filename}:{exc.lineno}: "
    return f"{place}{type(exc).__name__}: {str(exc).partition(chr(10))[0]}"


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
