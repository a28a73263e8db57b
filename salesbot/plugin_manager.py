"""One manager an app: asks plugins in their order, keeps their failures to themselves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pluggy
from flask import current_app, has_request_context, request

from salesbot import asking, database, hookspecs, plugin_loading, plugin_models
from salesbot.asking import Chats, Check, Failed, Order
from salesbot.calls import Call, Implementation, running
from salesbot.database import db, reading, writing
from salesbot.errors import PluginProblem
from salesbot.messages import Periodic, Setting
from salesbot.plugin_loading import Plugin
from salesbot.services import plugin_failures, shop

log = logging.getLogger(__name__)


class Manager:
    """The plugins of one app."""

    def __init__(
        self,
        *,
        disabled: Iterable[str] = (),
        third_parties: bool = True,
        extra: Iterable[tuple[str, object]] = (),
    ) -> None:
        pm = pluggy.PluginManager("salesbot")
        pm.add_hookspecs(hookspecs)
        self.all = plugin_loading.load_all(
            pm,
            disabled=disabled,
            third_parties=third_parties,
            extra=extra,
            importing=plugin_models.importing,
        )
        self.settings: dict[str, list[Setting]] = {}
        self.periodic: dict[str, list[Periodic]] = {}
        self._orders: dict[str, list[tuple[Plugin, Implementation]]] = {}
        for plugin in self.all:
            if plugin.problem:
                log.error("plugin %s is left out: %s", plugin.name, plugin.problem)
        self._put_in_order()

    @property
    def plugins(self) -> list[Plugin]:
        """Those that were loaded, in no particular order."""
        return [plugin for plugin in self.all if not plugin.problem]

    @property
    def problems(self) -> dict[str, str]:
        """Why each plugin that was left out was left out, by name."""
        return {plugin.name: plugin.problem for plugin in self.all if plugin.problem}

    def named(self, name: str) -> Plugin | None:
        """The plugin of this name, or None."""
        return next((plugin for plugin in self.plugins if plugin.name == name), None)

    def leave_out(self, plugin: Plugin, problem: str) -> None:
        """Takes a plugin out again that turned out to be faulty while the app is made."""
        plugin.problem = problem
        log.error("plugin %s is left out: %s", plugin.name, problem)
        self._put_in_order()

    def _put_in_order(self) -> None:
        self._orders = {hook: self._ordered(hook) for hook in plugin_loading.HOOKS}

    def _ordered(self, hook: str) -> list[tuple[Plugin, Implementation]]:
        found = [(plugin, impl) for plugin in self.plugins for impl in plugin.implementations.get(hook, ())]
        built_ins_first = hook == "salesbot_menu_items"

        def key(pair: tuple[Plugin, Implementation]) -> tuple[int, tuple[int, int | str]]:
            plugin, impl = pair
            rank = 0 if impl.tryfirst else 2 if impl.trylast else 1
            group, place = plugin.sort_key()
            return rank, (-group if built_ins_first else group, place)

        return sorted(found, key=key)

    def has(self, hook: str) -> bool:
        """Whether any plugin implements a hook."""
        return bool(self._orders[hook])

    def in_order(self, hook: str, first: str | None = None) -> list[tuple[Plugin, Implementation]]:
        """The implementations of a hook that are switched on, in asking order; `first` jumps the queue.

        What whoever asks has begun is written out before, so that it looks like nobody else's doing.
        """
        session = db.session()
        session.flush()
        off = shop.state().switched_off
        skipped = set()
        for broken in session.info.get("broken_by", ()):
            skipped.add(broken.plugin)
            if not broken.recorded:
                broken.recorded = True
                plugin_failures.record(broken.plugin, hook, broken.reason)
                if (plugin := self.named(broken.plugin)) is not None:
                    asking.look_at_time(plugin, hook, broken.seconds)
        order = self._orders[hook]
        if off or skipped:
            order = [pair for pair in order if pair[0].name not in off and pair[0].name not in skipped]
        if first is not None:
            order = sorted(order, key=lambda pair: pair[0].name != first)
        return order

    def answers(
        self, order: Order, arguments: dict[str, Any], check: Check, chats: Chats | None = None
    ) -> Iterator[tuple[Plugin, Any]]:
        """As `asking.answers`, without those that failed."""
        for plugin, said in asking.answers(order, arguments, check, chats):
            if not isinstance(said, Failed):
                yield plugin, said

    def call_outside(self, plugin: Plugin, hook: str, work: Callable[[], Any]) -> Any:
        """The result of a call outside any transaction; what it raises goes on to the caller.

        What the plugin reads of the database is let go afterwards; it writes in `transaction()`.
        """
        db.session.rollback()
        call = Call()
        call.plugin = plugin
        try:
            with call, reading():
                return work()
        finally:
            call.lap(hook)
            db.session.rollback()


def current() -> Manager:
    """The manager of the current app."""
    manager: Manager = current_app.extensions["salesbot.plugins"]
    return manager


def calling_plugin() -> Plugin | None:
    """The plugin whose hook is running, or None."""
    call = running.get()
    return None if call is None else call.plugin


def setting(name: str) -> str:
    """The value of a setting of the plugin that is running; no plugin reads another's, or its secrets.

    In a command nobody can tell whose it is, and the plugin that declares the setting is taken.
    """
    manager = current()
    plugin = calling_plugin()
    owner = plugin.name if plugin is not None else _owner_of_page()
    for declaring in manager.settings if owner is None else (owner,):
        for declared in manager.settings.get(declaring, ()):
            if declared.name == name:
                return shop.plugin_setting(declaring, declared)
    who = "no plugin" if owner is None else f"plugin {owner!r} is not the one that"
    raise PluginProblem(f"{who} declares a setting {name!r} in salesbot_settings")


def _owner_of_page() -> str | None:
    """The plugin whose page is being asked for."""
    if not has_request_context():
        return None
    found: str | None = current_app.extensions["salesbot.plugin_of_blueprint"].get(request.blueprint)
    return found


@contextmanager
def transaction() -> Iterator[None]:
    """What a plugin writes outside a turn: committed at the end, undone when anything is raised.

    For jobs, payment methods, deliveries, routes and commands. Keep HTTP and waiting out of it: on
    SQLite nobody else writes meanwhile.
    """
    db.session.rollback()
    with writing(), database.transaction():
        yield
