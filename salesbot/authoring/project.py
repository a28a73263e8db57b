"""What a folder with a plugin says about itself in setup.cfg or pyproject.toml, without installing it."""

from __future__ import annotations

import configparser
import importlib
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from salesbot.errors import PluginProblem
from salesbot.plugin_loading import GROUP


@dataclass(frozen=True)
class Project:
    """One distribution; `plugins` are its entry points: a module by the plugin's name."""

    folder: Path
    name: str = ""
    version: str = ""
    description: str = ""
    requires: tuple[str, ...] = ()
    python: str = ""
    plugins: Mapping[str, str] = field(default_factory=dict)

    def load(self) -> list[tuple[str, object]]:
        """(name, module) of each of its plugins, imported from the folder or its `src`."""
        self.put_on_path()
        return [(name, importlib.import_module(module)) for name, module in self.plugins.items()]

    def put_on_path(self) -> None:
        """Lets its modules be imported, installed or not."""
        for folder in (self.folder / "src", self.folder):
            if folder.is_dir() and str(folder) not in sys.path:
                sys.path.insert(0, str(folder))


def read(folder: Path) -> Project:
    """The distribution in `folder`; PluginProblem when it declares no plugin or can't be read."""
    toml, ini = folder / "pyproject.toml", folder / "setup.cfg"
    try:
        about = _of_toml(tomllib.loads(toml.read_text("utf-8"))) if toml.is_file() else {}
        if ini.is_file():
            about = {
                **_of_ini(ini.read_text("utf-8")),
                **{key: value for key, value in about.items() if value},
            }
    except (tomllib.TOMLDecodeError, configparser.Error, UnicodeDecodeError) as exc:
        raise PluginProblem(f"the metadata in {folder} can't be read: {exc}") from exc
    if not about:
        raise PluginProblem(f"{folder} holds neither setup.cfg nor pyproject.toml")
    if not about["plugins"]:
        raise PluginProblem(f"{folder} declares no plugin: it has no entry point in the group {GROUP}")
    return Project(folder=folder, **about)


def around(path: Path) -> Project | None:
    """The nearest folder above `path` that declares plugins, or None."""
    for folder in path.parents:
        if (folder / "setup.cfg").is_file() or (folder / "pyproject.toml").is_file():
            try:
                return read(folder)
            except PluginProblem:
                continue
    return None


def _of_toml(document: Mapping[str, Any]) -> dict[str, Any]:
    project = document.get("project")
    if not isinstance(project, dict):
        return {}
    return {
        "name": str(project.get("name", "")),
        "version": str(project.get("version", "")),
        "description": str(project.get("description", "")),
        "requires": tuple(project.get("dependencies", ())),
        "python": str(project.get("requires-python", "")),
        "plugins": _modules(project.get("entry-points", {}).get(GROUP, {})),
    }


def _of_ini(text: str) -> dict[str, Any]:
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    parser.read_string(text)

    def value(section: str, option: str) -> str:
        return parser.get(section, option, fallback="").strip()

    points = [line.partition("=") for line in value("options.entry_points", GROUP).splitlines()]
    return {
        "name": value("metadata", "name"),
        "version": value("metadata", "version"),
        "description": value("metadata", "description"),
        "requires": tuple(line.strip() for line in value("options", "install_requires").splitlines() if line),
        "python": value("options", "python_requires"),
        "plugins": _modules({name.strip(): module.strip() for name, _equals, module in points}),
    }


def _modules(points: Mapping[str, str]) -> dict[str, str]:
    return {name: module.partition(":")[0].strip() for name, module in points.items()}
