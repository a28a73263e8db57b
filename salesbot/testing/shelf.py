"""Apps that tests are done with, kept for the next test that wants one just like them.

An app costs more to make than most tests to run. One that waits here has forgotten everything that
a process of the shop learns in its life; its database and its instance folder are the next test's.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Mapping, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from flask import Flask
from limits.strategies import RateLimiter
from sqlalchemy import event

from salesbot import config, logs, plugin_loading, plugin_manager
from salesbot.app import configure, create_app
from salesbot.database import db

Plugins = list[tuple[str, object]]
ROOM = 12
"""How many apps wait at most; each may hold a connection to PostgreSQL."""


@dataclass(frozen=True)
class _Kept:
    """An app as it was when it was made."""

    app: Flask
    values: Mapping[str, Any]
    plugins: Plugins
    entry_points: list[tuple[str, str]]
    attributes: dict[str, Any]
    config: dict[str, Any]
    extensions: dict[str, Any]
    setup: list[int]

    @property
    def manager(self) -> plugin_manager.Manager:
        """Of its plugins, as they were loaded."""
        manager: plugin_manager.Manager = self.extensions["salesbot.plugins"]
        return manager

    def suits(self, values: Mapping[str, Any], plugins: Plugins) -> bool:
        """Whether an app made now would be the same."""
        return (
            self.values == values
            and _same(self.plugins, plugins)
            and self.entry_points == _entry_points(values)
            and all(map(_as_written, self.manager.plugins))
            and all(
                _as_imported(plugin)
                for plugin in self.manager.plugins
                if (plugin.name, plugin.module) not in self.plugins
            )
        )

    def renew(self) -> None:
        """Makes the app forget."""
        for name in vars(self.app).keys() - self.attributes.keys():
            delattr(self.app, name)
        vars(self.app).update(self.attributes)
        for mapping, first in ((self.app.config, self.config), (self.app.extensions, self.extensions)):
            mapping.clear()
            mapping.update(first)
        for made in self.extensions.values():
            if isinstance(made, RateLimiter):
                made.storage.reset()
        for plugin in self.manager.plugins:
            plugin.usage = plugin_loading.Usage()
        configure(self.app, dict(self.values))


class Shelf:
    """Makes apps, and keeps those that are put back."""

    def __init__(self) -> None:
        self._idle: list[_Kept] = []
        self._out: list[_Kept] = []

    def take(
        self,
        settings: Mapping[str, Any],
        instance: Path,
        plugins: Iterable[tuple[str, object]],
        *,
        fresh: bool = False,
    ) -> Flask:
        """An app that nobody else has; `fresh`: one that nobody had before, nor will have afterwards."""
        plugins = list(plugins)
        values = config.read(instance, settings)
        with patch.object(logs, "set_up", _log_to_pytest):
            kept = None if fresh else next((one for one in self._idle if one.suits(values, plugins)), None)
            if kept is None:
                kept = _made(settings, instance, plugins, values)
            else:
                self._idle.remove(kept)
                kept.renew()
        if not fresh:
            self._out.append(kept)
        return kept.app

    def put_back(self, app: Flask) -> None:
        """The test is over; the app is kept if it is still what it was made as."""
        kept = next((one for one in self._out if one.app is app), None)
        if kept is None:
            close(app)
            return
        self._out.remove(kept)
        with app.app_context():
            db.session.remove()
            if db.engine.dialect.name == "sqlite":
                db.engine.dispose()  # the file will be another one
        # A faulty plugin may have left half of itself behind.
        if kept.setup == _setup(app) and not kept.manager.problems:
            self._idle.append(kept)
            if len(self._idle) > ROOM:
                close(self._idle.pop(0).app)
        else:
            close(app)

    def clear(self) -> None:
        """Lets all of them go."""
        while self._idle:
            close(self._idle.pop().app)


def close(app: Flask) -> None:
    """Lets an app's connections go."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def _made(settings: Mapping[str, Any], instance: Path, plugins: Plugins, values: Mapping[str, Any]) -> _Kept:
    app = create_app(settings, instance_path=instance, plugins=plugins)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _in_no_fear_of_power_cuts)
    app.jinja_env  # noqa: B018 - is made when it is asked for, and keeps the templates
    return _Kept(
        app,
        values,
        plugins,
        _entry_points(values),
        dict(vars(app)),
        dict(app.config),
        dict(app.extensions),
        _setup(app),
    )


def _in_no_fear_of_power_cuts(dbapi: Any, record: Any) -> None:
    dbapi.execute("PRAGMA synchronous=OFF")


def _setup(app: Flask) -> list[int]:
    """How many of everything an app has that can be added to it and not taken away again."""
    env = app.jinja_env
    flat: tuple[Sized, ...] = (
        app.view_functions,
        app.blueprints,
        app.cli.commands,
        env.globals,
        env.filters,
        env.tests,
    )
    per_blueprint = (
        app.before_request_funcs,
        app.after_request_funcs,
        app.teardown_request_funcs,
        app.template_context_processors,
        app.url_default_functions,
        app.url_value_preprocessors,
        app.error_handler_spec,
    )
    return [
        *(len(each) for each in flat),
        len(list(app.url_map.iter_rules())),
        len(app.teardown_appcontext_funcs),
        *(sum(map(len, each.values())) for each in per_blueprint),
    ]


def _entry_points(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    if values["SAFE_MODE"] or not values.get("ENTRY_POINTS", True):
        return []
    found = plugin_loading._entry_points()  # noqa: SLF001 - what a test has put in its place counts too
    return [(point.name, point.value) for point in found]


def _same(some: Plugins, others: Plugins) -> bool:
    return len(some) == len(others) and all(
        name == other and module is other_module
        for (name, module), (other, other_module) in zip(some, others, strict=True)
    )


def _as_imported(plugin: plugin_loading.Plugin) -> bool:
    """Whether its module is still the one that would be imported now."""
    return sys.modules.get(getattr(plugin.module, "__name__", "")) is plugin.module


def _as_written(plugin: plugin_loading.Plugin) -> bool:
    """Whether its hooks are still those that were found in it."""
    return all(
        getattr(plugin.module, impl.function.__name__, None) == impl.function
        for impls in plugin.implementations.values()
        for impl in impls
    )


_set_up = logs.set_up


def _log_to_pytest(level: str, form: str) -> None:
    """Hands log lines to pytest, which shows them when a test fails, and to its `caplog`."""
    _set_up(level, form)
    logger = logging.getLogger("salesbot")
    logger.handlers.clear()
    logger.propagate = True
