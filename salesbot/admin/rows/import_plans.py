"""What a CSV of things that can be brought in would change, row by row, before anything is changed."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from flask_babel import gettext, lazy_gettext

from salesbot import ids
from salesbot.admin.rows.import_kinds import BAD, CHANGED, KINDS, NEW, SAME, SEVERAL, Kind, Line, Refused
from salesbot.admin.rows.spreadsheets import plain
from salesbot.admin.shown.noted import because
from salesbot.database import db

MOST_ROWS = 10_000


@dataclass
class Plan:
    """What would become of a file; `problem` says why it can't be read at all."""

    lines: list[Line] = field(default_factory=list)
    unknown: tuple[str, ...] = ()
    problem: str = ""

    @property
    def counts(self) -> Counter[str]:
        """How many rows would be new, changed, the same, or are bad."""
        return Counter(line.state for line in self.lines)

    @property
    def notes(self) -> list[str]:
        """What else would happen, each once."""
        return list(dict.fromkeys(line.note for line in self.lines if line.note))

    @property
    def fingerprint(self) -> str:
        """Changes when anything that would happen changes."""
        told = [
            (line.number, line.title, line.state, line.problem, line.note, repr(line.changes))
            for line in self.lines
        ]
        return sha256(repr(told).encode()).hexdigest()


def read(content: bytes) -> str:
    """A file's text. Spreadsheets on older computers write their own alphabet."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def plan(model: type[Any], text: str, labels: Mapping[str, Any]) -> Plan:
    """Looks a file over without changing anything. `labels` are the columns' names on the pages."""
    kind = KINDS[model]
    reader = _reader(text)
    try:
        table = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error:
        words = gettext(
            "Line %(n)d can't be read: a cell is too long, or a quotation mark is missing.", n=reader.line_num
        )
        return Plan(problem=words)
    if len(table) < 2:
        return Plan(problem=gettext("The file needs a line with the columns' names, and rows under it."))
    if len(table) > MOST_ROWS:
        return Plan(problem=gettext("The file has more than %(n)d rows. Split it.", n=MOST_ROWS))
    names = _names(table[0][1], kind.columns, labels)
    if not {kind.key, "id"} & set(names):
        return Plan(problem=gettext("The file needs a column “%(name)s” or “id”.", name=kind.key))
    found = Plan(
        unknown=tuple(cell for cell, name in zip(table[0][1], names, strict=True) if not name and cell)
    )
    looked_up = kind.existing()
    seen: dict[Any, int] = {}
    for number, cells in table[1:]:
        values = {name: plain(_as_typed(cell)) for name, cell in zip(names, cells, strict=False) if name}
        values = {name: value for name, value in values.items() if value}
        line = Line(number, values.get("title") or values.get("name") or values.get(kind.key, ""))
        found.lines.append(line)
        try:
            if any(cell.strip() for cell in cells[len(names) :]):
                raise Refused(gettext("It has more cells than the first line has names."))
            _look_over(kind, line, values, looked_up)
            about = line.row.id if line.row is not None else values[kind.key].casefold()
            if about in seen:
                raise Refused(gettext("Line %(n)d is about the same one.", n=seen[about]))
            seen[about] = number
        except Refused as exc:
            line.state, line.problem, line.note, line.changes = BAD, str(exc), "", {}
    return found


def carry_out(model: type[Any], found: Plan) -> None:
    """Makes and changes the rows of a plan. Flush only."""
    kind = KINDS[model]
    for line in found.lines:
        if line.state in {NEW, CHANGED}:
            kind.write(line)
    db.session.flush()


def _reader(text: str) -> Any:
    """Reads the rows; the first line says what divides their cells."""
    text = text.removeprefix("\ufeff")
    divider = max(",;\t", key=text.partition("\n")[0].count)
    # `strict`: else a quotation mark without an end would take all the rows after it into its cell.
    return csv.reader(io.StringIO(text, newline=""), delimiter=divider, strict=True)


def _names(head: Sequence[str], columns: Mapping[str, Any], labels: Mapping[str, Any]) -> list[str]:
    """Which column each name of the first line means, "" for none."""
    known = {str(labels[name]).casefold(): name for name in columns if name in labels}
    known.update({name.replace("_", " "): name for name in (*columns, "id")})
    return [known.get(cell.strip().casefold().replace("_", " "), "") for cell in head]


def _look_over(kind: Kind, line: Line, values: Mapping[str, str], existing: Mapping[Any, Any]) -> None:
    number, key = values.get("id", ""), values.get(kind.key, "").casefold()
    if number:
        line.row = existing.get(ids.read(number))
        if line.row is None:
            raise Refused(gettext("There is none with the id %(id)s.", id=number))
    elif not key:
        raise Refused(gettext("The column “%(name)s” is empty.", name=kind.key))
    else:
        line.row = existing.get(kind.normal(key))
        if line.row is SEVERAL:
            line.row = None
            raise Refused(
                gettext("Several have this “%(name)s”: give the id of the one you mean.", name=kind.key)
            )
    line.title = line.title or str(line.row)
    for name, text in values.items():
        if name == "id":
            continue
        try:
            new = kind.columns[name](text)
        except ValueError as exc:
            label = name.replace("_", " ")
            raise Refused(gettext("%(column)s: %(why)s", column=label, why=because(exc))) from exc
        old = kind.present(line.row, name) if line.row is not None else None
        if new != (_as_typed(old) if isinstance(old, str) else old):
            line.changes[name] = (old, new)
    kind.check(line, existing)
    line.state = NEW if line.row is None else CHANGED if line.changes else SAME


def _as_typed(text: str) -> str:
    """The text of a cell without its ends; a browser that sends the file back writes line ends anew."""
    return text.strip().replace("\r\n", "\n")


STATES = {
    NEW: (lazy_gettext("new"), "good"),
    CHANGED: (lazy_gettext("changes"), "calm"),
    SAME: (lazy_gettext("stays"), ""),
    BAD: (lazy_gettext("can't be used"), "bad"),
}
