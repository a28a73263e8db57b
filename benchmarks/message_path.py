"""A message's way in one process, without a web server: `python -m benchmarks.message_path`."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from time import perf_counter

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
    """What a message costs a contestant, and its seconds a message in each round."""

    cost: Cost
    seconds: list[float] = field(default_factory=list)


def measure(racers: list[Contestant], case: Case, customers: int, rounds: int) -> dict[str, Measured]:
    """All answer the same message of each customer, taking turns, `rounds` times."""
    found = {racer.name: Measured(cost(racer, case.text, case.before)) for racer in racers}
    for number in range(rounds):
        first = number % len(racers)
        for racer in racers[first:] + racers[:first]:
            found[racer.name].seconds.append(_round(racer, case, customers))
    return found


def _round(racer: Contestant, case: Case, customers: int) -> float:
    if case.before:
        for customer in range(customers):
            answer(racer.app, post(case.before, customer).environ())
    environs = [post(case.text, customer).environ() for customer in range(customers)]
    began = perf_counter()
    for environ in environs:
        answer(racer.app, environ)
    return (perf_counter() - began) / customers


def ratio(of: Measured, to: Measured) -> float:
    """How many messages `of` answers while `to` answers one: the median of the rounds."""
    return median(theirs / ours for ours, theirs in zip(of.seconds, to.seconds, strict=True))


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
        )
        line(*["---"] * 8)
        with database(name) as make_url, contestants(make_url, chosen.customers) as racers:
            for case in CASES:
                _report(case, measure(racers, case, chosen.customers, chosen.rounds))


def _report(case: Case, found: dict[str, Measured]) -> None:
    for who in (SALESBOT, BY_HAND, BARE):
        one = found[who]
        speed = "" if who == SALESBOT else f"{ratio(found[SALESBOT], one):.2f}"
        spent = one.cost
        line(
            case.name,
            who,
            f"{median(one.seconds) * 1e6:,.0f}",
            f"{spent.calls:,}",
            f"{spent.built_ins:,}",
            spent.statements,
            spent.commits,
            speed,
        )


if __name__ == "__main__":
    main()
