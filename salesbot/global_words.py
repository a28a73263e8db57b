"""The words that mean the same in every state of a chat, in every language of the shop."""

from __future__ import annotations

from functools import cache

from salesbot.texts import in_every_language
from salesbot.understanding import fold


def _(sentence: str) -> str:
    """Marks a sentence for translators; it is translated in each language below."""
    return sentence


_WORDS = {
    "menu": _("menu, main menu, home"),
    "help": _("help, help me"),
    "person": _("person, a person, human, agent, talk to a person, speak to a person"),
    "stop": _("stop, stop all, unsubscribe"),
}


@cache
def global_words(languages: tuple[str, ...]) -> dict[str, str]:
    """Each such word, folded, with the id of the choice that it is: menu, help, person or stop."""
    found: dict[str, str] = {}
    for choice, english in _WORDS.items():
        by_language = {"en": english, **in_every_language("salesbot", english, languages)}
        for sentence in by_language.values():
            for word in sentence.split(","):
                found.setdefault(fold(word), choice)
    found.pop("", None)
    return found
