"""Form fields and filters for the column types that Flask-Admin doesn't know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from flask_admin.contrib.sqla import filters as sqla_filters
from flask_admin.contrib.sqla.fields import QuerySelectField
from flask_admin.contrib.sqla.form import AdminModelConverter
from flask_admin.model import filters as base_filters
from flask_admin.model.form import converts
from flask_babel import gettext, lazy_gettext
from markupsafe import Markup
from sqlalchemy import BigInteger, SmallInteger
from wtforms import DateField, SelectField, StringField
from wtforms.fields import DateTimeLocalField
from wtforms.fields.choices import Choice, SelectChoice
from wtforms.validators import NumberRange
from wtforms.widgets import Select, TextInput

from salesbot import money
from salesbot.admin.rules import Waiting
from salesbot.admin.shown import reader
from salesbot.admin.shown.formatters import money_in_words
from salesbot.database import db
from salesbot.money import decimals, to_decimal
from salesbot.services import shop, taxes

LARGEST_AMOUNT = 2_000_000_000


class MoneyInput(TextInput):
    """A box for an amount with the currency before it."""

    def __call__(self, field: Any, **kwargs: Any) -> Markup:
        """The box as HTML."""
        kwargs.setdefault("inputmode", "decimal")
        return Markup(
            '<div class="input-group"><div class="input-group-prepend">'
            '<span class="input-group-text">{}</span></div>{}</div>'
        ).format(shop.setting("CURRENCY"), super().__call__(field, **kwargs))


class MoneyField(StringField):
    """An amount typed as people write it, kept in minor units of the shop's currency."""

    widget = MoneyInput()

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{to_decimal(self.data, shop.setting('CURRENCY')):f}"

    def process_formdata(self, valuelist: list[str]) -> None:
        """Reads "19.99", "19,99" and "$ 19.99"."""
        text = valuelist[0].strip() if valuelist else ""
        self.data = read_amount(text) if text else None


def read_amount(text: str, currency: str = "") -> int:
    """What people type for an amount, in minor units of the shop's currency unless told otherwise.

    ValueError with an example of one that works.
    """
    currency = currency or shop.setting("CURRENCY")
    try:
        minor = money.read(text, currency, reader.language())
    except ValueError:
        minor = LARGEST_AMOUNT + 1
    if minor > LARGEST_AMOUNT:
        raise ValueError(amount_example(currency))
    return minor


def amount_example(currency: str = "") -> str:
    """A sentence with an amount that could be typed."""
    currency = currency or shop.setting("CURRENCY")
    example = money_in_words(1999 if decimals(currency) else 20, currency)
    return gettext("Type an amount like %(example)s.", example=example)


class PercentField(StringField):
    """A percentage typed as people write it."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data.normalize():f}"

    def process_formdata(self, valuelist: list[str]) -> None:
        """Reads "19", "19 %" and "8,875"; nothing is None."""
        self.data = None
        try:
            self.data = taxes.read(valuelist[0]) if valuelist else None
        except ValueError as exc:
            raise ValueError(gettext("Type a percentage below 100, like 19 or 7.5.")) from exc


class UTCDateTimeField(DateTimeLocalField):
    """A moment, typed by the clock of whoever looks and kept in UTC."""

    def process_data(self, value: datetime | None) -> None:
        """Shows the stored moment."""
        super().process_data(reader.here(value).replace(tzinfo=None) if value else None)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Reads what the browser's own date field sends."""
        if not any(valuelist):
            self.data = None
            return
        super().process_formdata(valuelist)
        try:
            self.data = self.data.replace(tzinfo=reader.zone()).astimezone(UTC) if self.data else None
        except OverflowError as exc:  # on the first or the last day that there is
            raise ValueError(gettext("Choose another day.")) from exc


class RowField(QuerySelectField):
    """One row of another model, in the browser's own drop-down."""

    widget = Select()

    def iter_choices(self) -> Iterator[Choice]:
        """The rows, in the form that WTForms wants."""
        for choice in super().iter_choices():
            yield Choice(*choice)


class LanguageField(SelectField):
    """One of the languages that the shop speaks, or the one that a row has already."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.spoken = [_language(code) for code in shop.setting("LANGUAGES")]
        super().__init__(*args, choices=self.spoken, **kwargs)

    def process_data(self, value: Any) -> None:
        """Shows the stored one, whatever the shop speaks by now."""
        super().process_data(value)
        if value and value not in shop.setting("LANGUAGES"):
            self.choices = [*self.spoken, _language(value)]


def _language(code: str) -> SelectChoice:
    return SelectChoice(code, reader.name_of(code))


def largest(kind: Any) -> int:
    """The largest number that a column of this type holds on every database."""
    if isinstance(kind, BigInteger):
        return 2**63 - 1
    return 2**15 - 1 if isinstance(kind, SmallInteger) else 2**31 - 1


class Converter(AdminModelConverter):
    """Flask-Admin's, with our column types and the browser's own fields."""

    def _model_select_field(self, prop: Any, multiple: Any, remote_model: Any, **kwargs: Any) -> Any:
        if multiple or prop.key in self.view.form_ajax_refs:
            return super()._model_select_field(prop, multiple, remote_model, **kwargs)
        kwargs.setdefault("query_factory", lambda: db.session.query(remote_model))
        kwargs.setdefault("blank_text", "–")
        return RowField(**kwargs)

    @converts("Integer")
    def handle_integer_types(self, column: Any, field_args: dict[str, Any], **extra: Any) -> Any:
        """A whole number, no larger than its column."""
        most = largest(column.type)
        words = lazy_gettext("Type a number from %(least)s to %(most)s.", least=-most - 1, most=most)
        fits = NumberRange(-most - 1, most, words)
        field_args["validators"] = [*field_args["validators"], fits]
        return super().handle_integer_types(column, field_args, **extra)

    @converts("salesbot.database.UTCDateTime")
    def convert_moment(self, field_args: dict[str, Any], **_extra: Any) -> Any:
        """A moment."""
        return UTCDateTimeField(**field_args)

    @converts("salesbot.database.Percent")
    def convert_percent(self, field_args: dict[str, Any], **_extra: Any) -> Any:
        """A percentage."""
        return PercentField(**field_args)

    @converts("Date")
    def convert_date(self, field_args: dict[str, Any], **_extra: Any) -> Any:
        """A day."""
        return DateField(**field_args)

    @converts("DateTime")
    def convert_datetime(self, field_args: dict[str, Any], **_extra: Any) -> Any:
        """A moment without a zone, as a plugin's column may have."""
        return DateTimeLocalField(**field_args)

    @converts("sqlalchemy.sql.sqltypes.Enum")
    def convert_enum(self, column: Any, field_args: dict[str, Any], **_extra: Any) -> Any:
        """One of a column's words."""
        words = [SelectChoice("", "")] if column.nullable else []
        field_args["choices"] = [*words, *(SelectChoice(word) for word in column.type.enums)]
        field_args["coerce"] = lambda value: getattr(value, "name", value) or None
        return SelectField(**field_args)


_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9990, 1, 1, tzinfo=UTC)


class _Aware:
    """Reads what a person typed into a filter by their own clock."""

    def clean(self, value: str) -> Any:
        """One moment, or two for a span."""
        cleaned = super().clean(value)  # type: ignore[misc]
        if isinstance(cleaned, list):
            return [moment.replace(tzinfo=reader.zone()).astimezone(UTC) for moment in cleaned]
        return cleaned.replace(tzinfo=reader.zone()).astimezone(UTC)


def _aware(stock: type[Any]) -> type[Any]:
    return type(f"UTC{stock.__name__}", (_Aware, stock), {})


class _Between(_Aware, sqla_filters.DateTimeBetweenFilter):
    """A span; half of one is all that comes after or before, and its ends may be typed in any order."""

    def clean(self, value: str) -> Any:
        """Two moments."""
        if not value.replace(" to ", "").strip():
            raise ValueError(value)
        typed = [part.strip() for part in f" {value} ".split(" to ")]
        found = [super(_Between, self).clean(f"{part} to {part}")[0] if part else None for part in typed]
        first, last = found
        return sorted((first or _FIRST, last or _LAST))

    def validate(self, value: str) -> bool:
        """Whether this is a span, or half of one."""
        try:
            return bool(self.clean(value))
        except ValueError:
            return False


class _Money:
    """Reads an amount as people write it."""

    explains = True
    """The problem with what was typed is said in words for whoever typed it."""

    def clean(self, value: str) -> int:
        """Minor units of the shop's currency."""
        return read_amount(value)


MONEY_FILTERS = tuple(
    type(f"Money{stock.__name__}", (_Money, stock), {})
    for stock in (sqla_filters.FilterEqual, sqla_filters.FilterGreater, sqla_filters.FilterSmaller)
)


class WaitingFilter(sqla_filters.FilterEqual):
    """The rows that wait for somebody, by what they wait for."""

    is_quick = True
    """The ids are found by indexes, wherever they are in a large table."""

    def __init__(self, column: Any, name: Any, waiting: Mapping[str, Waiting]) -> None:
        super().__init__(column, name, options=[(key, one.words) for key, one in waiting.items()])
        self.waiting = waiting

    def validate(self, value: str) -> bool:
        """Whether this is one of the things to wait for."""
        return value in self.waiting

    def apply(self, query: Any, value: str, alias: Any = None) -> Any:
        """These rows alone."""
        return query.filter(self.get_column(alias).in_(self.waiting[value].ids()))


class Filters(sqla_filters.FilterConverter):
    """Flask-Admin's, with our moments."""

    moment_filters = (
        _aware(sqla_filters.DateTimeGreaterFilter),
        _aware(sqla_filters.DateTimeSmallerFilter),
        _Between,
        sqla_filters.FilterEmpty,
    )

    @base_filters.convert("utcdatetime")
    def conv_moment(self, column: Any, name: str, **kwargs: Any) -> list[Any]:
        """After, before, between, and "is empty"."""
        return [made(column, name, **kwargs) for made in self.moment_filters]
