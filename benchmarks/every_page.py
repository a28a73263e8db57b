"""Every address of the models' views: lists sorted, filtered and searched, forms, look-ups and files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import inspect, select

from salesbot.admin.rows.views import BY_MODEL
from salesbot.extensions import db

IN_VAIN = "zebra"
"""A word that nothing holds."""
_MOMENTS = ("2020-01-01 00:00:00", "2026-11-01 00:00:00", "2030-01-01 00:00:00")
_VALUES = {
    "Between": (f"{_MOMENTS[0]} to 2020-02-01 00:00:00", f"{_MOMENTS[1]} to 2026-11-02 00:00:00"),
    "DateTime": _MOMENTS,
    "UTC": _MOMENTS,
    "Int": ("1", "77777777"),
    "Money": ("7.00", "777777"),
    "Empty": ("1", "0"),
    "Boolean": ("1", "0"),
    "": ("77", IN_VAIN),
}
"""What is typed into filters, by a part of their class's name."""


class Page(NamedTuple):
    """One address; `kind` says what of a view it is."""

    kind: str
    name: str
    address: str


def pages(app: Flask) -> list[Page]:
    """Everything that can be asked of each model's view, with values of the newest rows."""
    with app.test_request_context():
        return [page for model, view in app.extensions[BY_MODEL].items() for page in _of_view(model, view)]


def _of_view(model: type[Any], view: Any) -> Iterator[Page]:
    name, base = model.__tablename__, f"/admin/{model.__tablename__}/"
    keys = (key.desc() for key in inspect(model).primary_key)
    newest = db.session.scalars(select(model).order_by(*keys).limit(1)).first()
    yield Page("list", name, base)
    yield Page("list", f"{name}, last page", f"{base}?page=999999&page_size=100")
    for query, said in _sorted(view):
        yield Page("sort", f"{name} {said}", f"{base}?{query}")
    for words in _words(newest, view):
        yield Page("search", f"{name}, searched for {words}", f"{base}?{urlencode({'search': words})}")
    for number, flt in enumerate(view._filters or ()):
        for value in _values(flt):
            shown = urlencode({f"flt0_{number}": value})
            yield Page("filter", f"{name}, {flt.name} {flt.operation()} {value}", f"{base}?{shown}")
    if newest is not None:
        yield from _of_row(name, base, view, newest)
    for kind in view.export_types:
        yield Page("file", f"{name} as {kind.upper()}", f"{base}export/{kind}/")


def _of_row(name: str, base: str, view: Any, newest: Any) -> Iterator[Page]:
    key = ",".join(str(part) for part in inspect(newest).identity)
    yield Page("details", f"{name}, details", f"{base}details/?id={key}")
    if view.edits:
        yield Page("form", f"{name}, form", f"{base}edit/?id={key}")
    if view.creates:
        yield Page("form", f"{name}, empty form", f"{base}new/")
    for relation in view._form_ajax_refs or ():
        for words in ("1", IN_VAIN):
            shown = urlencode({"name": relation, "query": words})
            yield Page("lookup", f"{name}, look-up of {relation} {words}", f"{base}ajax/lookup/?{shown}")


def _sorted(view: Any) -> Iterator[tuple[str, str]]:
    for number, (column, _label) in enumerate(view._list_columns):
        if view.is_sortable(column):
            yield f"sort={number}", f"by {column}"
            yield f"sort={number}&desc=1", f"by {column}, down"


def _words(newest: Any, view: Any) -> Iterator[str]:
    if not view.column_searchable_list:
        return
    yield IN_VAIN
    yield "1"
    for name in view.column_searchable_list if newest is not None else ():
        found = newest
        for part in name.split("."):
            found = getattr(found, part)
        if found:
            yield str(found)


def _values(flt: Any) -> Iterator[str]:
    options = flt.options() if callable(flt.options) else flt.options
    if options:
        yield from (str(option[0]) for option in options)
        return
    kind = type(flt).__name__
    yield from next(values for part, values in _VALUES.items() if part in kind)
