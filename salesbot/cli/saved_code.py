"""Code that was saved while the shop runs: of each loaded module, and of each plugin, loaded or not."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Iterable
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from salesbot.plugin_loading import GROUP

_BEGUN = time.time()
"""When this process had no plugin loaded yet."""


def changed() -> Callable[[], bool]:
    """A function that says whether code was saved since this process began."""
    loaded, plugins = _saved_at(_of_modules()), _saved_at(_of_plugins())
    while_loading = any(_BEGUN < at <= time.time() for at in (*loaded.values(), *plugins.values()))

    def is_newer() -> bool:
        if while_loading:
            return True
        # A module that was loaded since is as it was saved; a plugin's new file is what was missing.
        if any(at != loaded.setdefault(file, at) for file, at in _saved_at(_of_modules()).items()):
            return True
        return any(at != plugins.get(file) for file, at in _saved_at(_of_plugins()).items())

    return is_newer


def homes_of_plugins() -> list[Path]:
    """The file of each installed plugin, or its folder when it is a package.

    One that can't be imported is found all the same: it is in no other list of what runs.
    """
    importlib.invalidate_caches()
    found: set[Path] = set()
    for point in entry_points(group=GROUP):
        try:
            spec = find_spec(point.module.partition(".")[0])
        except (ImportError, ValueError):
            continue
        if spec is None:
            continue
        folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
        found.update(folders or ([Path(spec.origin)] if spec.origin else []))
    return sorted(found)


def _of_plugins() -> Iterable[Path]:
    for home in homes_of_plugins():
        if home.is_dir():
            yield from home.rglob("*.py")
        else:
            yield home


def _of_modules() -> Iterable[Path]:
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if file:
            yield Path(file)


def _saved_at(files: Iterable[Path]) -> dict[Path, float]:
    found = {}
    for file in files:
        try:
            found[file] = file.stat().st_mtime
        except OSError:  # it is being replaced, or lies inside an archive
            continue
    return found
