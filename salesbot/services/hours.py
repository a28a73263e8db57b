"""When people answer: a week's hours and the days off, as staff type them and customers read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from itertools import groupby
from zoneinfo import ZoneInfo

from babel.dates import format_time, get_day_names

from salesbot import clock
from salesbot.locales import locale_of
from salesbot.services import shop
from salesbot.texts import language
from salesbot.week import DAYS, Spans, spans


def week() -> Mapping[str, Spans]:
    """The hours of each day; nothing at all when the shop has said none."""
    return {day: spans(text) for day, text in shop.setting("HOURS").items()}


def are_known() -> bool:
    """Whether the shop has said when people answer."""
    return any(week().values())


def are_now() -> bool:
    """Whether it is a time when people answer; always, when the shop has said nothing."""
    if not are_known():
        return True
    here = clock.now().astimezone(ZoneInfo(shop.setting("TIMEZONE")))
    if here.date().isoformat() in shop.setting("DAYS_OFF"):
        return False
    return any(first <= here.time() < last for first, last in week().get(DAYS[here.weekday()], []))


def sells_now() -> bool:
    """Whether the bot may sell at this time."""
    return bool(shop.setting("SELL_OUTSIDE_HOURS")) or are_now()


def shown() -> str:
    """The week as a customer reads it, such as "Mon\u2013Fri 9:00 AM \u2013 6:00 PM"; days alike are one."""
    names = get_day_names("abbreviated", locale=locale_of(language()))
    open_days = [(number, tuple(week().get(day, []))) for number, day in enumerate(DAYS)]
    lines = []
    for hours, alike in groupby(open_days, key=lambda pair: pair[1]):
        numbers = [number for number, _hours in alike]
        if hours:
            first, last = names[numbers[0]], names[numbers[-1]]
            days = first if len(numbers) == 1 else f"{first}\u2013{last}"
            lines.append(f"{days} {', '.join(_span(*pair) for pair in hours)}")
    return ", ".join(lines)


def _span(first: time, last: time) -> str:
    clocks = (format_time(moment, "short", locale=locale_of(language())) for moment in (first, last))
    return "\u2013".join(clocks)
