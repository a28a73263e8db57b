"""What can be brought in from a file: categories, products, customers and quick answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext
from sqlalchemy import select

from salesbot.admin.rows import import_cells
from salesbot.admin.rows.fields import read_amount
from salesbot.admin.shown.noted import because
from salesbot.database import db
from salesbot.locales import code_of
from salesbot.models import Category, Customer, CustomerAddress, Product, QuickAnswer
from salesbot.services import quick_answers, shop

NEW, CHANGED, SAME, BAD = "new", "changed", "same", "bad"
SEVERAL = object()
"""Stands for rows that have the same key, so that nobody knows which of them is meant."""


@dataclass
class Line:
    """One row of the file: its line, what it is about, and what would become of it; `note` says what else."""

    number: int
    title: str
    state: str = SAME
    problem: str = ""
    note: str = ""
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    row: Any = None


class Refused(ValueError):
    """A row that can't be used; its words are for whoever made the file."""


class Kind:
    """One kind of thing that files may hold; `key` names what it is known by, if not by its id."""

    model: type[Any] = Category
    key = "title"
    columns = import_cells.columns(Category, "title detail position active")

    def normal(self, key: str) -> str:
        """The key as `existing` has it."""
        return key

    def existing(self) -> dict[Any, Any]:
        """What there is, by id and by key; `SEVERAL` by a key that is not one row's alone."""
        found: dict[Any, Any] = {}
        for row in db.session.scalars(select(self.model)):
            key = getattr(row, self.key).casefold()
            found[key] = SEVERAL if key in found else row
            found[row.id] = row
        return found

    def present(self, row: Any, name: str) -> Any:
        """What a column of a row holds now."""
        return getattr(row, name)

    def check(self, line: Line, existing: Mapping[Any, Any]) -> None:
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

    def existing(self) -> dict[Any, Any]:
        """What there is; ("category", a title in small letters) is a category's title."""
        titles = db.session.scalars(select(Category.title).order_by(Category.id)).all()
        return super().existing() | {("category", title.casefold()): title for title in reversed(titles)}

    def check(self, line: Line, existing: Mapping[Any, Any]) -> None:
        self._find_category(line, existing)
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

    def _find_category(self, line: Line, existing: Mapping[Any, Any]) -> None:
        """Takes the category that is meant, however it is written, and says when it would be a new one."""
        old, typed = line.changes.get("category", (None, None))
        if typed is None:
            return
        title = existing.get(("category", typed.casefold()), typed)
        if title == old:
            del line.changes["category"]
            return
        line.changes["category"] = (old, title)
        if ("category", typed.casefold()) not in existing:
            line.note = gettext("new category: %(title)s", title=title)

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
    columns = import_cells.columns(
        Customer, "address name language", address=import_cells.phone, language=code_of
    )

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

    def check(self, line: Line, existing: Mapping[Any, Any]) -> None:
        if line.row is not None:
            line.changes.pop("address", None)
        spoken, (_old, new) = shop.setting("LANGUAGES"), line.changes.get("language", (None, None))
        if new is not None and new not in spoken:
            why = gettext(
                "the shop speaks %(codes)s; “%(code)s” is none of them.", codes=", ".join(spoken), code=new
            )
            raise Refused(gettext("%(column)s: %(why)s", column="language", why=why))

    def write(self, line: Line) -> None:
        changes = dict(line.changes)
        address = changes.pop("address", None)
        line.row = line.row or Customer()
        super().write(Line(line.number, line.title, changes=changes, row=line.row))
        if address is not None:
            db.session.flush()
            db.session.add(CustomerAddress(customer_id=line.row.id, channel="twilio", address=address[1]))


class _QuickAnswers(Kind):
    model = QuickAnswer
    key = "words"
    columns = import_cells.columns(
        QuickAnswer,
        "words text leads_to button active",
        text=import_cells.quick_answer,
        leads_to=import_cells.leads_to,
    )

    def check(self, line: Line, existing: Mapping[Any, Any]) -> None:
        new = {name: value for name, (_old, value) in line.changes.items()}
        if line.row is None and (line.number > quick_answers.MOST + 1 or _is_full()):
            raise Refused(gettext("There can be %(n)d quick answers.", n=quick_answers.MOST))
        if line.row is None and "text" not in new:
            raise Refused(
                gettext("There is no such answer. For a new one, fill in: %(names)s.", names="text")
            )
        number = line.row.id if line.row is not None else None
        problem = quick_answers.problem_with_words(new["words"], number) if "words" in new else ""
        if problem:
            raise Refused(problem)

    def write(self, line: Line) -> None:
        shop.changing()
        super().write(line)


def _is_full() -> bool:
    return len(shop.state().answers) >= quick_answers.MOST


KINDS: Mapping[type[Any], Kind] = {
    Category: Kind(),
    Product: _Products(),
    Customer: _Customers(),
    QuickAnswer: _QuickAnswers(),
}
