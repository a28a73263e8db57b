"""Templates and static files that lie in a plugin's package: found without code, and no name is taken twice.

`templates/<plugin>/page.html` is the template "<plugin>/page.html". `static/card.css` has the address
`url_for("plugin_static", plugin="<plugin>", filename="card.css")`, which changes with the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, current_app, request, send_from_directory
from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, TemplateNotFound
from werkzeug.security import safe_join

from salesbot.errors import PluginProblem
from salesbot.plugin_loading import Plugin
from salesbot.services import shop

ENDPOINT = "plugin_static"
YEAR = 365 * 24 * 60 * 60
_LEFTOVERS = frozenset({"Thumbs.db", "__pycache__"})


class PluginTemplates(BaseLoader):
    """The templates of all plugins, each below its plugin's name."""

    def __init__(self) -> None:
        self.folders: dict[str, FileSystemLoader] = {}

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        """The text of "<plugin>/<path>"; TemplateNotFound for whatever begins otherwise."""
        loader = self.folders.get(template.partition("/")[0])
        if loader is None:
            raise TemplateNotFound(template)
        return loader.get_source(environment, template)

    def list_templates(self) -> list[str]:
        """All names."""
        return sorted(name for loader in self.folders.values() for name in loader.list_templates())


def init(app: Flask) -> None:
    """Adds the one address of static files, and the loader of templates."""
    templates = app.extensions["salesbot.plugin_templates"] = PluginTemplates()
    app.extensions["salesbot.plugin_static"] = {}
    shops = app.jinja_loader
    app.jinja_loader = ChoiceLoader([*([] if shops is None else [shops]), templates])
    app.add_url_rule("/static/plugins/<plugin>/<path:filename>", ENDPOINT, _file)
    app.url_default_functions.setdefault(None, []).append(_with_fingerprint)


def find(app: Flask, plugin: Plugin) -> None:
    """Takes up the folders of one plugin; PluginProblem when a name in them could be somebody else's."""
    if plugin.built_in or plugin.folder is None:
        return
    templates = plugin.folder / "templates"
    if templates.is_dir():
        _check_names(app, plugin, templates)
        app.extensions["salesbot.plugin_templates"].folders[plugin.name] = FileSystemLoader(templates)
    if (plugin.folder / "static").is_dir():
        app.extensions["salesbot.plugin_static"][plugin.name] = plugin.folder / "static"


def forget(app: Flask, plugin: Plugin) -> None:
    """Lets go of the folders of a plugin that turned out to be faulty."""
    app.extensions["salesbot.plugin_templates"].folders.pop(plugin.name, None)
    app.extensions["salesbot.plugin_static"].pop(plugin.name, None)


def _check_names(app: Flask, plugin: Plugin, templates: Path) -> None:
    for path in sorted(templates.iterdir()):
        if not path.name.startswith(".") and path.name not in {plugin.name, *_LEFTOVERS}:
            raise PluginProblem(
                f"{path}: templates of this plugin lie in {templates.name}/{plugin.name}/, so that their "
                "names are nobody else's"
            )
    if (templates / plugin.name).is_dir() and (Path(app.root_path) / "templates" / plugin.name).is_dir():
        raise PluginProblem(f"{templates / plugin.name}: the shop has templates of that name itself")


def _file(plugin: str, filename: str) -> Response:
    folder = current_app.extensions["salesbot.plugin_static"].get(plugin)
    if folder is None or plugin in shop.state().switched_off:
        abort(404)
    answer = send_from_directory(folder, filename, conditional=True, max_age=0)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    if request.args.get("v") == _fingerprint_of(folder, filename):
        answer.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    else:
        answer.headers["Cache-Control"] = "no-cache"
    return answer


def _with_fingerprint(endpoint: str, values: dict[str, Any]) -> None:
    """Puts what a file holds into its address, so that it may be kept for long and is never stale."""
    if endpoint != ENDPOINT or "v" in values:
        return
    folder = current_app.extensions["salesbot.plugin_static"].get(values.get("plugin"))
    found = folder and _fingerprint_of(folder, str(values.get("filename")))
    if found:
        values["v"] = found


def _fingerprint_of(folder: Path, filename: str) -> str:
    path = safe_join(str(folder), filename)
    try:
        return "" if path is None else _fingerprint(path, Path(path).stat().st_mtime_ns)
    except OSError:
        return ""


@lru_cache(maxsize=1024)
def _fingerprint(path: str, _changed: int) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]
