"""The audit as staff read it: sentences of who changed what, from what to what."""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for
from flask_admin.contrib.sqla.filters import FilterEqual
from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy import inspect, select

from salesbot.admin.access import audit
from salesbot.admin.exceptions import rules_for
from salesbot.admin.rows.views import ShopModelView
from salesbot.admin.shown import formatters
from salesbot.admin.shown.column_names import COLUMN_NAMES
from salesbot.extensions import db
from salesbot.models import AuditEntry

SHOWN = 6
"""Changes of one entry in the list; its own page has all of them."""


class AuditView(ShopModelView):
    """Entries, newest first; nobody can change or delete one."""

    def _read_model(self, model: type[Any]) -> None:
        super()._read_model(model)
        self.column_formatters.update(
            what=formatters.state, model=_kind, title=_title, changes=_first_changes
        )
        self.column_formatters_detail.update(self.column_formatters, changes=_all_changes)

    def _filters_for(self, columns: dict[str, Any], name: str) -> list[Any]:
        if name != "model":
            return super()._filters_for(columns, name)
        kinds = {
            audit.table_name(mapper): rules_for(mapper.class_).many or mapper.class_.__name__
            for mapper in AuditEntry.registry.mappers
        }
        options = sorted(kinds.items(), key=lambda item: str(item[1]))
        return [FilterEqual(columns[name], self.get_column_name(name), options=options)]

    def of_row(self, row: Any) -> str:
        """The address of the entries about one row, "" for those who may not see them."""
        if not self.may_use("index_view"):
            return ""
        state = inspect(row)
        values = {"model": audit.table_name(state.mapper), "row": ",".join(map(str, state.identity))}
        wanted: dict[str, str] = {}
        for number, flt in enumerate(self._filters):
            name = flt.column.key
            if name in values and type(flt) is FilterEqual:
                wanted[f"flt{len(wanted)}_{number}"] = values[name]
        return str(self.get_url(f"{self.endpoint}.index_view", **wanted))


def _kind(_view: Any, _context: Any, row: AuditEntry, _name: str) -> str:
    model = audit.model_of(row.model)
    one = rules_for(model).one if model is not None else None
    return str(one or row.model.replace("_", " "))


def _title(_view: Any, _context: Any, row: AuditEntry, _name: str) -> Any:
    """What was changed, as a link to it while it is there."""
    words = row.title or row.row
    endpoint = f"admin_{row.model}.details_view"
    if not row.row or row.what == "deleted" or endpoint not in current_app.view_functions:
        return words
    return Markup('<a href="{}">{}</a>').format(url_for(endpoint, id=row.row), words)


def _first_changes(_view: Any, _context: Any, row: AuditEntry, _name: str) -> Markup:
    return _changes(row, SHOWN)


def _all_changes(_view: Any, _context: Any, row: AuditEntry, _name: str) -> Markup:
    return _changes(row, len(row.changes))


def _changes(row: AuditEntry, most: int) -> Markup:
    shown = dict(list(row.changes.items())[:most])
    currency = _currency(row) if formatters.MONEY & shown.keys() else ""
    lines = [_line(row, currency, name, *pair) for name, pair in shown.items()]
    if len(row.changes) > most:
        lines.append(Markup('<li class="sb-soft">{}</li>').format(f"… {len(row.changes) - most}"))
    return Markup('<ul class="sb-changes">{}</ul>').format(Markup("").join(lines)) if lines else Markup("")


def _currency(row: AuditEntry) -> str:
    """The currency of the amounts in an entry: its row's own, "" where that has none."""
    if "currency" in row.changes:
        before, now = row.changes["currency"]
        return str(now or before or "")
    model = audit.model_of(row.model)
    if model is None or not {"id", "currency"} <= {*inspect(model).columns.keys()} or not row.row.isdecimal():
        return ""
    found: str | None = db.session.scalar(select(model.currency).where(model.id == int(row.row)))
    return found or ""


def _line(row: AuditEntry, currency: str, name: str, before: Any, now: Any) -> Markup:
    """One column: what it was, if it was anything, and what it is."""
    label = _label(row.model, name)
    if row.what in {"created", "imported", "exported"} or before is None:
        return Markup("<li><b>{}</b> {}</li>").format(label, formatters.plainly(name, now, currency))
    return Markup('<li><b>{}</b> <del>{}</del> <span aria-hidden="true">→</span> <ins>{}</ins></li>').format(
        label,
        formatters.plainly(name, before, currency),
        gettext("nothing") if now is None else formatters.plainly(name, now, currency),
    )


def _label(table: str, name: str) -> str:
    model = audit.model_of(table)
    labels = rules_for(model).labels if model is not None else {}
    plain = name.removesuffix("_id").replace("_", " ").capitalize()
    known = {**COLUMN_NAMES, **labels}
    return str(known.get(name) or known.get(name.removesuffix("_id")) or plain)
