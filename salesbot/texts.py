"""What people read, in their language: one translator a package, one language a turn."""

from __future__ import annotations

import gettext
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from importlib.util import find_spec

_language: ContextVar[str] = ContextVar("salesbot_language", default="en")


_own: ContextVar[Mapping[tuple[str, str, str], str]] = ContextVar("salesbot_own_words", default={})  # noqa: B039 - never written to


def use(own: Mapping[tuple[str, str, str], str]) -> None:
    """From here on the shop's `own` words are said: by package, language and sentence as written."""
    _own.set(own)


def language() -> str:
    """The language that is being spoken now, such as "en"."""
    return _language.get()


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
    return gettext.translation("messages", str(folder), languages=[code], fallback=True)


def translator(package: str) -> Callable[[str], str]:
    """The `gettext` of a package that keeps `translations/<code>/LC_MESSAGES/messages.mo`.

    `_ = translator(__name__)` in any module of a plugin's package; a sentence that the current
    language lacks stays as it is written in the code, and so do those of a plugin of one module.
    """
    home = package.partition(".")[0]

    def translate(sentence: str) -> str:
        code, own = _language.get(), _own.get()
        if own and (words := own.get((home, code, sentence))):
            return words
        return _catalogue(package, code).gettext(sentence)

    return translate


def plural_translator(package: str) -> Callable[[str, str, int], str]:
    """The `ngettext` of a package: `(one, many, count)` to the right form, unformatted."""

    def translate(one: str, many: str, count: int) -> str:
        return _catalogue(package, _language.get()).ngettext(one, many, count)

    return translate


_core = translator("salesbot")


def page_gettext(sentence: str, **values: object) -> str:
    """The core's `gettext` for templates: `%(name)s` in a sentence is filled from `values`."""
    said = _core(sentence)
    return said % values if values else said


def page_ngettext(one: str, many: str, num: int, **values: object) -> str:
    """The core's `ngettext` for templates; `%(num)s` is the count."""
    said = _catalogue("salesbot", _language.get()).ngettext(one, many, num)
    return said % {"num": num, **values}


def in_every_language(package: str, sentence: str, codes: tuple[str, ...]) -> dict[str, str]:
    """`sentence` in each language of `codes`, by language."""
    return {code: _catalogue(package, code).gettext(sentence) for code in codes}
