"""The lines of the menu as staff arranged them: in their order, under their titles, without hidden ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    order = [line.id for line in known]
    before: str | None = None
    for line in found:
        if line.id not in menu:
            order.insert(0 if before is None else order.index(before) + 1, line.id)
        before = line.id
    by_id = {line.id: line for line in found}
    return [by_id[number] for number in dict.fromkeys(order)]


def save(lines: Sequence[Arranged]) -> None:
    """Keeps the order, titles and hidden lines from the next message on; others are forgotten. Flush only.

    WrongState says what is wrong.
    """
    if lines and all(line.hidden for line in lines):
        raise WrongState("one line at least has to be shown")
    for line in lines:
        for title in line.titles.values():
            if len(title) > LONGEST_TITLE:
                raise WrongState(
                    "“{title}” is too long: at most {n} characters", title=title, n=LONGEST_TITLE
                )
    shop.changing()
    stored = {row.choice: row for row in db.session.scalars(select(MenuLine))}
    for position, line in enumerate(lines[:MOST_LINES]):
        row = stored.pop(line.choice, None) or MenuLine(choice=line.choice)
        row.position, row.hidden, row.titles = position, line.hidden, dict(line.titles)
        db.session.add(row)
    for row in stored.values():
        db.session.delete(row)
    db.session.flush()


def _titled(line: Choice, own: Line | None, code: str) -> Choice:
    title = "" if own is None else own.titles.get(code) or own.titles.get(code.partition("_")[0], "")
    return replace(line, title=title) if title else line
