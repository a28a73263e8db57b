"""How the cells of a file are read, by what they are for; ValueError says what to type instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from sqlalchemy import Integer, String, inspect

from salesbot.database import Percent
from salesbot.services import delivery_texts, quick_answers, taxes

_YES = {"1", "y", "yes", "true", "on", "x", "sí", "si", "sim", "ja"}
_NO = {"0", "n", "no", "false", "off", "não", "nao", "nein"}
_KIND = re.compile(r"[a-z][a-z0-9_-]{0,31}$")
_PHONE = re.compile(r"\+[0-9]{6,15}$")


def words(column: Any) -> Callable[[str], str]:
    """Reads text that fits into `column`."""
    longest = getattr(column.type, "length", None)

    def read_text(text: str) -> str:
        if longest is not None and len(text) > longest:
            raise ValueError(gettext("at most %(n)d letters fit.", n=longest))
        if "\x00" in text:
            raise ValueError(gettext("it holds letters that nobody can type."))
        return text.replace("\r\n", "\n")

    return read_text


def _number(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise ValueError(gettext("“%(text)s” is no whole number.", text=text))
    return int(text)


def _yes_or_no(text: str) -> bool:
    word = text.casefold()
    if word not in _YES | _NO:
        raise ValueError(gettext("“%(text)s” is neither yes nor no.", text=text))
    return word in _YES


def _percent(text: str) -> Decimal | None:
    try:
        return taxes.read(text)
    except ValueError as exc:
        raise ValueError(gettext("type a percentage below 100, like 19 or 7.5.")) from exc


def kind(text: str) -> str:
    """A product's kind."""
    if not _KIND.match(text):
        raise ValueError(gettext("type key, file, link, or a plugin's word."))
    return text


def link(text: str) -> str:
    """An address on the web."""
    if not re.match(r"https?://\S+$", text):
        raise ValueError(gettext("a link begins with https:// and has no spaces."))
    return text


def delivery_text(text: str) -> str:
    """What the buyer reads in the chat."""
    for problem in delivery_texts.problems(text):
        raise ValueError(problem)
    return text


def quick_answer(text: str) -> str:
    """What the bot answers to some words."""
    problem = quick_answers.problem_with_text(text)
    if problem:
        raise ValueError(problem)
    return text.replace("\r\n", "\n")


def leads_to(text: str) -> str:
    """The id of a choice, such as product:7 or person."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*(:[\w.:-]{1,150})?", text):
        raise ValueError(gettext("type product:7, category:2, orders, person or menu."))
    return text


def phone(text: str) -> str:
    """A telephone number, as the address that WhatsApp has for it."""
    number = re.sub(r"[\s()./-]", "", text.removeprefix("whatsapp:"))
    if not _PHONE.match(number):
        raise ValueError(gettext("type a number like +4915112345678."))
    return f"whatsapp:{number}"


def columns(model: type[Any], names: str, **others: Callable[[str], Any]) -> dict[str, Callable[[str], Any]]:
    """How each column's cells are read, by its type unless `others` says so."""
    found: dict[str, Callable[[str], Any]] = {}
    for name in names.split():
        column = inspect(model).columns.get(name)
        if name in others:
            found[name] = others[name]
        elif column is None or isinstance(column.type, String):
            found[name] = words(column)
        elif isinstance(column.type, Percent):
            found[name] = _percent
        else:
            found[name] = _number if isinstance(column.type, Integer) else _yes_or_no
    return found
