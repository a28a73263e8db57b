"""Money: integer minor units with an ISO 4217 currency, and how people read and type it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, DecimalException
from functools import cache, lru_cache

from babel.numbers import format_currency, get_currency_precision, get_currency_symbol
from iso4217 import Currency

from salesbot.locales import locale_of

MOST = 10**15
"""No amount is as much as this many minor units; it fits every database's integers."""


_DECIMALS = {str(known.code): known.exponent for known in Currency if known.exponent is not None}
"""By ISO 4217, which hardly ever changes. What Babel says follows people's habits: a newer one would
turn the prices in the database into others."""


def decimals(currency: str) -> int:
    """How many decimals the minor unit of `currency` is away from it: 2 for USD, 0 for JPY, 3 for KWD."""
    return _DECIMALS.get(currency, 2)


def is_currency(code: str) -> bool:
    """Whether `code` is an ISO 4217 code that people can be paid in."""
    return code in _DECIMALS


def to_decimal(amount: int, currency: str) -> Decimal:
    """Minor units as the number people write: 1999 USD is 19.99."""
    return Decimal(amount).scaleb(-decimals(currency))


def to_minor(amount: Decimal | str, currency: str) -> int:
    """A written number as minor units; ValueError when it is no number, too large or too precise."""
    try:
        minor = Decimal(amount).scaleb(decimals(currency))
        is_money = abs(minor) < MOST
    except DecimalException:
        is_money = False
    if not is_money:
        raise ValueError(f"{amount!r} is not an amount of money")
    if minor != minor.to_integral_value():
        raise ValueError(f"{currency} has {decimals(currency)} decimals, {amount} has more")
    return int(minor)


_SPACE = r"[ \u00a0\u202f]"


def read(text: str, currency: str, language: str = "en") -> int:
    """What a person typed for an amount, in minor units: "19.99", "19,99", "$ 19.99" or "1.234,56".

    ValueError for all else. What one may read in two ways is not guessed: "1.000" is a thousand for
    some and one for others. Where the currency has three decimals, it is one, as it is shown.
    """
    symbols = {get_currency_symbol(currency, locale_of(code)) for code in ("en", language)}
    names = "|".join(
        map(re.escape, sorted({currency, *symbols, *(one[-1] for one in symbols)}, key=len)[::-1])
    )
    bare = re.fullmatch(rf"(?:{names})?\s*([0-9].*?)\s*(?:{names})?", text.strip())
    number = re.sub(_SPACE, " ", bare[1]) if bare else ""
    for pattern in _written(decimals(currency)):
        if found := pattern.fullmatch(number):
            whole, cents = re.sub("[., ]", "", found[1]), found[2] or ""
            return to_minor(f"{whole}.{cents}" if cents else whole, currency)
    raise ValueError(f"{text!r} is not clearly an amount in {currency}")


@cache
def _written(places: int) -> tuple[re.Pattern[str], ...]:
    """How an amount may be written: its whole part and its decimals, first without thousands."""
    cents = rf"([0-9]{{1,{places}}})" if places else "((?!))"
    first = "[1-9][0-9]{0,2}"
    return tuple(
        map(
            re.compile,
            (
                rf"([0-9]{{1,15}})(?:[.,]{cents})?",
                rf"({first}(?:\.[0-9]{{3}}){{1,4}}),{cents}",
                rf"({first}(?:,[0-9]{{3}}){{1,4}})\.{cents}",
                rf"({first}(?:(?:\.[0-9]{{3}}){{2,4}}|(?:,[0-9]{{3}}){{2,4}}))()",
                rf"({first}(?: [0-9]{{3}}){{1,4}})(?:[.,]{cents})?",
            ),
        )
    )


@lru_cache(maxsize=1024)
def show(amount: int, currency: str, language: str = "en") -> str:
    """An amount as a person reads it: `show(1999, "USD")` is `$19.99`.

    Decimals that people have given up, as with HUF, are shown when there is something in them.
    """
    number, locale = to_decimal(amount, currency), locale_of(language)
    if number == round(number, get_currency_precision(currency)):
        return format_currency(number, currency, locale=locale)
    return format_currency(number, currency, locale=locale, currency_digits=False, decimal_quantization=False)


def spread(amount: int, over: Sequence[int]) -> list[int]:
    """`amount`, at most the sum of `over`, in whole parts that add up to it, in proportion to `over`.

    What is lost by rounding down goes to the parts that lost most, so that none exceeds its own.
    """
    whole = sum(over)
    if not 0 <= amount <= whole:
        raise ValueError(f"{amount} can't be spread over {whole}")
    if not whole:
        return [0] * len(over)
    parts = [amount * own // whole for own in over]
    by_loss = sorted(range(len(over)), key=lambda n: (-(amount * over[n] % whole), n))
    for n in by_loss[: amount - sum(parts)]:
        parts[n] += 1
    return parts
