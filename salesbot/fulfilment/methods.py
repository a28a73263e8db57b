"""The ways to pay that plugins bring, and calling plugins outside any transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import select

from salesbot import asking, messages, plugin_manager
from salesbot.database import db, in_transaction, writing
from salesbot.errors import PluginProblem
from salesbot.messages import PaymentMethod
from salesbot.models import Payment
from salesbot.plugin_loading import Plugin
from salesbot.replies import one_or_many
from salesbot.texts import translator

log = logging.getLogger(__name__)
T = TypeVar("T")

HOOK = "salesbot_payment_methods"
LONGEST_NAME = 64


def outside(plugin: Plugin, hook: str, work: Callable[[], T]) -> T | None:
    """What a plugin's call outside any transaction gives; None when it fails, which is recorded.

    Somebody else who does not answer is no fault of the plugin: it stays on for when they are back.
    """
    try:
        result: T = plugin_manager.current().call_outside(plugin, hook, work)
    except KeyboardInterrupt:
        raise
    except (ConnectionError, TimeoutError) as exc:
        log.warning("plugin %s gets no answer in %s: %s", plugin.name, hook, asking.said_by(exc))
        return None
    except BaseException as exc:  # noqa: BLE001 - whatever a plugin raises stays with it
        failed(plugin, hook, exc)
        return None
    return result


def failed(plugin: Plugin, hook: str, exc: BaseException) -> None:
    """Records what a plugin's call outside any transaction raised, in a transaction of its own."""
    reason = asking.cause(exc, plugin)
    with writing():
        in_transaction(lambda: asking.failed(plugin, hook, reason))


def all_methods() -> list[tuple[Plugin, PaymentMethod]]:
    """Every way to pay that active plugins bring, with its plugin. Call it outside transactions."""
    manager = plugin_manager.current()
    found: list[tuple[Plugin, PaymentMethod]] = []
    for plugin, impl in manager.in_order(HOOK):
        methods = outside(plugin, HOOK, lambda impl=impl: _methods(impl()))  # type: ignore[misc]
        found += [(plugin, method) for method in methods or ()]
    return found


def _methods(value: object) -> list[PaymentMethod]:
    methods = one_or_many(value, PaymentMethod, HOOK)  # type: ignore[type-abstract]
    for method in methods:
        _check(method)
    return methods


def _check(method: PaymentMethod) -> None:
    """PluginProblem for a way to pay that would break the pages on which it stands."""
    name, title = (getattr(method, what, None) for what in ("name", "title"))
    is_name = isinstance(name, str) and name.isprintable() and name == name.strip() and "/" not in name
    if not (is_name and name and len(name) <= LONGEST_NAME):
        raise PluginProblem(
            f"{type(method).__name__}: name is a word of at most {LONGEST_NAME} letters, not {name!r}"
        )
    if not isinstance(title, str) or not title.strip():
        raise PluginProblem(f"{type(method).__name__}: title is what customers read, not {title!r}")


def payment_methods(order: messages.Order) -> list[PaymentMethod]:
    """The ways to pay this order. Call it outside transactions."""
    return [
        method
        for plugin, method in all_methods()
        if outside(plugin, "PaymentMethod.accepts", lambda method=method: method.accepts(order))  # type: ignore[misc]
    ]


def method_named(name: str) -> tuple[Plugin, PaymentMethod] | None:
    """The way to pay with this name and its plugin, or None. Call it outside transactions."""
    return next((pair for pair in all_methods() if pair[1].name == name), None)


def may_come_back(name: str) -> bool:
    """Whether a way to pay that is not there may be one whose plugin is off, fails or was left out.

    Money may be on its way by it, so that what its provider reports must not get lost.
    """
    manager = plugin_manager.current()
    asked = {plugin.name for plugin, _impl in manager.in_order(HOOK)}
    away = [one for one in manager.all if HOOK in one.implementations and one.name not in asked]
    # What the built-in ones bring is known; most shops have the demo's switched off for good.
    if any(not plugin.built_in or plugin.name == f"payment_{name}" for plugin in away):
        return True
    return db.session.scalar(select(Payment.id).where(Payment.method == name).limit(1)) is not None


def method_title(method: PaymentMethod) -> str:
    """What a way to pay is called in the language that is spoken, as its plugin's package translates it."""
    return translator(type(method).__module__)(str(method.title))


def method_titles() -> dict[str, str]:
    """What each way to pay is called, by its name. Call it outside transactions."""
    return {method.name: method_title(method) for _plugin, method in all_methods()}
