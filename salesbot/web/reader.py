"""Which language somebody reads who opens a page of the shop."""

from __future__ import annotations

from collections.abc import Sequence

from flask import current_app, request
from sqlalchemy.exc import SQLAlchemyError

from salesbot.errors import SalesbotError
from salesbot.services import shop
from salesbot.services.pages import language_of

_AWAY = (SQLAlchemyError, SalesbotError)
"""What comes instead of an answer when the database is away; the page that says sorry needs none."""


def language() -> str:
    """The customer's whom the address is for, else the browser's, else the shop's first.

    The browser's only when the shop speaks it.
    """
    return _customers() or _browsers()


def _customers() -> str | None:
    word = (request.view_args or {}).get("word")
    try:
        return language_of(word) if isinstance(word, str) else None
    except _AWAY:
        return None


def _browsers() -> str:
    try:
        spoken: Sequence[str] = shop.setting("LANGUAGES")
    except _AWAY:
        spoken = current_app.config["LANGUAGES"]
    for tag, quality in request.accept_languages:
        near = [code for code in spoken if quality and _base(code) == _base(tag)]
        if near:
            return next((code for code in near if code.replace("_", "-").lower() == tag.lower()), near[0])
    return spoken[0]


def _base(code: str) -> str:
    return code.replace("-", "_").partition("_")[0].lower()
