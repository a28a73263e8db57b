"""Takes a list out as CSV or XLSX, as it is filtered, searched and sorted, row by row as it is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from decimal import Decimal
from typing import Any

from flask import Response, abort, request
from flask_admin import expose
from flask_admin.contrib.sqla import ModelView
from flask_login import current_user
from sqlalchemy import Engine, String, inspect
from sqlalchemy.orm import DeclarativeBase, Session

from salesbot import clock
from salesbot.admin.access import audit
from salesbot.admin.exceptions import rules_for
from salesbot.admin.rows import spreadsheets
from salesbot.admin.shown import formatters
from salesbot.database import writing
from salesbot.extensions import db, reading, transaction
from salesbot.money import to_decimal
from salesbot.services import secrets_in_text, shop

_BATCH = 500
_TYPES = {
    "csv": ("text/csv", spreadsheets.as_csv),
    "xlsx": (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        spreadsheets.as_xlsx,
    ),
}


class Exports(ModelView):
    """Gives a model's view the two files; Flask-Admin's own loses rows and holds them all in memory."""

    export_types = tuple(_TYPES)
    may_use: Any
    column_details_list: list[str]
    can_export = property(lambda self: self.may_use("export"))

    @expose("/export/<export_type>/")
    def export(self, export_type: str) -> Response:
        """The list as a file."""
        if export_type not in _TYPES:
            abort(404)
        mimetype, written = _TYPES[export_type]
        names = self._export_names()
        query = self._whole_list().statement.execution_options(yield_per=_BATCH)
        self._note_export(export_type)
        rows = _rows(db.engine, query, names, shop.setting("CURRENCY"))
        answer = Response(written(names, rows), mimetype=mimetype)
        filename = f"{self.model.__tablename__}-{clock.now():%Y-%m-%d}.{export_type}"
        answer.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
        return answer

    def _export_names(self) -> list[str]:
        """The columns: the row's key, then what its page shows; they carry the names that imports know."""
        mapper = inspect(self.model)
        known = {*mapper.columns.keys(), *mapper.relationships.keys()}
        keys = [column.key for column in mapper.primary_key]
        return list(dict.fromkeys([*keys, *(name for name in self.column_details_list if name in known)]))

    def _whole_list(self) -> Any:
        """The list's own query, without its pages."""
        args = self._get_list_extra_args()
        sorted_by = self._get_column_by_idx(args.sort)
        column = sorted_by[0] if sorted_by is not None else None
        # Flask-Admin's, not the view's own, which may look further things up for the rows of a page.
        _count, query = ModelView.get_list(
            self, None, column, args.sort_desc, args.search, args.filters, execute=False, page_size=0
        )
        return query

    def _note_export(self, export_type: str) -> None:
        """Writes down who took which list out; a page that is only looked at may not write."""
        wanted = {name: value for name, value in request.args.items() if value}
        audit.begin(current_user)
        title = f"{self.name} ({export_type.upper()})"
        db.session.rollback()
        with writing(), transaction():
            audit.note("exported", self.model, title=title, **_described(self._without_people(wanted)))

    def _without_people(self, wanted: dict[str, str]) -> dict[str, str]:
        """The same, but for words by which a person may have been looked for."""
        near = [one.mapper.class_ for one in inspect(self.model).relationships if not one.uselist]
        if not any(rules_for(model).is_person for model in (self.model, *near)):
            return wanted
        typed = {"search"}
        for name in wanted:
            found = (self._filter_args or {}).get(name.removeprefix("flt").partition("_")[2])
            if found and not found[1].options and isinstance(found[1].column.type, String):
                typed.add(name)
        return {name: audit.HIDDEN if name in typed else value for name, value in wanted.items()}


def _described(wanted: dict[str, str]) -> dict[str, Any]:
    return (
        {"address": [None, "&".join(f"{name}={value}" for name, value in wanted.items())]} if wanted else {}
    )


def _rows(engine: Engine, statement: Any, names: Sequence[str], currency: str) -> Iterator[list[Any]]:
    """The values of each row. The request is over by then, so the session is one of its own."""
    with closing(Session(engine)) as session:
        with reading():
            found = session.execute(statement)
        for batch in found.scalars().partitions(_BATCH):
            for row in batch:
                yield [_value(row, name, currency) for name in names]
            session.expunge_all()


def _value(row: Any, name: str, currency: str) -> Any:
    """A column's value as a spreadsheet can use it."""
    value = getattr(row, name)
    if name in formatters.MONEY and isinstance(value, int):
        return to_decimal(value, getattr(row, "currency", None) or currency)
    if isinstance(value, str):
        return secrets_in_text.mask(value)
    if isinstance(value, Decimal):
        # Twenty is "20": the import can't read "2E+1", which is what it would be without its noughts.
        whole = value.to_integral_value()
        return whole if value == whole else value.normalize()
    if isinstance(value, DeclarativeBase):
        return str(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False) if value else ""
    return value
