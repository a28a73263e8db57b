"""Which language a customer speaks: guessed from their words and their number, or chosen by them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from babel.languages import get_official_languages
from sqlalchemy import bindparam, update

from salesbot.database import db, table
from salesbot.locales import locale_of
from salesbot.models import Customer
from salesbot.texts import in_every_language
from salesbot.understanding import fold

CHOICE = "language"
"""Asks for the language; with a code behind a colon it is the language itself."""

_CUSTOMER = table(Customer)
_KEEP = (
    update(_CUSTOMER)
    .where(_CUSTOMER.c.id == bindparam("customer_id"))
    .values(language=bindparam("code"), language_chosen=bindparam("chosen"))
)
_WORD = re.compile(r"[^\W\d_]+")


def _(sentence: str) -> str:
    """Marks a sentence for translators; it is translated in each language below."""
    return sentence


# For translators: everyday words that give your language away. Leave out what other languages share.
_TELLING = _(
    "hi, hello, hey, good, morning, evening, the, and, is, are, you, your, my, want, need, how, what, where, "
    "when, please, thanks, thank, buy, book, with, for, can, would, does, have, looking, price"
)


def first_guess(text: str, address: str, languages: Sequence[str]) -> str:
    """The language of somebody who writes for the first time: by the words, the number, or the usual one."""
    if len(languages) == 1:
        return languages[0]
    hits = _hits(text, languages)
    best = [code for code in languages if hits[code] and hits[code] == max(hits.values())]
    if len(best) == 1:
        return best[0]
    spoken = _spoken_at(address)
    return next((code for code in best or languages if _base(code) in spoken), (best or languages)[0])


def heard(text: str, present: str, languages: Sequence[str]) -> str:
    """The language that `text` is clearly in, else the `present` one.

    Clearly: it has words of one language only, at least two, or nothing but such words. A product's
    title of another language does not change how the bot speaks.
    """
    hits = {code: count for code, count in _hits(text, languages).items() if count}
    if len(hits) != 1:
        return present
    code, count = hits.popitem()
    return code if count >= 2 or count == len(_words(text)) else present


def choose(customer_id: int, code: str, *, chosen: bool) -> None:
    """Keeps the language of a customer; one that they have `chosen` is not guessed any more."""
    db.session.execute(_KEEP, {"customer_id": customer_id, "code": code, "chosen": chosen})


def name(code: str) -> str:
    """What a language calls itself, such as "español"."""
    locale = locale_of(code)
    return locale.get_language_name(locale) or code


def _hits(text: str, languages: Sequence[str]) -> dict[str, int]:
    words = _words(text)
    return {code: len(words & _telling(code)) for code in languages}


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(fold(text)))


@cache
def _telling(code: str) -> frozenset[str]:
    said = in_every_language("salesbot", _TELLING, (code,))[code]
    if said == _TELLING and _base(code) != "en":
        return frozenset()
    return frozenset(fold(word) for word in said.split(","))


def _base(code: str) -> str:
    return code.partition("_")[0]


def _spoken_at(address: str) -> Sequence[str]:
    """The languages of the country that an address (`whatsapp:+52…`, `whatsapp:MX.…`) belongs to."""
    # A large table of numbers, which only somebody's first message needs.
    import phonenumbers  # noqa: PLC0415

    where = address.rpartition(":")[2]
    country: str | None = where[:2] if re.match(r"[A-Z]{2}\.", where) else None
    if where.startswith("+"):
        try:
            number = phonenumbers.parse(where)
        except phonenumbers.NumberParseException:
            return ()
        # Numbers that are not given out, as in tests, still name a country.
        country = phonenumbers.region_code_for_number(number) or phonenumbers.region_code_for_country_code(
            number.country_code or 0
        )
    return get_official_languages(country, regional=False, de_facto=True) if country else ()
