"""What a CSV of categories, products or customers would change, row by row, before anything is changed."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from flask_babel import gettext, lazy_gettext
from sqlalchemy import select

from salesbot.admin import import_cells
from salesbot.admin.fields import read_amount
from salesbot.admin.noted import because
from salesbot.admin.spreadsheets import plain
from salesbot.database import db
from salesbot.models import Category, Customer, CustomerAddress, Product

MOST_ROWS = 10_000
NEW, CHANGED, SAME, BAD = "new", "changed", "same", "bad"


@dataclass
class Line:
    """One row of the file: its line, what it is about, and what would become of it."""

    number: int
    title: str
    state: str = SAME
    problem: str = ""
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    row: Any = None


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
    def fingerprint(self) -> str:
        """Changes when anything that would happen changes."""
        told = [
            (line.number, line.title, line.state, line.problem, repr(line.changes)) for line in self.lines
        ]
        return sha256(repr(told).encode()).hexdigest()


class Refused(ValueError):
    """A row that can't be used; its words are for whoever made the file."""


def read(content: bytes) -> str:
    """A file's text. Spreadsheets on older computers write their own alphabet."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def plan(model: type[Any], text: str, labels: Mapping[str, Any]) -> Plan:
    """Looks a file over without changing anything. `labels` are the columns' names on the pages."""
    kind = KINDS[model]
    table = list(_table(text))
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
        values = {name: plain(cell.strip()) for name, cell in zip(names, cells, strict=False) if name}
        values = {name: value for name, value in values.items() if value}
        line = Line(number, values.get("title") or values.get("name") or values.get(kind.key, ""))
        found.lines.append(line)
        try:
            _look_over(kind, line, values, looked_up)
            about = line.row.id if line.row is not None else values[kind.key].casefold()
            if about in seen:
                raise Refused(gettext("Line %(n)d is about the same one.", n=seen[about]))
            seen[about] = number
        except Refused as exc:
            line.state, line.problem, line.changes = BAD, str(exc), {}
    return found


def carry_out(model: type[Any], found: Plan) -> None:
    """Makes and changes the rows of a plan. Flush only."""
    kind = KINDS[model]
    for line in found.lines:
        if line.state in {NEW, CHANGED}:
            kind.write(line)
    db.session.flush()


def _table(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, with the number of their line; the first line says what divides them."""
    first = text.partition("\n")[0]
    divider = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=divider)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error:
        return


def _names(head: Sequence[str], columns: Mapping[str, Any], labels: Mapping[str, Any]) -> list[str]:
    """Which column each name of the first line means, "" for none."""
    known = {str(labels[name]).casefold(): name for name in columns if name in labels}
    known.update({name.replace("_", " "): name for name in (*columns, "id")})
    return [known.get(cell.strip().casefold().replace("_", " "), "") for cell in head]


def _look_over(kind: Kind, line: Line, values: Mapping[str, str], existing: Mapping[Any, Any]) -> None:
    number, key = values.get("id", ""), values.get(kind.key, "").casefold()
    if number:
        line.row = existing.get(int(number) if number.isascii() and number.isdecimal() else None)
        if line.row is None:
            raise Refused(gettext("There is none with the id %(id)s.", id=number))
    elif not key:
        raise Refused(gettext("The column “%(name)s” is empty.", name=kind.key))
    else:
        line.row = existing.get(kind.normal(key))
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
        if new != old:
            line.changes[name] = (old, new)
    kind.check(line)
    line.state = NEW if line.row is None else CHANGED if line.changes else SAME


# ---- What can be brought in ----


class Kind:
    """One kind of thing that files may hold; `key` names what it is known by, if not by its id."""

    model: type[Any] = Category
    key = "title"
    columns = import_cells.columns(Category, "title detail position active")

    def normal(self, key: str) -> str:
        """The key as `existing` has it."""
        return key

    def existing(self) -> dict[Any, Any]:
        """What there is, by id and by key."""
        rows = db.session.scalars(select(self.model)).all()
        return {**{row.title.casefold(): row for row in rows}, **{row.id: row for row in rows}}

    def present(self, row: Any, name: str) -> Any:
        """What a column of a row holds now."""
        return getattr(row, name)

    def check(self, line: Line) -> None:
        """Refuses what does not fit together."""

    def write(self, line: Line) -> None:
        """Makes or changes the row."""
        row = line.row or self.model()
        for name, (_old, new) in line.changes.items():
            setattr(row, name, new)
        db.session.add(row)


class _Products(Kind):
    model = Product
    columns = import_cells.columns(
        Product,
        "title category kind price active summary description tax_rate link delivery_text position",
        category=import_cells.words(Category.__table__.c.title),
        kind=import_cells.kind,
        price=read_amount,
        link=import_cells.link,
        delivery_text=import_cells.delivery_text,
    )

    def present(self, row: Any, name: str) -> Any:
        return row.category.title if name == "category" else getattr(row, name)

    def check(self, line: Line) -> None:
        new = {name: value for name, (_old, value) in line.changes.items()}
        if line.row is None:
            missing = [name for name in ("price", "category") if name not in new]
            if missing:
                raise Refused(
                    gettext(
                        "There is no such product. For a new one, fill in: %(names)s.",
                        names=", ".join(missing),
                    )
                )
            line.changes.setdefault("kind", (None, "key"))
            new["kind"] = line.changes["kind"][1]
        kind, link = self._now(line, new, "kind"), self._now(line, new, "link")
        active = new.get("active", True if line.row is None else line.row.active)
        lacks = (kind == "file" and not (line.row and line.row.file)) or (kind == "link" and not link)
        if active and lacks:
            if "active" in new or line.row is not None:
                raise Refused(gettext("It can't be for sale yet: its file or link is missing."))
            line.changes["active"] = (None, False)

    def _now(self, line: Line, new: Mapping[str, Any], name: str) -> Any:
        return new.get(name, getattr(line.row, name) if line.row is not None else None)

    def write(self, line: Line) -> None:
        changes = dict(line.changes)
        if "category" in changes:
            title = changes.pop("category")[1]
            shelf = db.session.scalar(select(Category).where(Category.title == title)) or Category(
                title=title
            )
            db.session.add(shelf)
            line.row = line.row or Product()
            line.row.category = shelf
        super().write(Line(line.number, line.title, changes=changes, row=line.row))


class _Customers(Kind):
    model = Customer
    key = "address"
    columns = import_cells.columns(Customer, "address name language", address=import_cells.phone)

    def normal(self, key: str) -> str:
        try:
            return import_cells.phone(key)
        except ValueError as exc:
            raise Refused(gettext("address: %(why)s", why=because(exc))) from exc

    def existing(self) -> dict[Any, Any]:
        addresses = db.session.execute(
            select(CustomerAddress.address, Customer)
            .join(Customer)
            .where(CustomerAddress.channel == "twilio")
        )
        found: dict[Any, Any] = {}
        for address, customer in addresses:
            found[address] = found[customer.id] = customer
        return found

    def present(self, row: Any, name: str) -> Any:
        if name != "address":
            return getattr(row, name)
        return None

    def check(self, line: Line) -> None:
        if line.row is not None:
            line.changes.pop("address", None)

    def write(self, line: Line) -> None:
        changes = dict(line.changes)
        address = changes.pop("address", None)
        line.row = line.row or Customer()
        super().write(Line(line.number, line.title, changes=changes, row=line.row))
        if address is not None:
            db.session.flush()
            db.session.add(CustomerAddress(customer_id=line.row.id, channel="twilio", address=address[1]))


KINDS: Mapping[type[Any], Kind] = {Category: Kind(), Product: _Products(), Customer: _Customers()}
STATES = {
    NEW: (lazy_gettext("new"), "good"),
    CHANGED: (lazy_gettext("changes"), "calm"),
    SAME: (lazy_gettext("stays"), ""),
    BAD: (lazy_gettext("can't be used"), "bad"),
}
