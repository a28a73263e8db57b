"""What people read, in their language: one translator a package, one language a turn."""

from __future__ import annotations

import gettext
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from importlib.util import find_spec

from salesbot.locales import code_of, locale_of

_language: ContextVar[str] = ContextVar("salesbot_language", default="en")


OwnWords = Mapping[tuple[str, str, str, int], str]
"""By package, language, sentence as written, and the number of its form."""

_own: ContextVar[OwnWords] = ContextVar("salesbot_own_words", default={})  # noqa: B039 - never written to
_tried: ContextVar[OwnWords] = ContextVar("salesbot_tried_words", default={})  # noqa: B039 - never written to


def use(own: OwnWords) -> None:
    """From here on the shop's `own` words are said, and before them those that are being tried."""
    tried = _tried.get()
    _own.set({**own, **tried} if tried else own)


@contextmanager
def trying(words: OwnWords) -> Iterator[None]:
    """Inside, these words are said too, whatever the shop's own are; an empty text is the bot's own."""
    tried, own = _tried.set(words), _own.set({**_own.get(), **words})
    try:
        yield
    finally:
        _own.reset(own)
        _tried.reset(tried)


def language() -> str:
    """The language that is being spoken now, such as "en"."""
    return _language.get()


def language_of_dates() -> str:
    """The code of what Babel knows next to it, for dates and amounts in templates."""
    return str(locale_of(_language.get()))


def speak(code: str) -> None:
    """From here on the language is `code`, until the `speaking` around it ends."""
    _language.set(code)


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Everything said inside is said in the language `code`."""
    token = _language.set(code)
    try:
        yield
    finally:
        _language.reset(token)


@cache
def _catalogue(package: str, code: str) -> gettext.NullTranslations:
    spec = find_spec(package)
    home = package if spec is None or spec.submodule_search_locations is not None else spec.parent
    if not home:  # one module, which has no folder of its own
        return gettext.NullTranslations()
    folder = files(home) / "translations"
    return gettext.translation("messages", str(folder), languages=[code_of(code)], fallback=True)


def translator(package: str) -> Callable[[str], str]:
    """The `gettext` of a package that keeps `translations/<code>/LC_MESSAGES/messages.mo`.

    `_ = translator(__name__)` in any module of a plugin's package; a sentence that the current
    language lacks stays as it is written in the code, and so do those of a plugin of one module.
    """
    home = package.partition(".")[0]

    def translate(sentence: str) -> str:
        code, own = _language.get(), _own.get()
        if own and (words := own.get((home, code, sentence, 0))):
            return words
        return _catalogue(package, code).gettext(sentence)

    return translate


def plural_translator(package: str) -> Callable[[str, str, int], str]:
    """The `ngettext` of a package: `(one, many, count)` to the right form, unformatted."""
    home = package.partition(".")[0]

    def translate(one: str, many: str, count: int) -> str:
        code, own = _language.get(), _own.get()
        if own and (words := own.get((home, code, one, form_of(package, code, count)))):
            return words
        return _catalogue(package, code).ngettext(one, many, count)

    return translate


def form_of(package: str, code: str, count: int) -> int:
    """The number of the form that a sentence of a package has with `count` in a language."""
    # Set by the catalogue's own rule; the class has no name for it in the types.
    rule: Callable[[int], int] | None = getattr(_catalogue(package, code), "plural", None)
    return int(count != 1) if rule is None else int(rule(count))


_core = translator("salesbot")
_core_plural = plural_translator("salesbot")


def page_gettext(sentence: str, **values: object) -> str:
    """The core's `gettext` for templates: `%(name)s` in a sentence is filled from `values`."""
    said = _core(sentence)
    return said % values if values else said


def page_ngettext(one: str, many: str, num: int, **values: object) -> str:
    """The core's `ngettext` for templates; `%(num)s` is the count."""
    return _core_plural(one, many, num) % {"num": num, **values}


def in_every_language(package: str, sentence: str, codes: tuple[str, ...]) -> dict[str, str]:
    """`sentence` in each language of `codes`, by language."""
    return {code: _catalogue(package, code).gettext(sentence) for code in codes}


def forms(package: str, one: str, many: str, code: str) -> list[tuple[int, str, tuple[int, ...]]]:
    """Each form of a counting sentence in a language: its number, its words, and the first few counts."""
    counts: dict[int, list[int]] = {}
    for count in range(120):
        counts.setdefault(form_of(package, code, count), []).append(count)
    said = _catalogue(package, code).ngettext
    return [(form, said(one, many, found[0]), tuple(found[:3])) for form, found in sorted(counts.items())]
