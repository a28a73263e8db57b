"""The view that is made for every model, with its exceptions applied."""

from __future__ import annotations

from typing import Any

from flask import abort, current_app, flash, request
from flask_admin import expose, tools
from flask_admin.contrib.sqla.filters import FilterEqual, FilterNotEqual
from flask_admin.model.template import EditRowAction, ViewRowAction
from flask_babel import gettext, lazy_gettext
from sqlalchemy import JSON, Integer, inspect
from sqlalchemy.orm import DeclarativeBase, Query, RelationshipProperty, defer, selectinload
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice

from salesbot.admin.access.guard import ModelGuard, lookup_limits
from salesbot.admin.exceptions import rules_for
from salesbot.admin.rows.exporting import Exports
from salesbot.admin.rows.fields import MONEY_FILTERS, Converter, Filters, MoneyField, WaitingFilter, largest
from salesbot.admin.rows.importing import Imports
from salesbot.admin.rows.language_texts import LanguageTexts
from salesbot.admin.rows.looking_back import LooksBack
from salesbot.admin.rows.writing import Writes
from salesbot.admin.shown import formatters, kept_words
from salesbot.admin.shown.column_names import COLUMN_NAMES
from salesbot.database import EncryptedText
from salesbot.extensions import db
from salesbot.models import AuditEntry

BY_MODEL = "salesbot.admin_views"
"""Where an app keeps its views by model."""


class ShopModelView(ModelGuard, Exports, Imports, Writes, LooksBack):
    """Lists, shows and edits the rows of one model; what differs stands in `exceptions`."""

    model_form_converter = Converter
    filter_converter = Filters()
    column_auto_select_related = False
    column_display_actions = True
    page_size = 25
    page_size_options = (25, 50, 100)
    can_set_page_size = True

    def __init__(self, model: type[DeclarativeBase]) -> None:
        rules = rules_for(model)
        self.rules = rules
        self.needs = rules.needs
        self.creates, self.edits, self.deletes = rules.creates, rules.edits, rules.deletes
        self.simple_list_pager = rules.large
        self.column_labels = {**COLUMN_NAMES, **rules.labels}
        self.column_searchable_list = list(rules.search)
        self._read_model(model)
        super().__init__(
            model,
            db,
            name=rules.many or self._prettify_class_name(model.__name__),
            category=rules.group,
            endpoint=formatters.endpoint_of(model),
            url=model.__tablename__,
            menu_icon_type="fa",
            menu_icon_value=rules.icon,
        )
        self.one = rules.one or self.name
        if rules.large and {"id", "created_at"} <= {column.key for column in inspect(model).columns}:
            # Rows are numbered as they are made, and the key's index is there anyway.
            self._sortable_columns["created_at"] = model.id  # type: ignore[attr-defined]
        self.link_column = next((name for name, _ in self._list_columns if name != "cover"), "")
        self._relations = [name for name, _ in self._list_columns if name in self._to_one]

    def _read_model(self, model: type[DeclarativeBase]) -> None:
        """Works out from the model what lists, details and forms show."""
        mapper, rules = inspect(model), self.rules
        columns = {attr.key: attr.columns[0] for attr in mapper.column_attrs}
        self._secret = [name for name, column in columns.items() if isinstance(column.type, EncryptedText)]
        self._to_one = [
            relation.key for relation in mapper.relationships if relation.direction.name == "MANYTOONE"
        ]
        hidden = {*self._secret, *rules.never}
        plain = [
            name
            for name, column in columns.items()
            if name not in hidden and not column.foreign_keys and not column.primary_key
        ]
        names = _in_order(rules.first, [*self._to_one, *plain])
        self.column_list = [name for name in names if name not in rules.not_in_list]
        self.column_details_list = names
        self.column_formatters = {
            **{name: formatters.BY_COLUMN[name] for name in names if name in formatters.BY_COLUMN},
            **rules.formatters,
        }
        self.column_formatters_detail = {**self.column_formatters}
        for name in rules.formatters:
            if name in formatters.BY_COLUMN:
                self.column_formatters_detail[name] = formatters.BY_COLUMN[name]
        self.column_type_formatters = dict(formatters.BY_TYPE)
        self.column_type_formatters_detail = dict(formatters.BY_TYPE)
        primary = [column.key for column in mapper.primary_key]
        self.column_default_sort = rules.sort or [(name, True) for name in primary]
        self._read_form(model, columns, [*self._to_one, *plain])
        self.column_filters = [made for name in rules.filters for made in self._filters_for(columns, name)]
        if rules.waiting:
            waits = WaitingFilter(
                inspect(model).columns["id"], lazy_gettext("What needs you now"), rules.waiting
            )
            self.column_filters.append(waits)

    def _read_form(self, model: type[DeclarativeBase], columns: dict[str, Any], names: list[str]) -> None:
        rules = self.rules
        unusable = {name for name, column in columns.items() if _is_optional_json(column)}
        self.form_columns = _in_order(
            tuple(name for name in rules.first if name in names),
            [name for name in names if name not in unusable],
        )
        self.form_columns = [name for name in self.form_columns if name not in rules.not_in_form]
        self.form_columns += self.form_extra_fields or {}
        self.form_overrides = {
            name: MoneyField
            for name, column in columns.items()
            if name in formatters.MONEY and isinstance(column.type, Integer)
        }
        self.form_args = {name: {"description": text} for name, text in rules.helps.items()}
        if rules.in_languages:
            self.form_overrides["texts"] = LanguageTexts
            self.form_args["texts"] = {"names": rules.in_languages, "longest": 120}
        for name, words in rules.choices.items():
            self.form_overrides[name] = SelectField
            self.form_args.setdefault(name, {})["choices"] = [
                SelectChoice(word, kept_words.in_words(name, word)) for word in words
            ]
        has_form = rules.creates or rules.edits
        self.form_ajax_refs = _lookups(model, self.form_columns) if has_form else {}

    def _filters_for(self, columns: dict[str, Any], name: str) -> list[Any]:
        label = self.get_column_name(name)
        if name in self.form_overrides and name in formatters.MONEY:
            return [made(columns[name], label) for made in MONEY_FILTERS]
        words = self.rules.choices.get(name)
        if words is None:
            return [name]
        options = [(word, kept_words.in_words(name, word)) for word in words]
        return [made(columns[name], label, options=options) for made in (FilterEqual, FilterNotEqual)]

    def is_visible(self) -> bool:
        """Whether the menu names it; rows that belong to others are reached through those."""
        return bool(self.rules.in_menu)

    def get_query(self) -> Query[Any]:
        """The rows of the list, with what it shows of others, without decrypting anything."""
        query: Query[Any] = super().get_query()
        query = query.options(*(defer(getattr(self.model, name)) for name in self._secret))
        return query.options(*(selectinload(getattr(self.model, name)) for name in self._relations))

    def get_one(self, id: str) -> Any:
        """A row that the list would show, or None."""
        key = tools.iterdecode(str(id))
        columns = inspect(self.model).primary_key
        if len(key) != len(columns):
            return None
        try:
            values = [column.type.python_type(part) for column, part in zip(columns, key, strict=True)]
        except ValueError:
            return None
        if any(isinstance(value, int) and not -(2**63) <= value < 2**63 for value in values):
            return None
        same = (column == value for column, value in zip(columns, values, strict=True))
        return self.get_query().filter(*same).one_or_none()

    def row_url(self, row_id: str, return_url: str) -> str:
        """Where a click on a row leads, or ""."""
        for name in dict.fromkeys((self.rules.opens, "details_view", "edit_view")):
            if self.may_use(name):
                return str(self.get_url(f".{name}", id=row_id, url=return_url))
        return ""

    def waiting_url(self, name: str) -> str:
        """The list of those rows that wait for this, "" for those who may not see it."""
        if not self.may_use("index_view"):
            return ""
        number = next(at for at, flt in enumerate(self._filters) if isinstance(flt, WaitingFilter))
        argument = self.get_filter_arg(number, self._filters[number])
        return str(self.get_url(f"{self.endpoint}.index_view", **{f"flt0_{argument}": name}))

    def history_url(self, row: Any) -> str:
        """Where one reads who changed this row, "" for those who may not."""
        audit: Any = current_app.extensions[BY_MODEL].get(AuditEntry)
        return str(audit.of_row(row)) if audit is not None else ""

    def get_list_row_actions(self) -> Any:
        """The buttons of a row, without the one for what a click on the row does anyway."""
        same = {"details_view": ViewRowAction, "edit_view": EditRowAction}[self.rules.opens]
        return [action for action in super().get_list_row_actions() if type(action) is not same]

    def search_placeholder(self) -> str:
        """What the search looks into."""
        return ", ".join(str(self.get_column_name(name)).lower() for name in self.column_searchable_list)

    def get_empty_list_message(self) -> str:
        """What an empty list says."""
        return str(self.rules.empty or gettext("Nothing is here yet."))

    def _get_list_filter_args(self) -> Any:
        """What the address asks for: (index, name, value) of each filter, in their order.

        A list leaves out what can't be read, and says so; a file would quietly hold too much.
        """
        found = []
        for name, value in request.args.items():
            number, _, key = name.removeprefix("flt").partition("_")
            if not name.startswith("flt"):
                continue
            if not number.isdecimal() or key not in (self._filter_args or {}):
                abort(400)
            index, flt = self._filter_args[key]
            if not value and not _takes_nothing(flt):
                continue
            problem = _problem(flt, value)
            if problem is None:
                found.append((number, (index, str(flt.name), value)))
            elif request.endpoint == f"{self.endpoint}.export":
                abort(400)
            else:
                words = gettext("“%(value)s” can't be read, so the list is not filtered by it.", value=value)
                flash(f"{flt.name}: {words} {problem}".strip(), "error")
        return [item for _number, item in sorted(found, key=lambda one: one[0])] if self._filters else None

    @expose("/ajax/lookup/")
    def ajax_lookup(self) -> Any:
        """The rows that a look-up field offers."""
        lookup_limits()
        return super().ajax_lookup()


def _in_order(first: tuple[str, ...], names: list[str]) -> list[str]:
    """`first`, then whatever else there is: a new column shows by itself."""
    return [*first, *(name for name in names if name not in first)]


def _is_optional_json(column: Any) -> bool:
    return bool(column.nullable and isinstance(column.type, JSON))


def _lookups(model: type[DeclarativeBase], names: list[str]) -> dict[str, Any]:
    """Relations to tables that are too large for a drop-down are looked up by typing."""
    found: dict[str, Any] = {}
    relations: dict[str, RelationshipProperty[Any]] = dict(inspect(model).relationships.items())
    for name in names:
        if name in relations:
            target = relations[name].mapper.class_
            rules = rules_for(target)
            fields = [column for column in rules.search if "." not in column]
            if rules.large and fields:
                found[name] = {"fields": fields, "minimum_input_length": 1}
    return found


def _problem(flt: Any, value: str) -> str | None:
    """Why a filter can't use what stands in the address, or ""; None when it can. SQL has largest numbers."""
    try:
        cleaned = flt.clean(value)
        numbers = cleaned if isinstance(cleaned, list) else [cleaned]
        most = largest(flt.column.type)
        too_large = any(isinstance(number, int) and abs(number) > most for number in numbers)
        return None if flt.validate(value) and not too_large else ""
    except ValueError as exc:
        return str(exc) if getattr(flt, "explains", False) else ""
    except (KeyError, OverflowError, TypeError):
        return ""


def _takes_nothing(flt: Any) -> bool:
    return bool(flt.validate(""))
