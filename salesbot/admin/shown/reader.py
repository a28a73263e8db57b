"""Whoever looks at a page of the back office: the language that they read, and the clock on their wall."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import flask_babel
from babel import Locale, UnknownLocaleError
from babel.core import get_global
from flask import Flask, g, has_request_context, request, session
from flask_admin import babel as stock
from flask_admin import translations as stock_translations
from flask_login import current_user

from salesbot import clock, texts

ZONE_COOKIE = "salesbot_zone"
"""Where admin.js writes down the browser's own zone."""
_TRANSLATIONS = Path(__file__).parents[1] / "translations"
_LANGUAGE, _ZONE = "language", "zone"


@cache
def languages() -> tuple[str, ...]:
    """The codes of what the back office speaks, English first."""
    return ("en", *sorted(path.parents[1].name for path in _TRANSLATIONS.glob("*/LC_MESSAGES/messages.mo")))


@cache
def zones() -> tuple[str, ...]:
    """The names of the time zones that somebody may choose."""
    return tuple(sorted(available_timezones() & {*get_global("zone_territories"), "UTC"}))


def init(app: Flask) -> None:
    """Has the back office speak its reader's language: our sentences, and in our words Flask-Admin's own.

    Sentences that it shares with customers are where they were.
    """
    babel = flask_babel.get_babel(app)
    babel.locale_selector = selected
    babel.translation_directories.append(str(_TRANSLATIONS))
    stock.domain.domain = ["admin", "messages"]
    # Its own setting for this lets the stock words win.
    stock.domain._translation_directories = [*stock_translations.__path__, str(_TRANSLATIONS)]  # noqa: SLF001
    app.teardown_request(_end)


def begin() -> None:
    """The request is one of the back office: from here on its reader is spoken to."""
    g.spoken_before = texts.language()
    speak_anew()


def meet() -> None:
    """Takes language and zone over from the account of whoever is signed in. Reads the database.

    They are kept in the session, so that a page which says that the database is away is read as well.
    """
    for name in (_LANGUAGE, _ZONE):
        chosen = getattr(current_user, name, "")
        if session.get(name, "") != chosen:
            session[name] = chosen
    speak_anew()


def speak_anew() -> None:
    """What is said from here on follows what the session knows by now."""
    for name in ("reader_language", "reader_zone"):
        g.pop(name, None)
    flask_babel.refresh()
    texts.speak(language())


def language() -> str:
    """The code of the language of whoever looks: what they chose, else their browser's, else English."""
    if not has_request_context():
        return texts.language()
    if "reader_language" not in g:
        chosen = session.get(_LANGUAGE, "")
        g.reader_language = chosen if chosen in languages() else of_browser()
    return str(g.reader_language)


def name_of(code: str) -> str:
    """What a language is called in that of whoever looks; a code that is none comes as it is."""
    try:
        return Locale.parse(code).get_display_name(language()) or code
    except (ValueError, UnknownLocaleError):
        return code


def of_browser() -> str:
    """The first of the browser's languages that the back office speaks, else English."""
    return request.accept_languages.best_match(languages()) or "en"


def zone() -> ZoneInfo:
    """The time zone of whoever looks: chosen, else their browser's, else UTC."""
    if not has_request_context():
        return ZoneInfo("UTC")
    if "reader_zone" not in g:
        wanted = (chosen_zone(), request.cookies.get(ZONE_COOKIE, ""))
        g.reader_zone = ZoneInfo(next((name for name in wanted if name in _known()), "UTC"))
    found: ZoneInfo = g.reader_zone
    return found


def chosen_zone() -> str:
    """The zone that whoever looks has chosen; "" for their browser's own."""
    name = session.get(_ZONE, "")
    return name if name in _known() else ""


@cache
def _known() -> frozenset[str]:
    return frozenset(available_timezones())


def here(moment: datetime) -> datetime:
    """A moment by the clock of whoever looks."""
    return moment.astimezone(zone())


def today() -> datetime:
    """The beginning of today, by the clock of whoever looks."""
    return here(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


def by_offset(since: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The time from `since` until now in parts of one distance to UTC each: beginning, end, distance."""
    now, begin = clock.now(), since
    while begin < now:
        offset = _offset(begin)
        end = begin
        while end < now and _offset(end) == offset:
            end += timedelta(days=1)
        # Clocks are put forward and back at a quarter of an hour, and never twice in a day.
        while end > begin and _offset(end - timedelta(minutes=15)) != offset:
            end -= timedelta(minutes=15)
        yield begin, end, offset
        begin = end


def _offset(moment: datetime) -> timedelta:
    return here(moment).utcoffset() or timedelta()


def selected() -> str:
    """For Flask-Babel: in the back office its reader's language, elsewhere the customer's."""
    return language() if has_request_context() and "spoken_before" in g else texts.language_of_dates()


def _end(_exc: BaseException | None) -> None:
    before = g.pop("spoken_before", None)
    if before is not None:
        texts.speak(before)
