"""What the program says in English, in errors and in what it wrote down, in the language of whoever looks."""

from __future__ import annotations

import re
from functools import cache

from flask_babel import gettext

from salesbot.admin.shown.noted_words import WITH_PLACES
from salesbot.errors import SalesbotError


def because(exc: Exception) -> str:
    """Why something can't be."""
    if isinstance(exc, SalesbotError) and exc.places:
        places = {name: noted(str(value)) for name, value in exc.places.items()}
        return gettext(exc.sentence).format(**places)
    return noted(str(exc))


def noted(text: str) -> str:
    """What stands in the database as the program wrote it down; words of people come as they are."""
    if not text:
        return ""
    if "\n" in text:
        return "\n".join(map(noted, text.split("\n")))
    translated = gettext(text)
    if translated != text:
        return translated
    for sentence, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found:
            return gettext(sentence).format(**{name: noted(part) for name, part in found.groupdict().items()})
    return text


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (sentence, re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(sentence)), re.DOTALL))
        for sentence in WITH_PLACES
    )
