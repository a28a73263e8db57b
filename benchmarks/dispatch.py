"""What plugins cost that have nothing to say: `python -m benchmarks.dispatch`."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.contestants import Contestant, fill, salesbot_app, sqlite_url
from benchmarks.databases import line, parser
from benchmarks.message_path import CASES, Measured, measure
from salesbot import hookimpl

IDLE = (0, 6, 60)


class Idle:
    """A plugin that is asked about every message, and passes it on."""

    @hookimpl
    def salesbot_handle_message(self, message: object, chat: object) -> None:
        """Nothing is its business."""


def measure_idle(customers: int, rounds: int) -> dict[int, Measured]:
    """What "hi" costs with so many idle plugins before the built-in ones, taking turns on one database."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        url = sqlite_url(folder)
        fill(url, folder, customers)
        racers = []
        for count in IDLE:
            plugins = [(f"idle{number:02}", Idle()) for number in range(count)]
            racers.append(Contestant(str(count), *salesbot_app(url, folder, plugins)))
        found = measure(racers, CASES[0], customers, rounds)
        for racer in racers:
            racer.engine.dispose()
    return {int(count): measured for count, measured in found.items()}


def main() -> None:
    """Prints the table."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--rounds", type=int, default=60)
    chosen = arguments.parse_args()
    found = measure_idle(20, chosen.rounds)
    none = found[0]
    line("idle plugins", "µs", "Python calls", "µs for each", "calls for each")
    line(*["---"] * 5)
    for count, measured in found.items():
        more = [ours - theirs for ours, theirs in zip(measured.seconds, none.seconds, strict=True)]
        each = count or 1
        line(
            count,
            f"{median(measured.seconds) * 1e6:,.0f}",
            f"{measured.cost.calls:,}",
            f"{median(more) * 1e6 / each:.1f}",
            f"{(measured.cost.calls - none.cost.calls) / each:.0f}",
        )


if __name__ == "__main__":
    main()
