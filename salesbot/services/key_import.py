"""Keys from a paste, a text file or a CSV: looked over line by line before anything is added."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from salesbot.services import stock
from salesbot.texts import translator

_ = translator("salesbot")

LONGEST = 500
COLUMNS = ("key", "licence key", "license key", "code", "serial")
"""Names of the column that holds the keys, in a CSV with a first line of names."""


@dataclass(frozen=True)
class Line:
    """One line of the source, by its number from 1; `why` says what is wrong with a broken one."""

    number: int
    text: str
    why: str = ""


@dataclass(frozen=True)
class LookedOver:
    """What would become of a source: `new` would be added, the others would not."""

    new: tuple[Line, ...]
    repeated: tuple[Line, ...]
    known: tuple[Line, ...]
    broken: tuple[Line, ...]

    @property
    def secrets(self) -> list[str]:
        """The keys to add."""
        return [line.text for line in self.new]


def look_over(product_id: int, source: str) -> LookedOver:
    """Sorts the lines of `source` into new, repeated in it, there already, and broken. Reads only."""
    broken, repeated, fresh = [], [], {}
    for line in _lines(source):
        if line.why:
            broken.append(line)
        elif line.text in fresh:
            repeated.append(line)
        else:
            fresh[line.text] = line
    there = stock.known(product_id, fresh)
    return LookedOver(
        new=tuple(line for text, line in fresh.items() if text not in there),
        repeated=tuple(repeated),
        known=tuple(line for text, line in fresh.items() if text in there),
        broken=tuple(broken),
    )


def _lines(source: str) -> Iterator[Line]:
    rows = source.removeprefix("\ufeff").splitlines()
    column, separator = _key_column(rows)
    for number, row in enumerate(rows, 1):
        if column is None:
            if row.strip():
                yield _checked(number, row.strip())
        elif number > 1 and row.strip():
            cells = next(csv.reader(io.StringIO(row), delimiter=separator), [])
            if len(cells) <= column or not cells[column].strip():
                yield Line(number, "", _("there is no key in this line"))
            else:
                yield _checked(number, cells[column].strip())


def _key_column(rows: list[str]) -> tuple[int | None, str]:
    """Where the keys stand in a CSV with names in its first line; None when it is a plain list."""
    for separator in (",", ";", "\t"):
        names = next(csv.reader(io.StringIO(rows[0] if rows else ""), delimiter=separator), [])
        folded = [name.strip().casefold() for name in names]
        for name in COLUMNS:
            if name in folded:
                return folded.index(name), separator
    return None, ","


def _checked(number: int, text: str) -> Line:
    if len(text) > LONGEST:
        return Line(number, text[:40], _("it is longer than {n} characters").format(n=LONGEST))
    if not text.isprintable():
        return Line(number, "", _("it holds characters that nobody can type"))
    return Line(number, text)
