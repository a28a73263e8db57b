"""Which plugins are asked, in which order, what each returns, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import click

from salesbot import asking
from salesbot.asking import Failed, Order
from salesbot.messages import Choice, Reply
from salesbot.plugin_loading import Plugin
from salesbot.plugin_manager import Manager

LONGEST = 60


@dataclass
class Seen:
    """One call of a plugin; `depth` counts the calls that it was made inside of."""

    plugin: str
    hook: str
    depth: int
    microseconds: float = 0.0
    returned: str = ""


@contextmanager
def watching(manager: Manager) -> Iterator[list[Seen]]:
    """Notes each call of a plugin that is made inside, in the order in which they begin."""
    seen: list[Seen] = []
    call_outside = manager.call_outside
    depth = 0

    def noted(plugin: Plugin, hook: str, work: Callable[[], Any]) -> Any:
        nonlocal depth
        one = Seen(plugin.name, hook, depth)
        seen.append(one)
        depth += 1
        began = time.perf_counter()
        try:
            result = work()
        except BaseException as exc:
            one.returned = f"raised {type(exc).__name__}: {exc}"
            raise
        else:
            one.returned = in_words(result)
            return result
        finally:
            one.microseconds = (time.perf_counter() - began) * 1e6
            depth -= 1

    def watched(order: Order, *rest: Any) -> Iterator[tuple[Plugin, Any]]:
        for plugin, impl in order:
            one = asking.answers([(plugin, impl)], *rest)
            said = noted(plugin, impl.hook, partial(_only, one))
            if said is not None and not isinstance(said, Failed):
                yield plugin, said

    def watched_outside(plugin: Plugin, hook: str, work: Callable[[], Any]) -> Any:
        return noted(plugin, hook, lambda: call_outside(plugin, hook, work))

    manager.answers, manager.call_outside = watched, watched_outside  # type: ignore[assignment, method-assign]
    try:
        yield seen
    finally:
        del manager.answers, manager.call_outside


def _only(answers: Iterator[tuple[Plugin, Any]]) -> Any:
    return next((said for _plugin, said in answers), None)


def show(seen: Sequence[Seen]) -> None:
    """Prints calls, one a line."""
    for one in seen:
        name = "  " * one.depth + one.plugin
        click.secho(f"{name:24} {one.hook:26} {one.microseconds:9,.0f} µs  {one.returned}", dim=True)


def in_words(result: object) -> str:
    """What a call came to, in one short line."""
    match result:
        case Failed(reason=reason):
            return f"failed: {reason}"
        case None:
            return "None"
        case Reply(text=text, choices=choices):
            return f"Reply({_short(text)}, {len(choices)} choices)"
        case Choice(id=found):
            return found
        case [] | ():
            return "nothing"
        case [*items]:
            return ", ".join(in_words(item) for item in items)
        case _:
            return _short(result)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
