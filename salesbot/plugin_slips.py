"""Slips of a plugin's author that Python lets pass or names badly, each told with the nearest right name."""

from __future__ import annotations

import ast
import difflib
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

PACKAGES = ("models", "services", "fulfilment")
"""What a plugin may use besides the front door."""
ALIKE, ALIKE_A_LITTLE = 0.8, 0.65
"""How much alike two names are of which one was meant to be the other."""

_NOT_THERE = (
    re.compile(r"cannot import name '(?P<name>\w+)' from '(?P<home>salesbot(\.\w+)*)'"),
    re.compile(r"module '(?P<home>salesbot(\.\w+)*)' has no attribute '(?P<name>\w+)'"),
    re.compile(r"No module named '(?P<home>salesbot(\.\w+)*)\.(?P<name>\w+)'"),
)


def nearest(name: str, names: Iterable[str]) -> str:
    """The name that was meant, or all that there are, as the end of a sentence."""
    close = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; there are {', '.join(names)}" if names else "; it takes none"


def place_of(function: Callable[..., Any]) -> str:
    """The file and line of a function."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(function)


def is_own(module: object, function: Callable[..., Any]) -> bool:
    """Whether a function was written in this very module."""
    return isinstance(module, ModuleType) and function.__module__ == module.__name__


def nearly_hooks(module: object, hooks: Iterable[str], *, sure: bool) -> Iterator[str]:
    """Functions without @hookimpl whose name is nearly a hook's; less nearly unless `sure` of the others."""
    for name, function in vars(module).items() if isinstance(module, ModuleType) else ():
        if (
            name in hooks
            or not inspect.isfunction(function)
            or not is_own(module, function)
            or hasattr(function, "salesbot_impl")
        ):
            continue
        close = difflib.get_close_matches(name, list(hooks), n=1, cutoff=ALIKE if sure else ALIKE_A_LITTLE)
        if close:
            yield f"{place_of(function)}: {name} is no hook; did you mean {close[0]!r}, with @hookimpl?"


def written_twice(module: object) -> Iterator[str]:
    """Implementations at the top of a module that a second one of the same name takes the place of."""
    try:
        nodes = ast.parse(inspect.getsource(module)).body if isinstance(module, ModuleType) else []
        file = inspect.getsourcefile(module) if isinstance(module, ModuleType) else ""
    except (OSError, TypeError, SyntaxError):  # without its source nobody can tell
        return
    lines: dict[str, int] = {}
    for node in nodes:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or not _is_marked(node):
            continue
        if node.name in lines:
            yield (
                f"{file}:{node.lineno}: {node.name} takes the place of the one in line {lines[node.name]}; "
                f'give one another name and @hookimpl(specname="{node.name}")'
            )
        lines[node.name] = node.lineno


def _is_marked(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    calls = (mark.func if isinstance(mark, ast.Call) else mark for mark in node.decorator_list)
    return any((getattr(call, "id", "") or getattr(call, "attr", "")) == "hookimpl" for call in calls)


def meant(exc: BaseException) -> str:
    """What of salesbot was meant by a name that is not there, as the end of a sentence; "" when unknown."""
    if not isinstance(exc, ImportError | AttributeError):
        return ""
    found = next(filter(None, (pattern.match(str(exc)) for pattern in _NOT_THERE)), None)
    home = None if found is None else sys.modules.get(found["home"])
    if found is None or home is None:
        return ""
    names = [*getattr(home, "__all__", ())]
    names += PACKAGES if home.__name__ == "salesbot" else _names_in(home)
    close = difflib.get_close_matches(found["name"], names, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


def _names_in(module: ModuleType) -> list[str]:
    inside = [one.name for one in iter_modules(getattr(module, "__path__", ()))]
    return [name for name in (*vars(module), *inside) if not name.startswith("_")]
