"""What an address or a form names: rows by their numbers, and a list's own search for the way back to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from flask import request
from sqlalchemy.orm import DeclarativeBase
from werkzeug.datastructures import MultiDict

from salesbot import ids
from salesbot.extensions import db

Row = TypeVar("Row", bound=DeclarativeBase)
_TAKEN = {"self", "endpoint", "export_type"}
"""What `url_for` and our views call their own arguments."""


def number(values: MultiDict[str, str], name: str) -> int | None:
    """The number of a row that is named so in an address or a form; None without one."""
    return ids.read(values.get(name, ""))


def numbers(values: MultiDict[str, str], name: str) -> Sequence[int]:
    """The same where several may be ticked; those that no row can have are left out."""
    return [found for text in values.getlist(name) if (found := ids.read(text)) is not None]


def row(model: type[Row], values: MultiDict[str, str], name: str) -> Row | None:
    """The row whose number is named so; None when there is none."""
    found = number(values, name)
    return None if found is None else db.session.get(model, found)


def of_list(*without: str) -> dict[str, str]:
    """What the address of a list asks it for, to be asked in another address too."""
    return {
        name: value
        for name, value in request.args.items()
        if name not in _TAKEN and name not in without and not name.startswith("_")
    }
