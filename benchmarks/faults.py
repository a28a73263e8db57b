"""Random schedules with crashes, and processes that are killed, as many as you like: `python -m benchmarks.faults`."""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.databases import database, line, parser
from salesbot.testing import shop
from salesbot.testing.shelf import Shelf
from salesbot.testing.stripe import StandIn as Stripe
from salesbot.testing.twilio import StandIn as Twilio
from tests.faults import world as worlds
from tests.faults.schedule import Schedule

IN_ONE_WORLD = 25
"""Schedules in one database: looking through all rows after each would take ever longer."""


def run(name: str, first: int, count: int, *, kills: bool) -> tuple[int, int, list[str]]:
    """Tells `count` schedules from the seed `first`; how many were told, how often something died, what is wrong."""
    with ExitStack() as stack:
        make_url = stack.enter_context(database(name))
        folder = Path(stack.enter_context(TemporaryDirectory()))
        told = died = 0
        while told < count:
            with ExitStack() as each:
                own = folder / f"from-{first + told}"
                own.mkdir()
                url = make_url(own)
                shop.migrate(url, own)
                twilio, stripe = each.enter_context(Twilio()), each.enter_context(Stripe())
                apps = shop.Apps(Shelf(), own, url, twilio, worlds.settings(stripe), [])
                app = each.enter_context(apps).make()
                world = each.enter_context(
                    worlds.in_processes(app, twilio, stripe, own / "faults")
                    if kills
                    else worlds.in_process(app, twilio, stripe)
                )
                for _schedule in range(min(IN_ONE_WORLD, count - told)):
                    seed = first + told
                    problems = Schedule(world, seed, crashes=0.9 if kills else 0.3).tell()
                    told += 1
                    if problems:
                        return told, died + world.kills, [f"seed {seed}:", *problems]
                died += world.kills
        return told, died, []


def main() -> None:
    """Prints a table; exit status 1 when something is wrong."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--schedules", type=int, default=100)
    arguments.add_argument("--seed", type=int, default=1, help="the first one")
    arguments.add_argument("--kills", action="store_true", help="kill gunicorn and the worker by SIGKILL")
    chosen = arguments.parse_args()
    line("database", "schedules", "crashes", "seconds", "wrong")
    line(*["---"] * 5)
    # Refusals and crashes are the point, and told only when something comes out wrong.
    logging.disable()
    wrong = []
    for name in chosen.on:
        began = time.monotonic()
        told, died, problems = run(name, chosen.seed, chosen.schedules, kills=chosen.kills)
        line(name, told, died, f"{time.monotonic() - began:.0f}", "nothing" if not problems else problems[1])
        wrong += problems
    print("\n".join(wrong))
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
