"""How often plugins are called and how slow they were, of all processes together."""

from __future__ import annotations

import time
from collections.abc import Iterable

from salesbot import clock
from salesbot.database import db, in_transaction
from salesbot.models import PluginUsage
from salesbot.plugin_loading import Plugin, Usage

PAUSE = 10.0
"""Seconds between two times that a process writes down what it has seen."""

_last = time.monotonic()


def is_time() -> bool:
    """Whether this process has not written anything down for a while."""
    return time.monotonic() - _last > PAUSE


def write_down(plugins: Iterable[Plugin]) -> None:
    """Adds what this process has seen of plugins. Does its own transaction; no other may be open."""
    global _last  # noqa: PLW0603 - one time for the whole process
    _last = time.monotonic()
    seen = []
    for plugin in plugins:
        if plugin.usage.calls:
            seen.append((plugin.name, plugin.usage))
            plugin.usage = Usage()
    if seen:
        in_transaction(lambda: _add(sorted(seen, key=lambda pair: pair[0])))


def _add(seen: list[tuple[str, Usage]]) -> None:
    for name, usage in seen:
        row = db.session.get(PluginUsage, name, with_for_update=True)
        if row is None:
            row = PluginUsage(name=name, calls=0, slowest_ms=0, slowest_hook="")
            db.session.add(row)
        row.calls += usage.calls
        slowest = round(usage.slowest * 1000)
        if slowest > row.slowest_ms or not row.slowest_hook:
            row.slowest_ms, row.slowest_hook, row.slowest_at = slowest, usage.slowest_hook, clock.now()
        db.session.flush()
