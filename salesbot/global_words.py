"""The words that mean the same in every chat, in every language of the shop."""

from __future__ import annotations

from functools import cache

from babel import Locale

from salesbot.texts import in_every_language
from salesbot.understanding import fold


def _(sentence: str) -> str:
    """Marks a sentence for translators; it is translated in each language below."""
    return sentence


_GLOBAL = {
    "menu": _("menu, main menu, home"),
    "help": _("help, help me"),
    "person": _("person, a person, human, agent, talk to a person, speak to a person"),
    "stop": _("stop, stop all, unsubscribe"),
}
_KNOWN = {
    "cart": _("cart, my cart, the cart, basket, my basket, checkout, check out, pay, i want to pay"),
    "orders": _(
        "orders, my orders, order, my order, where is my order, my purchases, my downloads, my download, "
        "my keys, my key, i lost my key, lost my key, get it again, send it again"
    ),
    "language": _("language, languages, change language"),
    "start": _("start, subscribe, start again"),
}


@cache
def global_words(languages: tuple[str, ...]) -> dict[str, str]:
    """Words that count in every state, even while a question is open: menu, help, person, stop.

    Each word, folded, with the id of the choice that it is.
    """
    return _by_word(_GLOBAL, languages)


@cache
def known_words(languages: tuple[str, ...]) -> dict[str, str]:
    """Words that count unless a question is open: cart, orders, and the shop's languages by name.

    The same form.
    """
    return {**_by_word(_KNOWN, languages), **_named(languages)}


def _named(languages: tuple[str, ...]) -> dict[str, str]:
    """Each language by the names that it has in itself and in the others, and its choice."""
    if len(languages) == 1:
        return {}
    return {
        fold(Locale.parse(code).get_language_name(other) or code): f"language:{code}"
        for code in languages
        for other in {*languages, "en"}
    }


def _by_word(sentences: dict[str, str], languages: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for choice, english in sentences.items():
        by_language = {"en": english, **in_every_language("salesbot", english, languages)}
        for sentence in by_language.values():
            for word in sentence.split(","):
                found.setdefault(fold(word), choice)
    found.pop("", None)
    return found
