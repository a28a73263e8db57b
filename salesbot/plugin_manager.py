"""One manager an app: asks plugins in their order, keeps their failures to themselves."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Self

import pluggy
from flask import current_app, has_request_context, request
from pluggy import HookImpl
from sqlalchemy.exc import DBAPIError

from salesbot import database, hookspecs, plugin_loading
from salesbot.containment import Guard
from salesbot.database import db, reading, writing
from salesbot.errors import PluginProblem, TransactionBroken
from salesbot.messages import Periodic, Setting
from salesbot.plugin_loading import Plugin
from salesbot.services import plugin_failures, shop

log = logging.getLogger(__name__)

SLOW = 3.0
"""Seconds of its own, the database's left out, after which one call switches its plugin off."""

_caller: ContextVar[Call | None] = ContextVar("salesbot_caller", default=None)


class Call:
    """One call of a plugin, and its `seconds` less those of calls made inside it (`nested`)."""

    __slots__ = ("_began", "_outer", "_token", "nested", "plugin", "seconds")

    def __init__(self, plugin: Plugin) -> None:
        self.plugin = plugin
        self.nested = self.seconds = 0.0

    def __enter__(self) -> Self:
        self._outer = _caller.get()
        self._token = _caller.set(self)
        self._began = time.monotonic()
        return self

    def __exit__(self, *_raised: object) -> None:
        whole = time.monotonic() - self._began
        _caller.reset(self._token)
        self.seconds = whole - self.nested
        self.plugin.usage.calls += 1
        if self._outer is not None:
            self._outer.nested += whole


@dataclass(frozen=True)
class Failed:
    """What stands in a result's place when the plugin failed."""

    reason: str


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
        self.all = plugin_loading.load_all(pm, disabled=disabled, third_parties=third_parties, extra=extra)
        self.settings: dict[str, list[Setting]] = {}
        self.periodic: dict[str, list[Periodic]] = {}
        self._orders: dict[str, list[tuple[Plugin, HookImpl]]] = {}
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

    def _ordered(self, hook: str) -> list[tuple[Plugin, HookImpl]]:
        found = [(plugin, impl) for plugin in self.plugins for impl in plugin.implementations.get(hook, ())]
        built_ins_first = hook == "salesbot_menu_items"

        def key(pair: tuple[Plugin, HookImpl]) -> tuple[int, tuple[int, int | str]]:
            plugin, impl = pair
            rank = 0 if impl.tryfirst else 2 if impl.trylast else 1
            group, place = plugin.sort_key()
            return rank, (-group if built_ins_first else group, place)

        return sorted(found, key=key)

    def has(self, hook: str) -> bool:
        """Whether any plugin implements a hook."""
        return bool(self._orders[hook])

    def in_order(self, hook: str, first: str | None = None) -> list[tuple[Plugin, HookImpl]]:
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
        order = self._orders[hook]
        if off or skipped:
            order = [pair for pair in order if pair[0].name not in off and pair[0].name not in skipped]
        if first is not None:
            order = sorted(order, key=lambda pair: pair[0].name != first)
        return order

    def guard(self) -> Guard:
        """Watches over plugins that are asked in the present transaction."""
        return Guard(db.session())

    def call(
        self,
        plugin: Plugin,
        impl: HookImpl,
        arguments: dict[str, Any],
        check: Callable[[Any], Any],
        guard: Guard | None = None,
    ) -> Any:
        """The checked result of one call inside the core's transaction, or Failed.

        Who asks many plugins in turn makes one `guard()` for all, which saves most of its price.

        Raises only what means that the transaction itself is lost: TransactionBroken, and the
        error of a connection that the server has closed, which is no fault of the plugin.
        """
        if guard is None:
            guard = self.guard()
        elif guard.touched:
            guard.anew()
        guard.plugin = plugin.name
        reason = ""
        with Call(plugin) as call:
            try:
                with guard:
                    result = check(invoke(impl, arguments))
                    guard.keep()
            except (KeyboardInterrupt, TransactionBroken):
                raise
            except BaseException as exc:  # whatever a plugin raises stays with it
                if isinstance(exc, DBAPIError) and exc.connection_invalidated:
                    raise
                reason = cause(exc, plugin)
        if guard.offence:
            reason = f"it {guard.offence} the transaction of the core"
        if reason:
            guard.undo(reason)
            self.failed(plugin, _name(impl), reason)
            return Failed(reason)
        if call.seconds > plugin.usage.slowest:
            plugin.usage.slowest, plugin.usage.slowest_hook = call.seconds, _name(impl)
        own = call.seconds - guard.in_database
        if own > SLOW:
            self.too_slow(plugin, _name(impl), own)
        return result

    def call_outside(self, plugin: Plugin, hook: str, work: Callable[[], Any]) -> Any:
        """The result of a call outside any transaction; what it raises goes on to the caller.

        What the plugin reads of the database is let go afterwards; it writes in `transaction()`.
        """
        db.session.rollback()
        call = Call(plugin)
        try:
            with call, reading():
                return work()
        finally:
            db.session.rollback()
            if call.seconds > plugin.usage.slowest:
                plugin.usage.slowest, plugin.usage.slowest_hook = call.seconds, hook

    def failed(self, plugin: Plugin, hook: str, reason: str) -> None:
        """Records a failure in the present transaction and switches the plugin off after too many."""
        log.error("plugin %s failed in %s: %s", plugin.name, hook, reason.partition("\n")[0])
        plugin_failures.record(plugin.name, hook, reason)

    def too_slow(self, plugin: Plugin, hook: str, seconds: float) -> None:
        """Switches off a plugin that held a chat up; a built-in one is only named.

        A built-in plugin is slow because the machine is, and a shop without its checkout is none.
        """
        reason = f"{hook} took {seconds:.1f} s; the limit is {SLOW:.0f} s"
        if plugin.built_in:
            log.warning("plugin %s is slow: %s", plugin.name, reason)
            return
        log.error("plugin %s is switched off: %s", plugin.name, reason)
        plugin_failures.record(plugin.name, hook, reason)
        shop.switch_plugin(plugin.name, on=False, reason=reason, by_itself=True)


def invoke(impl: HookImpl, arguments: dict[str, Any]) -> Any:
    """Calls an implementation with those of the arguments that it takes."""
    values = map(arguments.__getitem__, impl.argnames)
    if not impl.kwargnames:
        return impl.function(*values)
    return impl.function(*values, **{name: arguments[name] for name in impl.kwargnames if name in arguments})


def _name(impl: HookImpl) -> str:
    return str(impl.opts.get("specname") or impl.function.__name__)


def cause(exc: BaseException, plugin: Plugin) -> str:
    """What a plugin raised, with the place in it, in one line."""
    text = str(exc).partition("\n")[0][:300]
    return f"{plugin_loading.where(exc, plugin)}{type(exc).__name__}: {text}"


def current() -> Manager:
    """The manager of the current app."""
    manager: Manager = current_app.extensions["salesbot.plugins"]
    return manager


def calling_plugin() -> Plugin | None:
    """The plugin whose hook is running, or None."""
    call = _caller.get()
    return None if call is None else call.plugin


def setting(name: str) -> str:
    """The value of a setting of the plugin that is running; no plugin reads another's, or its secrets.

    In a command nobody can tell whose it is, and the plugin that declares the setting is taken.
    """
    manager = current()
    running = calling_plugin()
    owner = running.name if running is not None else _owner_of_page()
    for plugin in manager.settings if owner is None else (owner,):
        for declared in manager.settings.get(plugin, ()):
            if declared.name == name:
                return shop.plugin_setting(plugin, declared)
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
