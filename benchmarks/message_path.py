"""A message's way in one process, without a web server: `python -m benchmarks.message_path`."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from time import perf_counter, thread_time

from benchmarks.contestants import BARE, BY_HAND, SALESBOT, Contestant, contestants
from benchmarks.counting import Cost, cost
from benchmarks.databases import database, line, parser
from benchmarks.twilio_posts import answer, post


@dataclass(frozen=True)
class Case:
    """A message, and what the customer wrote just before it."""

    name: str
    text: str
    before: str = ""


CASES = (Case('"hi"', "hi"), Case("a category, picked", "1", before="hi"), Case("a search", "python book"))


@dataclass
class Measured:
    """What a message costs a contestant: its seconds, and those of this thread, a message in each round."""

    cost: Cost
    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


def measure(racers: list[Contestant], case: Case, customers: int, rounds: int) -> dict[str, Measured]:
    """All answer the same message of each customer, taking turns, `rounds` times."""
    found = {racer.name: Measured(cost(racer, case.text, case.before)) for racer in racers}
    for number in range(rounds):
        first = number % len(racers)
        for racer in racers[first:] + racers[:first]:
            whole, of_thread = _round(racer, case, customers)
            found[racer.name].seconds.append(whole)
            found[racer.name].processor.append(of_thread)
    return found


def _round(racer: Contestant, case: Case, customers: int) -> tuple[float, float]:
    if case.before:
        for customer in range(customers):
            answer(racer.app, post(case.before, customer).environ())
    environs = [post(case.text, customer).environ() for customer in range(customers)]
    began, of_thread = perf_counter(), thread_time()
    for environ in environs:
        answer(racer.app, environ)
    return (perf_counter() - began) / customers, (thread_time() - of_thread) / customers


def ratio(of: Measured, to: Measured) -> float:
    """How many messages `of` answers while `to` answers one: the median of the rounds."""
    return median(theirs / ours for ours, theirs in zip(of.seconds, to.seconds, strict=True))


def processor_ratio(of: Measured, to: Measured) -> float:
    """The same of the processor's time alone, which others on the machine disturb less."""
    return median(theirs / ours for ours, theirs in zip(of.processor, to.processor, strict=True))


def main() -> None:
    """Prints the tables."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--rounds", type=int, default=60)
    arguments.add_argument("--customers", type=int, default=20, help="messages a round")
    chosen = arguments.parse_args()
    for name in chosen.on:
        print(f"\n{name}\n")
        line(
            "message",
            "who",
            "µs",
            "Python calls",
            "of built-ins",
            "statements",
            "commits",
            "salesbot's speed",
            "by processor time",
        )
        line(*["---"] * 9)
        with database(name) as make_url, contestants(make_url, chosen.customers) as racers:
            for case in CASES:
                _report(case, measure(racers, case, chosen.customers, chosen.rounds))


def _report(case: Case, found: dict[str, Measured]) -> None:
    for who in (SALESBOT, BY_HAND, BARE):
        one = found[who]
        ours = found[SALESBOT]
        speeds = ("", "") if one is ours else (f"{ratio(ours, one):.2f}", f"{processor_ratio(ours, one):.2f}")
        spent = one.cost
        line(
            case.name,
            who,
            f"{median(one.seconds) * 1e6:,.0f}",
            f"{spent.calls:,}",
            f"{spent.built_ins:,}",
            spent.statements,
            spent.commits,
            *speeds,
        )


if __name__ == "__main__":
    main()
