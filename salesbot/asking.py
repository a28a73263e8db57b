"""Asks plugins one after the other inside the core's transaction, and keeps their failures to themselves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from sqlalchemy.exc import DBAPIError

from salesbot.calls import Implementation
from salesbot.containment import Guard
from salesbot.database import db
from salesbot.errors import TransactionBroken
from salesbot.messages import Chat
from salesbot.plugin_loading import Plugin, where
from salesbot.plugin_slips import meant
from salesbot.replies import checked_notes
from salesbot.services import plugin_failures, shop

log = logging.getLogger(__name__)

SLOW = 3.0
"""Seconds of its own, the database's left out, after which one call switches its plugin off."""

Check = Callable[[Any], Any]
Pair = tuple[Plugin, Implementation]
Order = Iterable[Pair]


@dataclass(frozen=True)
class Failed:
    """What stands in an answer's place when the plugin failed."""

    reason: str


class Chats(Protocol):
    """Where the chat that a hook is about comes from, for each plugin its own."""

    def chat_for(self, plugin: str) -> Chat:
        """The chat as this plugin sees it."""

    def keep_notes(self, plugin: str, notes: dict[str, Any]) -> None:
        """Remembers what this plugin has noted there."""


class _Heard(NamedTuple):
    """What one plugin has answered, or why it failed."""

    plugin: Plugin
    hook: str
    chat: Chat | None
    said: Any
    failure: str


def answers(
    order: Order, arguments: dict[str, Any], check: Check, chats: Chats | None = None
) -> Iterator[tuple[Plugin, Any]]:
    """What each plugin answers, looked over by `check`, or Failed; whoever answers None is passed over.

    With `chats` the hook is about a chat too, and notes on it are kept.

    Raises only what means that the transaction itself is lost: TransactionBroken, and the
    error of a connection that the server has closed, which is no fault of the plugin.
    """
    guard = Guard(db.session())
    left = iter(order)
    try:
        while (heard := _next(left, guard, arguments, check, chats)) is not None:
            plugin, hook, chat, said, failure = heard
            own = guard.own_seconds
            if guard.offence:
                failure = f"it {guard.offence} the transaction of the core"
            if failure:
                guard.undo(failure)
                failed(plugin, hook, failure)
                said = Failed(failure)
            elif chats is not None and chat is not None:
                chats.keep_notes(plugin.name, chat.data)
            look_at_time(plugin, hook, own)
            if guard.touched:
                guard.anew()
            if said is not None:
                yield plugin, said
    except TransactionBroken as broken:
        if broken.plugin == guard.plugin.name:
            broken.seconds = guard.own_seconds
        raise


def _next(
    left: Iterator[Pair], guard: Guard, arguments: dict[str, Any], check: Check, chats: Chats | None
) -> _Heard | None:
    """Asks on until a plugin has answered or done anything; None when no more is left.

    Most plugins have nothing to do with most messages: for each of them this is all that is done.
    """
    chat = None
    has_changed = guard.session.identity_map.check_modified
    with guard:
        for plugin, impl in left:
            guard.plugin = plugin
            noted = False
            if chats is not None:
                chat = arguments["chat"] = chats.chat_for(plugin.name)
                noted = bool(chat.data)
            said, failure = None, ""
            try:
                said = impl.function(*impl.pick(arguments))
                if said is not None:
                    said = check(said)
                if chat is not None and chat.data != {}:
                    chat.data, noted = checked_notes(chat.data), True
                if guard.touched or has_changed():
                    guard.keep()
            except (KeyboardInterrupt, TransactionBroken):
                raise
            except BaseException as exc:  # whatever a plugin raises stays with it
                if isinstance(exc, DBAPIError) and exc.connection_invalidated:
                    raise
                failure = cause(exc, plugin)
            finally:
                guard.lap(impl.hook)
            if said is not None or failure or noted or guard.touched or guard.seconds > SLOW:
                return _Heard(plugin, impl.hook, chat, said, failure)
    return None


def failed(plugin: Plugin, hook: str, reason: str) -> None:
    """Records a failure in the present transaction and switches the plugin off after too many."""
    log.error("plugin %s failed in %s: %s", plugin.name, hook, reason.partition("\n")[0])
    plugin_failures.record(plugin.name, hook, reason)


def look_at_time(plugin: Plugin, hook: str, seconds: float) -> None:
    """Switches off a plugin that held a chat up, whatever came of it; a built-in one is only named.

    A built-in plugin is slow because the machine is, and a shop without its checkout is none.
    """
    if seconds <= SLOW:
        return
    reason = f"{hook} took {seconds:.1f} s; the limit is {SLOW:.0f} s"
    if plugin.built_in:
        log.warning("plugin %s is slow: %s", plugin.name, reason)
        return
    log.error("plugin %s is switched off: %s", plugin.name, reason)
    plugin_failures.record(plugin.name, hook, reason)
    shop.switch_plugin(plugin.name, on=False, reason=reason, by_itself=True)


def cause(exc: BaseException, plugin: Plugin) -> str:
    """What a plugin raised, with the place in it, in one line that can be written down."""
    place, kind = where(exc, plugin), type(exc).__name__
    return _writable(f"{place}{kind}: ") + said_by(exc) + meant(exc)


def said_by(exc: BaseException) -> str:
    """An exception's own words: one line, not too long, and nothing that a database does not take."""
    try:
        text = str(exc)
    except KeyboardInterrupt:
        raise
    except BaseException as worse:  # noqa: BLE001 - a plugin's exception may do anything, too
        text = f"its text can't be read: {type(worse).__name__}"
    return _writable(text.partition("\n")[0][:300])


def _writable(text: str) -> str:
    """Without halves of characters, which nothing encodes, and NUL, which PostgreSQL refuses."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")
