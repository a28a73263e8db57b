"""How a plugin's function is called, which plugin is called at this moment, and how long that takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from functools import wraps
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from pluggy import HookImpl

if TYPE_CHECKING:
    from salesbot.plugin_loading import Plugin

Pick = Callable[[Mapping[str, Any]], tuple[Any, ...]]


class Implementation:
    """A plugin's function for a hook that has `arguments`, of which it takes those that it names.

    Who asks many writes `function(*pick(arguments))`, which is what calling it does.
    """

    __slots__ = ("function", "hook", "pick", "tryfirst", "trylast")

    def __init__(self, impl: HookImpl, arguments: Sequence[str]) -> None:
        self.hook = str(impl.opts.get("specname") or impl.function.__name__)
        self.tryfirst, self.trylast = impl.tryfirst, impl.trylast
        optional = [name for name in impl.kwargnames if name in arguments]
        self.pick = _pick(*impl.argnames, *optional)
        self.function: Callable[..., Any] = impl.function
        if optional != [*impl.kwargnames[: len(optional)]]:  # one before them is the plugin's own
            self.function = _by_name(impl.function, len(impl.argnames), optional)

    def __call__(self, **arguments: Any) -> Any:
        return self.function(*self.pick(arguments))


def _pick(*names: str) -> Pick:
    """Takes the values of `names`."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda arguments: (arguments[names[0]],) if names else ()


def _by_name(function: Callable[..., Any], count: int, names: Sequence[str]) -> Callable[..., Any]:
    """The function with those of its arguments that come after the first `count` given by name."""

    @wraps(function)
    def called(*values: Any) -> Any:
        return function(*values[:count], **dict(zip(names, values[count:], strict=True)))

    return called


running: ContextVar[Call | None] = ContextVar("salesbot_call", default=None)


class Call:
    """Calls of plugins, one after the other: inside `with` everything is the doing of `plugin`.

    `lap` ends the call of one and begins the next. `seconds` are the last one's own: what calls `inside`
    it took is theirs.
    """

    __slots__ = ("_began", "_outer", "_since", "inside", "plugin", "seconds")

    plugin: Plugin

    def __init__(self) -> None:
        self._outer = running.get()

    def __enter__(self) -> None:
        running.set(self)
        self.inside = 0.0
        self._began = self._since = time.monotonic()

    def lap(self, hook: str) -> None:
        """The call of `plugin` has ended; notes it in what is known of the plugin's use."""
        now = time.monotonic()
        seconds = self.seconds = now - self._since - self.inside
        self._since, self.inside = now, 0.0
        usage = self.plugin.usage
        usage.calls += 1
        if seconds > usage.slowest:
            usage.slowest, usage.slowest_hook = seconds, hook

    def __exit__(self, *_raised: object) -> None:
        running.set(self._outer)
        if self._outer is not None:
            self._outer.inside += time.monotonic() - self._began
