"""Codes of languages: as they are kept, and what dates and amounts look like in them."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale, UnknownLocaleError


def code_of(typed: str) -> str:
    """A code as it is kept: "pt-br" and "PT_br" are both "pt_BR", whether there is such a language or not."""
    language, _divider, place = typed.strip().replace("-", "_").partition("_")
    return f"{language.lower()}_{place.upper() if len(place) == 2 else place}".rstrip("_")


@lru_cache(maxsize=256)
def locale_of(code: str) -> Locale:
    """How a language writes dates and amounts: the nearest that is known, English when none is near.

    A code that came from outside must never keep somebody from reading a price.
    """
    wanted = code_of(code)
    for name in (wanted, wanted.partition("_")[0]):
        try:
            return Locale.parse(name)
        except (ValueError, UnknownLocaleError):
            continue
    return Locale("en")
