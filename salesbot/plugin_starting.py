"""What plugins add to an app while it is made: settings, jobs, pages, commands; a faulty one is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from flask import Flask

from salesbot import plugin_files, plugin_pages
from salesbot.asking import cause
from salesbot.calls import Call, Implementation
from salesbot.errors import PluginProblem
from salesbot.messages import Periodic, Setting
from salesbot.migrations import of_plugins
from salesbot.plugin_loading import Plugin
from salesbot.plugin_manager import Manager
from salesbot.replies import one_or_many

T = TypeVar("T")
LONGEST_NAME = 60
"""Letters of a setting's name, which is kept together with the plugin's."""


def start(app: Flask) -> None:
    """Lets each plugin add what it brings; a faulty one is left out whole."""
    manager: Manager = app.extensions["salesbot.plugins"]
    plugin_files.init(app)
    for plugin in manager.plugins:
        try:
            call = Call()
            call.plugin = plugin
            with call:
                _start_one(app, manager, plugin)
        except KeyboardInterrupt:
            raise
        except BaseException as exc:  # noqa: BLE001 - a plugin may raise anything while it starts
            manager.settings.pop(plugin.name, None)
            manager.periodic.pop(plugin.name, None)
            plugin_files.forget(app, plugin)
            manager.leave_out(plugin, cause(exc, plugin))


def _start_one(app: Flask, manager: Manager, plugin: Plugin) -> None:
    of_plugins.check_names(plugin)
    of_plugins.folder_of(plugin)
    settings = _declared(plugin, "salesbot_settings", Setting)
    _check(settings)
    if settings:
        manager.settings[plugin.name] = settings
    periodic = _declared(plugin, "salesbot_periodic_jobs", Periodic)
    for job in periodic:
        if job.name.partition(":")[0] != plugin.name or job.every.total_seconds() < 1:
            raise PluginProblem(
                f"{job!r}: its name begins with {plugin.name + ':'!r}, its pause is a second or more"
            )
    if periodic:
        manager.periodic[plugin.name] = periodic
    plugin_files.find(app, plugin)
    with plugin_pages.of(app, plugin):
        for impl in plugin.implementations.get("salesbot_register_blueprints", ()):
            impl(app=app)
        _add_admin_views(app, plugin)
    with _commands_kept(app):
        for impl in plugin.implementations.get("salesbot_register_commands", ()):
            impl(cli=app.cli)


def _check(settings: list[Setting]) -> None:
    """PluginProblem when a setting can't be shown, kept or told from another."""
    known: set[str] = set()
    for one in settings:
        if not isinstance(one.name, str) or not one.name.isidentifier() or len(one.name) > LONGEST_NAME:
            raise PluginProblem(
                f"{one!r}: its name is letters, digits and _, at most {LONGEST_NAME}, and no digit first"
            )
        if not isinstance(one.title, str) or not one.title.strip():
            raise PluginProblem(f"{one!r}: its title is the words that staff read beside it")
        if not isinstance(one.default, str):
            raise PluginProblem(f"{one!r}: its default is text, such as {str(one.default)!r}")
        if one.name in known:
            raise PluginProblem(f"salesbot_settings names {one.name!r} twice")
        known.add(one.name)


def _declared(plugin: Plugin, hook: str, kind: type[T]) -> list[T]:
    """All that a plugin's implementations of a hook return, one by one or in lists."""
    found: list[T] = []
    for impl in plugin.implementations.get(hook, ()):
        found += one_or_many(impl(), kind, hook)
    return found


def _add_admin_views(app: Flask, plugin: Plugin) -> None:
    implementations: Sequence[Implementation] = plugin.implementations.get(
        "salesbot_register_admin_views", ()
    )
    if not implementations or "admin" not in app.extensions:
        return
    admin: Any = app.extensions["admin"][0]
    before = len(admin._views)  # noqa: SLF001 - Flask-Admin has no other list of them
    hide: Callable[[], bool] = lambda: not plugin.problem  # noqa: E731 - it takes a method's place
    try:
        for impl in implementations:
            impl(admin=admin)
    finally:
        added = admin._views[before:]  # noqa: SLF001 - as above
        for view in added:
            view.is_visible = hide
    for view in added:
        if not hasattr(view, "may_use"):
            raise PluginProblem(
                f"{type(view).__name__} would let anybody in; pages of the back office are salesbot.AdminPage"
            )


@contextmanager
def _commands_kept(app: Flask) -> Iterator[None]:
    """Keeps the shop's own commands; all are as before when anything is raised."""
    commands = dict(app.cli.commands)
    try:
        yield
        taken = [name for name, command in commands.items() if app.cli.commands.get(name) is not command]
        if taken:
            raise PluginProblem(f"salesbot has a command {taken[0]!r} already; choose another name")
    except BaseException:
        app.cli.commands.clear()
        app.cli.commands.update(commands)
        raise
