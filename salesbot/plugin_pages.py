"""Pages that plugins add belong to their blueprints: nothing of theirs is run around the pages of others."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from flask import Flask, abort
from werkzeug.routing import Rule

from salesbot.errors import PluginProblem
from salesbot.plugin_loading import Plugin

_AROUND = {
    "before_request_funcs": "before_request",
    "after_request_funcs": "after_request",
    "teardown_request_funcs": "teardown_request",
    "template_context_processors": "context_processor",
    "url_value_preprocessors": "url_value_preprocessor",
    "url_default_functions": "url_defaults",
    "error_handler_spec": "errorhandler",
}
"""What Flask keeps of functions by blueprint, and how they are added; with None for all pages."""


@contextmanager
def of(app: Flask, plugin: Plugin) -> Iterator[None]:
    """Remembers whose the pages are that are added inside.

    PluginProblem for what no switch of the plugin's could reach, and for an address that is taken.
    What can be undone is undone when anything is raised; a page that can't be is not there.
    """
    blueprints, views = set(app.blueprints), dict(app.view_functions)
    rules = list(app.url_map.iter_rules())
    around = {name: _copied(getattr(app, name)) for name in _AROUND}
    teardown = list(app.teardown_appcontext_funcs)
    try:
        yield
        added = set(app.blueprints) - blueprints
        _check(app, added, rules, views)
        for name, how in _AROUND.items():
            if _without(getattr(app, name), added) != _without(around[name], added):
                raise PluginProblem(f"{how} for pages that are not its own; use that of its Blueprint")
        if app.teardown_appcontext_funcs != teardown:
            raise PluginProblem("teardown_appcontext is for all pages; use its Blueprint's teardown_request")
    except BaseException:
        for name, before in around.items():
            functions = getattr(app, name)
            functions.clear()
            functions.update(before)
        app.teardown_appcontext_funcs[:] = teardown
        app.view_functions.update(dict.fromkeys(app.view_functions.keys() - views.keys(), _not_there))
        app.view_functions.update(views)
        raise
    finally:
        for name in set(app.blueprints) - blueprints:
            app.extensions["salesbot.plugin_of_blueprint"][name] = plugin.name


def _check(app: Flask, added: set[str], rules: list[Rule], views: dict[str, Any]) -> None:
    taken: dict[str, set[str]] = {}
    for rule in rules:
        taken.setdefault(_form(rule), set()).update(rule.methods or ())
    known = set(map(id, rules))  # two rules for one address are equal
    for rule in app.url_map.iter_rules():
        if id(rule) in known:
            continue
        if not any(rule.endpoint.startswith(f"{name}.") for name in added):
            raise PluginProblem(f"the page {rule.rule} is in no Blueprint of its own; use a Blueprint")
        both = (rule.methods or set()) & taken.get(_form(rule), set())
        if both - {"HEAD", "OPTIONS"} and not rule.endpoint.endswith(".static"):
            raise PluginProblem(f"the address {rule.rule} is taken; choose another one")
    replaced = [name for name, view in views.items() if app.view_functions.get(name) is not view]
    if replaced:
        raise PluginProblem(f"it puts another page in the place of {replaced[0]!r}; use a Blueprint")


def _form(rule: Rule) -> str:
    """An address without the names of its parts: what they are called makes no difference."""
    return re.sub(r"<(?:([^:<>]+):)?[^<>]+>", r"<\1>", rule.rule)


def _without(functions: dict[Any, Any], blueprints: set[str]) -> dict[Any, Any]:
    """Those that are kept for others than these blueprints; an empty place is none."""
    found = {scope: _plain(kept) for scope, kept in functions.items() if scope not in blueprints}
    return {scope: kept for scope, kept in found.items() if kept}


def _plain(kept: Any) -> Any:
    if not isinstance(kept, dict):
        return list(kept)
    return {key: dict(handlers) for key, handlers in kept.items() if handlers}


def _copied(kept: Any) -> Any:
    if isinstance(kept, dict):
        made = copy.copy(kept)
        made.update({key: _copied(value) for key, value in kept.items()})
        return made
    return list(kept) if isinstance(kept, list) else kept


def _not_there(**_parts: object) -> NoReturn:
    abort(404)
