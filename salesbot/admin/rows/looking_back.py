"""How far a list of a large table looks: through its newest rows, and further back when somebody wants it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import g, request
from flask_admin.contrib.sqla import ModelView, filters
from flask_admin.contrib.sqla.ajax import QueryAjaxModelLoader
from sqlalchemy import (
    JSON,
    ColumnElement,
    Integer,
    String,
    UniqueConstraint,
    cast,
    func,
    inspect,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute

from salesbot.admin.access import asked
from salesbot.admin.exceptions import rules_for
from salesbot.admin.shown import formatters
from salesbot.database import db, holds
from salesbot.services.numbered import last_before

LOOKED_THROUGH = 100_000
"""So many rows are looked through at once; a database needs about a tenth of a second for them.

Half as many where it has to put them in order as well.
"""
LAST_ROW = 100_000
"""Further back one searches or filters: skipping a million rows takes a database a second."""
WORDS = 2
"""With more words each row takes longer, so that fewer are looked through."""
SLACK = timedelta(hours=1)
"""By so much rows may be out of order: one transaction may be longer than another."""
_SELECTIVE = (
    filters.FilterEqual,
    filters.FilterGreater,
    filters.FilterSmaller,
    filters.FilterInList,
    filters.FilterEmpty,
    filters.DateTimeBetweenFilter,
)


@dataclass(frozen=True)
class Span:
    """The rows that are looked through: those with numbers above `above`, up to `upto`.

    `further` says that there may be older ones; `is_sorted` that the order of the rows depends on how
    many were looked at.
    """

    above: int
    upto: int
    further: bool
    is_sorted: bool


class LooksBack(ModelView):
    """Keeps what a list asks of a large table to what the database can look through in a moment.

    What an index finds is found wherever it is. All else is looked for in the newest rows, and the page
    says how far it looked and leads further back. Exports always hold everything.
    """

    rules: Any

    def __init__(self, model: type[Any], *args: Any, **kwargs: Any) -> None:
        mapper = inspect(model)
        keys = [column.key for column in mapper.primary_key]
        self.is_numbered = keys == ["id"] and isinstance(mapper.columns["id"].type, Integer)
        self._indexed = _first_of_indexes(model)
        super().__init__(model, *args, **kwargs)
        for name, column in list(self._sortable_columns.items()):
            if isinstance(getattr(column, "type", None), JSON):
                del self._sortable_columns[name]  # PostgreSQL has no order for it

    def get_list(
        self,
        page: Any,
        sort_column: Any,
        sort_desc: Any,
        search: Any,
        filters: Any,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """A page of the list; of a large table what is looked through is kept for `further`."""
        g.span = self._span(sort_column, search or "", filters or ())
        return super().get_list(page, sort_column, sort_desc, search, filters, *args, **kwargs)

    def further(self, shown: int, page_size: int) -> dict[str, Any] | None:
        """How far back the list looked, and the address that looks further; None where it need not."""
        span: Span | None = g.get("span")
        if span is None or not span.further or (shown >= page_size and not span.is_sorted):
            return None
        kept = asked.of_list("page", "below")
        return {
            "url": self.get_url(".index_view", **kept, below=span.above),
            "count": span.upto - span.above,
            "until": formatters.moment(made) if (made := self._made(span.above)) else "",
        }

    def asked_for(self) -> dict[str, str]:
        """What the address asks this list for; a file of the list is asked for with the same."""
        return asked.of_list()

    def _made(self, number: int) -> datetime | None:
        """When the row after this number was made, where the table says so."""
        times = inspect(self.model).columns
        column = next((times[name] for name in ("created_at", "at", "received_at") if name in times), None)
        if column is None:
            return None
        following = select(column).where(self.model.id > number).order_by(self.model.id).limit(1)
        found: datetime | None = db.session.scalar(following)
        return found

    def _span(self, sort_column: Any, search: str, wanted: Sequence[Any]) -> Span | None:
        """What is looked through, None for everything."""
        chosen = [(self._filters[number], value) for number, _name, value in wanted]
        is_sorted = sort_column is not None and not self._is_quickly_sorted(sort_column)
        by_time = [(one, value) for one, value in chosen if one.column.key == "created_at"]
        slowly = bool(search.split()) or is_sorted or not all(self._is_quick(one) for one, _value in chosen)
        if not (self.rules.large and self.is_numbered) or not (slowly or by_time):
            return None
        # Each by itself: asked for both at once, SQLite reads all that lies between them.
        ends = (select(end(self.model.id)).scalar_subquery() for end in (func.min, func.max))
        first, last = db.session.execute(select(*ends)).one()
        first, last = (first or 1) - 1, last or 0
        if last - first <= LOOKED_THROUGH:
            return None
        for flt, value in by_time:
            first, last = self._between(flt, value, first, last)
        below = asked.number(request.args, "below")
        upto = last if below is None else min(last, max(below, first))
        words = len(search.split())
        rows = LOOKED_THROUGH * WORDS // max(WORDS, words) // (2 if is_sorted else 1)
        above = max(first, upto - rows) if slowly else first
        return Span(above, upto, above > first, is_sorted)

    def _between(self, flt: Any, value: str, first: int, last: int) -> tuple[int, int]:
        """The numbers of the rows that a filter on their time can let through."""
        moments = flt.clean(value)
        if isinstance(flt, filters.FilterGreater):
            first = max(first, self._number(moments - SLACK))
        elif isinstance(flt, filters.FilterSmaller):
            last = min(last, self._number(moments + SLACK))
        elif isinstance(flt, filters.DateTimeBetweenFilter) and isinstance(moments, list):
            first = max(first, self._number(moments[0] - SLACK))
            last = min(last, self._number(moments[1] + SLACK))
        return first, max(first, last)

    def _number(self, moment: datetime) -> int:
        return last_before(moment, self.model.id, self.model.created_at)

    def _is_quick(self, flt: Any) -> bool:
        """Whether an index finds what a filter lets through."""
        if getattr(flt, "is_quick", False):
            return True
        if flt.column.table is not self.model.__table__:
            return False
        return flt.column.key in {*self._indexed, "created_at"} and isinstance(flt, _SELECTIVE)

    def _is_quickly_sorted(self, name: str) -> bool:
        column = self._sortable_columns.get(name)
        return getattr(column, "key", None) in {*self._indexed, "id"}

    # ---- Called by Flask-Admin while it makes the query ----

    def _apply_search(self, query: Any, count_query: Any, joins: Any, count_joins: Any, search: str) -> Any:
        """Rows in whose columns all words stand; the longest word first, which few rows hold."""
        for word in sorted(search.split(), key=len, reverse=True):
            found = or_(*(_holds(field, path, word) for field, path in self._search_fields or ()))
            query = query.filter(found)
            count_query = count_query.filter(found) if count_query is not None else None
        return query, count_query, joins, count_joins

    def _apply_sorting(self, query: Any, joins: Any, sort_column: Any, sort_desc: Any) -> Any:
        span: Span | None = g.get("span")
        if span is not None:
            query = query.filter(self.model.id > span.above, self.model.id <= span.upto)
        return super()._apply_sorting(query, joins, sort_column, sort_desc)

    def _get_list_extra_args(self) -> Any:
        found = super()._get_list_extra_args()
        last = LAST_ROW // (self.get_safe_page_size(found.page_size) or self.page_size)
        found.page = min(max(found.page or 0, 0), last)
        found.extra_args = {
            name: value for name, value in asked.of_list().items() if name in found.extra_args
        }
        return found

    def _create_ajax_loader(self, name: str, options: dict[str, Any]) -> Any:
        target = inspect(self.model).relationships[name].mapper.class_
        return Newest(name, db, target, **options)


class Newest(QueryAjaxModelLoader):
    """What a look-up field offers: the newest rows that hold what was typed, the newest first."""

    def get_list(self, term: str, offset: int = 0, limit: int = 10) -> Any:
        """The rows; of a large table the newest are looked through before the others."""
        key = getattr(self.model, self.pk)
        fits = or_(*(holds(cast(field, String), term) for field in self._cached_fields))
        query = self.get_query().filter(fits).order_by(key.desc())
        if rules_for(self.model).large and isinstance(key.type, Integer):
            newest = db.session.scalar(select(func.max(key))) or 0
            near = query.filter(key > newest - LOOKED_THROUGH)
            if found := near.offset(offset).limit(limit).all():
                return found
        return query.offset(offset).limit(limit).all()


def _first_of_indexes(model: type[Any]) -> frozenset[str]:
    """The columns by which an index finds rows."""
    table = model.__table__
    indexes = [list(index.columns) for index in table.indexes]
    unique = [list(one.columns) for one in table.constraints if isinstance(one, UniqueConstraint)]
    return frozenset(columns[0].key for columns in (*indexes, *unique) if columns)


def _holds(field: Any, path: Any, word: str) -> ColumnElement[bool]:
    """Whether a column holds a word; "^word" begins with it, "=word" is it."""
    kind, plain = (word[0], word[1:]) if word[0] in "^=" and word[1:] else ("", word)
    text = field if isinstance(field.type, String) else cast(field, String)
    if kind == "=":
        found = func.lower(text) == func.lower(plain)
    elif kind == "^":
        found = text.istartswith(plain, autoescape=True)
    else:
        found = holds(text, plain)
    for relation in reversed(path or ()):
        if isinstance(relation, InstrumentedAttribute):
            found = _of_related(relation, found)
    return found


def _of_related(relation: Any, found: ColumnElement[bool]) -> ColumnElement[bool]:
    """The same of a row that is related: where there are few of them, they are looked at once."""
    pairs = relation.property.local_remote_pairs
    if relation.property.direction.name != "MANYTOONE" or len(pairs) != 1:
        return relation.has(found)  # type: ignore[no-any-return]
    local, remote = pairs[0]
    return local.in_(select(remote).where(found))  # type: ignore[no-any-return]
