"""Finds plugins and looks each one over, so that a faulty one is left out whole and said why."""

from __future__ import annotations

import importlib
import inspect
import logging
import traceback
import warnings
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy
from packaging.requirements import Requirement

from salesbot import hookspecs
from salesbot.calls import Implementation
from salesbot.errors import PluginProblem
from salesbot.plugin_slips import is_own, meant, nearest, nearly_hooks, place_of, written_twice

log = logging.getLogger(__name__)

Importing = Callable[[], AbstractContextManager[None]]

GROUP = "salesbot.plugins"
CORE = f"{Path(__file__).parent}/"
BUILT_IN = (
    "greeting",
    "catalog",
    "checkout",
    "orders",
    "support",
    "language",
    "payment_demo",
    "payment_manual",
    "payment_stripe",
    "fallback",
)
"""In the order in which they are asked."""

HOOKS: dict[str, tuple[str, ...]] = {
    name: tuple(inspect.signature(spec).parameters)
    for name, spec in inspect.getmembers(hookspecs, inspect.isfunction)
    if name.startswith("salesbot_")
}
"""Every hook with the names of its arguments."""


@dataclass
class Usage:
    """What this process has seen of one plugin and not written down yet; seconds."""

    calls: int = 0
    slowest: float = 0.0
    slowest_hook: str = ""


@dataclass
class Plugin:
    """One plugin, loaded or left out; `problem` says why it was left out."""

    name: str
    built_in: bool
    module: object | None = None
    version: str = ""
    author: str = ""
    title: str = ""
    path: str = ""
    hooks: tuple[str, ...] = ()
    problem: str = ""
    warnings: list[str] = field(default_factory=list)
    """What looks like a slip, and what it uses that goes with a later version."""
    implementations: dict[str, list[Implementation]] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)

    @property
    def folder(self) -> Path | None:
        """The folder of a plugin that is a package; None for one of a single module."""
        return Path(self.path).parent if Path(self.path).name == "__init__.py" else None

    def sort_key(self) -> tuple[int, int | str]:
        """Third parties by name, then the built-ins in their written order."""
        if self.built_in:
            return (1, BUILT_IN.index(self.name))
        return (0, self.name)


def load_all(
    pm: pluggy.PluginManager,
    *,
    disabled: Iterable[str],
    third_parties: bool,
    extra: Iterable[tuple[str, object]],
    importing: Importing,
) -> list[Plugin]:
    """Every plugin there is, those with a problem included; the good ones are registered with `pm`.

    `extra` are (name, module) pairs handed in by a test. Others' plugins are imported inside `importing()`.
    """
    left_out = set(disabled)
    found = [_built_in(name) for name in BUILT_IN if name not in left_out]
    if third_parties:
        found += [_installed(point, importing) for point in _entry_points() if point.name not in left_out]
    found += [Plugin(name, built_in=False, module=module) for name, module in extra]
    names: set[str] = set()
    for plugin in found:
        if not plugin.problem and plugin.name in names:
            plugin.problem = f"another plugin is called {plugin.name!r} already; rename the entry point"
        names.add(plugin.name)
        if not plugin.problem:
            _register(pm, plugin)
    return found


def _entry_points() -> list[EntryPoint]:
    return sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value))


def _built_in(name: str) -> Plugin:
    plugin = Plugin(name, built_in=True)
    _import(plugin, lambda: importlib.import_module(f"salesbot_{name}"))
    return plugin


def _installed(point: EntryPoint, importing: Importing) -> Plugin:
    plugin = Plugin(point.name, built_in=False)
    if point.dist is not None:
        about = point.dist.metadata.json
        plugin.version = point.dist.version
        plugin.author = str(about.get("author") or about.get("author_email") or "")
        plugin.title = str(about.get("summary") or "")
    if point.name in BUILT_IN:
        plugin.problem = f"{point.name!r} is the name of a built-in plugin; rename the entry point"
    else:
        plugin.problem = "; ".join(_unmet(point.dist.requires or ())) if point.dist is not None else ""
    if not plugin.problem:
        _import(plugin, point.load, importing)
    return plugin


def _unmet(requirements: Iterable[str]) -> Iterable[str]:
    """What a distribution requires and does not find here, each with what to do."""
    for line in requirements:
        needed = Requirement(line)
        if needed.marker is not None and not needed.marker.evaluate({"extra": ""}):
            continue
        wanted = f"{needed.name}{needed.specifier}"
        try:
            present = version(needed.name)
        except PackageNotFoundError:
            yield f'it needs {needed.name}, which is not installed: pip install "{wanted}"'
            continue
        if needed.specifier.contains(present, prereleases=True):
            continue
        if needed.name == "salesbot":
            yield f"it is made for {wanted}, and this is {present}; look for another version of it"
        else:
            yield f'it needs {wanted}, and {present} is installed: pip install "{wanted}"'


def _import(plugin: Plugin, load: Callable[[], object], importing: Importing = nullcontext) -> None:
    try:
        with importing():
            plugin.module = load()
    except KeyboardInterrupt:
        raise
    except PluginProblem as exc:
        plugin.problem = str(exc)
    except BaseException as exc:  # noqa: BLE001 - a plugin's import may raise anything, SystemExit too
        plugin.problem = f"it can't be imported: {where(exc)}{type(exc).__name__}: {exc}{meant(exc)}"


def _register(pm: pluggy.PluginManager, plugin: Plugin) -> None:
    module = plugin.module
    plugin.path = _file(module)
    if not plugin.title:
        plugin.title = (inspect.getdoc(module) or "").partition("\n")[0]
    problems = [*_problems(pm, module), *written_twice(module)]
    if not problems:
        try:
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                pm.register(module, name=plugin.name)
            for warning in told:
                place = f"{warning.filename}:{warning.lineno}: "
                plugin.warnings.append(f"soon not any more: {place}{warning.message}".replace("\n", " "))
        except Exception as exc:  # noqa: BLE001 - pluggy and odd attributes raise many things
            if pm.has_plugin(plugin.name):
                pm.unregister(name=plugin.name)
            problems.append(f"{type(exc).__name__}: {exc}")
    if problems:
        plugin.problem = "; ".join(problems)
        return
    callers = pm.get_hookcallers(module) or []
    plugin.hooks = tuple(sorted(caller.name for caller in callers))
    for caller in callers:
        plugin.implementations[caller.name] = [
            Implementation(impl, HOOKS[caller.name])
            for impl in caller.get_hookimpls()
            if impl.plugin is module
        ]
    if not plugin.hooks:
        plugin.warnings.append("it implements no hook")
    plugin.warnings += nearly_hooks(module, HOOKS, sure=bool(plugin.hooks))
    for slip in plugin.warnings:
        log.warning("plugin %s: %s", plugin.name, slip)


def _problems(pm: pluggy.PluginManager, module: object) -> Iterable[str]:
    """What is wrong with a plugin's hooks, each with its place and the nearest right name."""
    for name in dir(module):
        try:
            options = pm.parse_hookimpl_opts(module, name)
            function = getattr(module, name)
        except Exception as exc:  # noqa: BLE001 - properties and lazy attributes may raise anything
            yield f"its attribute {name!r} can't be read: {type(exc).__name__}: {exc}"
            continue
        if options is None:
            if name in HOOKS and inspect.isfunction(function) and is_own(module, function):
                yield f"{place_of(function)}: {name} lacks @hookimpl"
            continue
        hook = options.get("specname") or name
        if hook not in HOOKS:
            yield f"{place_of(function)}: there is no hook {hook!r}{nearest(hook, HOOKS)}"
        elif inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            yield f"{place_of(function)}: {name} is async; hooks are plain functions"
        elif options.get("wrapper") or options.get("hookwrapper"):
            yield f"{place_of(function)}: {name} is a wrapper; salesbot has no hook wrappers"
        else:
            yield from _wrong_arguments(function, hook)


def _wrong_arguments(function: Callable[..., Any], hook: str) -> Iterable[str]:
    allowed = HOOKS[hook]
    for argument in inspect.signature(function).parameters.values():
        if argument.kind in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD):
            yield f"{place_of(function)}: {hook} can't take *{argument.name}; name the arguments"
        elif argument.kind is argument.KEYWORD_ONLY:
            yield f"{place_of(function)}: {hook} can't take arguments after a *; leave it out"
        elif argument.name not in allowed and argument.default is argument.empty:
            yield (
                f"{place_of(function)}: {hook} has no argument {argument.name!r}"
                f"{nearest(argument.name, allowed)}"
            )


def _file(module: object) -> str:
    target = module if isinstance(module, ModuleType) else type(module)
    try:
        return inspect.getfile(target)
    except (TypeError, OSError):
        return ""


def where(exc: BaseException, plugin: Plugin | None = None) -> str:
    """The file and line in which an error arose, as "file:line: ", or nothing when unknown.

    With `plugin`, the last line of the plugin's own that led there, or its file alone.
    """
    if isinstance(exc, SyntaxError) and exc.filename:
        return f"{exc.filename}:{exc.lineno}: "
    frames = [
        frame
        for frame in traceback.extract_tb(exc.__traceback__)
        if not frame.filename.startswith("<")
        and not frame.filename.endswith(("/plugin_loading.py", "/plugin_models.py", "/importlib/__init__.py"))
        and "/importlib/metadata/" not in frame.filename
    ]
    if plugin is not None and plugin.path:
        own = str(Path(plugin.path).parent if plugin.path.endswith("__init__.py") else plugin.path)
        frames = [frame for frame in frames if frame.filename.startswith(own)]
        if not frames:  # what it returned was looked over after its own code had ended
            return f"{plugin.path}: "
    else:
        # Rather where salesbot was called than where it refused.
        frames = [frame for frame in frames if not frame.filename.startswith(CORE)] or frames
    return f"{frames[-1].filename}:{frames[-1].lineno}: " if frames else ""
