"""What plugins cost that have nothing to say: `python -m benchmarks.dispatch`."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from types import ModuleType

from flask import Flask
from sqlalchemy import select

from benchmarks.contestants import fill, salesbot_app, sqlite_url
from benchmarks.counting import counted
from benchmarks.databases import line, parser
from salesbot import Chat, Message, Reply, hookimpl
from salesbot.containment import Guard
from salesbot.database import db
from salesbot.dispatcher import ask
from salesbot.models import Conversation
from salesbot.plugin_manager import Manager
from salesbot.services import conversations
from salesbot.turns import Turn, running

PLUGINS = 60
UNHEARD = Message(choice="nobody:knows")


class Idle:
    """A plugin that is asked about every message, and passes it on."""

    @hookimpl
    def salesbot_handle_message(self, message: Message, chat: Chat) -> None:
        """Nothing is its business."""


class Last:
    """The one that answers in the end, so that none of the built-in ones is asked."""

    @hookimpl
    def salesbot_handle_message(self, message: Message, chat: Chat) -> Reply:
        """Has a word for everything."""
        return Reply("So be it.")


@dataclass
class Dispatch:
    """Seconds for one message, round by round; `calls` are the Python functions that the dispatcher enters."""

    calls: int = 0
    bare: list[float] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)
    savepoints: list[float] = field(default_factory=list)


def idle(count: int) -> list[tuple[str, object]]:
    """So many idle plugins, and the one that answers after them."""
    return [*((f"idle{number:03}", Idle()) for number in range(count)), ("zz_last", Last())]


@contextmanager
def turn_of(app: Flask) -> Iterator[Turn]:
    """A turn under way in the first chat there is; nothing of it is kept."""
    with app.app_context():
        session = db.session()
        number = session.scalars(select(Conversation.id).limit(1)).one()
        connection = session.connection()
        turn = Turn(connection, conversations.lock_chat_by_id(connection, number))
        with running(turn):
            yield turn
        session.rollback()


def measure(app: Flask, rounds: int) -> Dispatch:
    """The three ways in turns: a bare loop over the functions, the dispatcher's, savepoints alone."""
    found = Dispatch()
    with turn_of(app) as turn:
        session = db.session()
        functions = [impl.function for _plugin, impl in turn.manager.in_order("salesbot_handle_message")]
        chat = turn.chat_for("idle000")

        def bare() -> None:
            for function in functions:
                if function(message=UNHEARD, chat=chat) is not None:
                    return

        def savepoints() -> None:
            for _plugin in range(PLUGINS):
                guard = Guard(session)
                guard.open_savepoint()
                guard.keep()

        for _round in range(rounds):
            found.bare.append(_seconds(bare, 200))
            found.asked.append(_seconds(lambda: ask(turn, UNHEARD), 20))
            found.savepoints.append(_seconds(savepoints, 2))
        found.calls = counted(lambda: ask(turn, UNHEARD))["call"]
    return found


def _seconds(work: Callable[[], object], times: int) -> float:
    began = perf_counter()
    for _time in range(times):
        work()
    return (perf_counter() - began) / times


@dataclass
class Loading:
    """What loading the plugins takes: seconds, and the bytes that stay."""

    seconds: list[float] = field(default_factory=list)
    memory: int = 0


def loading(rounds: int) -> dict[int, Loading]:
    """The built-in plugins alone and with sixty more, each a module of its own, in turns."""
    found = {0: Loading(), PLUGINS: Loading()}
    for _round in range(rounds):
        for count, one in found.items():
            one.seconds.append(_seconds(lambda count=count: _loaded(count), 1))
    for count, one in found.items():
        gc.collect()
        tracemalloc.start()
        kept = _loaded(count)
        gc.collect()
        one.memory = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        del kept
    return found


_SOURCE = """
from salesbot import Chat, Message, Reply, hookimpl, translator

_ = translator(__name__)


@hookimpl
def salesbot_handle_message(message: Message, chat: Chat) -> Reply | None:
    \"\"\"Answers one word.\"\"\"
    return Reply(_("Pong")) if message.text == "ping" else None
"""


def _loaded(count: int) -> Manager:
    modules = []
    for number in range(count):
        module = ModuleType(f"salesbot_idle{number:03}")
        exec(compile(_SOURCE, module.__name__, "exec"), module.__dict__)  # noqa: S102 - as an import does
        modules.append((module.__name__, module))
    return Manager(third_parties=False, extra=modules)


def main() -> None:
    """Prints the tables."""
    arguments = parser(__doc__ or "", databases=False)
    arguments.add_argument("--rounds", type=int, default=200)
    chosen = arguments.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        url = sqlite_url(folder)
        fill(url, folder, 1)
        _print_dispatch(measure(salesbot_app(url, folder, idle(PLUGINS))[0], chosen.rounds))
        _print_loading(loading(chosen.rounds))


def _print_dispatch(found: Dispatch) -> None:
    line(f"one message through {PLUGINS} plugins", "µs, the best round", "µs, the middle round")
    line(*["---"] * 3)
    bare = min(found.bare)
    for what, seconds in (
        ("a bare loop over their functions", found.bare),
        ("the dispatcher, over the best bare loop", [asked - bare for asked in found.asked]),
        (f"{PLUGINS} savepoints, if each plugin had written", found.savepoints),
    ):
        line(what, f"{min(seconds) * 1e6:,.0f}", f"{median(seconds) * 1e6:,.0f}")
    print(
        f"\nThe dispatcher enters {found.calls:,} Python functions, the {PLUGINS} of the plugins among them."
    )


def _print_loading(found: dict[int, Loading]) -> None:
    none, many = found[0], found[PLUGINS]
    more = min(many.seconds) - min(none.seconds)
    size = many.memory - none.memory
    print()
    line("loading at the start", "ms, the best round", "kB")
    line(*["---"] * 3)
    line(
        "the built-in plugins, imported already",
        f"{min(none.seconds) * 1e3:.1f}",
        f"{none.memory / 1e3:,.0f}",
    )
    line("each plugin more", f"{more * 1e3 / PLUGINS:.2f}", f"{size / PLUGINS / 1e3:,.0f}")


if __name__ == "__main__":
    main()
