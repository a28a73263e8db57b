"""The tax in what was sold: prices have it in them, so it is worked out of the money, rate by rate."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from salesbot.errors import Mistyped

HIGHEST = 100


@dataclass(frozen=True)
class Taxed:
    """What was sold at one rate, in minor units; `rate` in percent is None where nothing is taxed."""

    rate: Decimal | None
    net: int
    tax: int
    gross: int


def by_rate(sold: Iterable[tuple[Decimal | None, int]]) -> tuple[Taxed, ...]:
    """(rate, gross amount) pairs added up by rate, the highest first; nothing when no rate is given.

    Each sum is rounded once, half up, so that net and tax are always exactly the gross.
    """
    gross: dict[Decimal | None, int] = {}
    for rate, amount in sold:
        gross[rate] = gross.get(rate, 0) + amount
    if all(rate is None for rate in gross):
        return ()
    ordered = sorted(gross, key=lambda rate: Decimal(-1) if rate is None else rate, reverse=True)
    return tuple(_taxed(rate, gross[rate]) for rate in ordered)


def _taxed(rate: Decimal | None, gross: int) -> Taxed:
    tax = 0
    if rate is not None:
        tax = int((gross * rate / (100 + rate)).quantize(Decimal(1), ROUND_HALF_UP))
    return Taxed(rate, gross - tax, tax, gross)


def read(text: str) -> Decimal | None:
    """A rate as people type it: "19", "19 %", "8,875"; None for nothing. ValueError says what to type."""
    typed = text.strip().removesuffix("%").strip().replace(",", ".")
    if not typed:
        return None
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3})?", typed) or Decimal(typed) >= HIGHEST:
        raise Mistyped("type a percentage below 100, like 19 or 7.5")
    return Decimal(typed)
