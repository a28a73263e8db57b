"""The lines of the menu as staff arranged them: in their order, under their titles, without hidden ones."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from salesbot.database import db
from salesbot.errors import WrongState
from salesbot.messages import Choice
from salesbot.models import MenuLine
from salesbot.services import shop
from salesbot.shop_state import Line
from salesbot.texts import language

LONGEST_TITLE = 24
"""What WhatsApp shows of a line in a list."""
MOST_LINES = 200


@dataclass(frozen=True)
class Arranged:
    """What staff decide about one line; a title for each language that has an own one."""

    choice: str
    hidden: bool
    titles: Mapping[str, str]


def arranged(found: list[Choice]) -> list[Choice]:
    """The lines that plugins bring, as staff arranged them. A new one stays behind its neighbour."""
    menu = shop.state().menu
    if not menu or not found:
        return found
    code = language()
    shown = [line for line in in_order(found, menu) if not (line.id in menu and menu[line.id].hidden)]
    titled = [_titled(line, menu.get(line.id), code) for line in shown]
    # Somebody who sees no line at all could go nowhere.
    return titled or found


def in_order(found: Sequence[Choice], menu: Mapping[str, Line]) -> list[Choice]:
    """All lines in the order of staff; one that they don't know comes after the one it came after."""
    known = sorted((line for line in found if line.id in menu), key=lambda line: menu[line.id].position)
    order = _merged([line.id for line in known], [line.id for line in found])
    by_id = {line.id: line for line in found}
    return [by_id[number] for number in dict.fromkeys(order)]


def version() -> str:
    """A word for how the menu is arranged now; `save` takes it to know whether somebody was quicker."""
    return _version(shop.state().menu)


def save(lines: Sequence[Arranged], seen: str | None = None) -> None:
    """Keeps the order, titles and hidden lines from the next message on. Flush only.

    Lines that are arranged and not among these, because they don't show at the moment, stay as they
    are behind the line that they came after. `seen` is the `version` that these were made from.
    WrongState says what is wrong.
    """
    shop.changing()
    rows = db.session.scalars(select(MenuLine).order_by(MenuLine.position, MenuLine.choice))
    stored = {row.choice: row for row in rows}
    if seen is not None and seen != _version(stored):
        raise WrongState("somebody else changed the menu meanwhile; save again to put yours in its place")
    given = {line.choice: line for line in lines[:MOST_LINES]}
    _check(given.values())
    for position, choice in enumerate(_merged(list(given), list(stored))):
        row = stored.get(choice)
        if row is None:
            row = MenuLine(choice=choice)
            db.session.add(row)
        row.position = position
        if choice in given:
            row.hidden, row.titles = given[choice].hidden, dict(given[choice].titles)
    db.session.flush()


def reset() -> None:
    """Everything as the plugins bring it, lines that don't show at the moment included. Flush only."""
    shop.changing()
    for row in db.session.scalars(select(MenuLine)):
        db.session.delete(row)
    db.session.flush()


def _check(lines: Collection[Arranged]) -> None:
    if lines and all(line.hidden for line in lines):
        raise WrongState("one line at least has to be shown")
    for title in (title for line in lines for title in line.titles.values()):
        if len(title) > LONGEST_TITLE:
            raise WrongState("“{title}” is too long: at most {n} characters", title=title, n=LONGEST_TITLE)


def _merged(order: list[str], kept: Sequence[str]) -> list[str]:
    """`order` with those of `kept` that it lacks, each behind the one that it came after there."""
    before: str | None = None
    for choice in kept:
        if choice not in order:
            order.insert(0 if before is None else order.index(before) + 1, choice)
        before = choice
    return order


def _version(menu: Mapping[str, Line] | Mapping[str, MenuLine]) -> str:
    known = sorted((choice, line.position, line.hidden, dict(line.titles)) for choice, line in menu.items())
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]


def _titled(line: Choice, own: Line | None, code: str) -> Choice:
    title = "" if own is None else own.titles.get(code) or own.titles.get(code.partition("_")[0], "")
    return replace(line, title=title) if title else line
