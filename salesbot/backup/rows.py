"""Rows in a form that SQLite and PostgreSQL both understand, and a digest to compare them by."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from salesbot.errors import BackupError

AT_ONCE = 1000
"""Rows that are in memory together."""

Values = Sequence[Any]

_KINDS: tuple[tuple[type[Any], str], ...] = (
    (sa.Boolean, "bool"),
    (sa.JSON, "json"),
    (sa.DateTime, "time"),
    (sa.Date, "date"),
    (sa.Time, "clock"),
    (sa.Integer, "int"),
    (sa.Float, "float"),
    (sa.Numeric, "decimal"),
    (sa.LargeBinary, "bytes"),
    (sa.Uuid, "uuid"),
    (sa.String, "text"),
)


@dataclass(frozen=True)
class Column:
    """A column as it is in a database; `kind` is None where no other database knows the like."""

    name: str
    type: sa.types.TypeEngine[Any]
    kind: str | None


def columns_of(connection: sa.Connection, name: str) -> list[Column]:
    """The columns of a table, without those that the database works out by itself."""
    return [
        Column(found["name"], found["type"], _kind(found["type"]))
        for found in sa.inspect(connection).get_columns(name)
        if not found.get("computed")
    ]


def _kind(type_: sa.types.TypeEngine[Any]) -> str | None:
    return next((kind for class_, kind in _KINDS if isinstance(type_, class_)), None)


def count(connection: sa.Connection, name: str) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) or 0


def read(connection: sa.Connection, name: str, columns: Sequence[Column]) -> Iterator[list[Values]]:
    """All rows of a table as values that JSON can hold, `AT_ONCE` of them at a time."""
    there = sa.table(name, *(sa.column(column.name, column.type) for column in columns))
    # As text, JSON comes as it was stored, and null in it is not taken for no value at all.
    wanted = [sa.cast(there.c[c.name], sa.Text) if c.kind == "json" else there.c[c.name] for c in columns]
    kinds = [column.kind for column in columns]
    with connection.execute(sa.select(*wanted), execution_options={"yield_per": AT_ONCE}) as result:
        for batch in result.partitions():
            yield [[_portable(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in batch]


def _portable(value: Any, kind: str | None) -> Any:
    if value is None or kind in {"int", "text", "bool", "json", "float"}:
        return value
    if kind == "time":
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() if value.tzinfo else value.isoformat()
    if kind in {"date", "clock"}:
        return value.isoformat()
    if kind == "bytes":
        return b64encode(value).decode()
    if kind == "uuid":
        return UUID(str(value)).hex
    return format(Decimal(value).normalize(), "f")


class Tally:
    """How many rows there were, and a digest of them in which their order plays no part."""

    def __init__(self, columns: Iterable[tuple[str, str | None]]) -> None:
        self.rows = 0
        self._sum = 0
        self._columns = sorted((name, place, kind) for place, (name, kind) in enumerate(columns))

    def add(self, values: Values) -> None:
        """Counts one row, its values in the order of the columns."""
        one = [[name, _same(values[place], kind)] for name, place, kind in self._columns]
        text = json.dumps(one, sort_keys=True, separators=(",", ":"))
        self._sum = (self._sum + int.from_bytes(sha256(text.encode()).digest(), "big")) % 2**256
        self.rows += 1

    @property
    def digest(self) -> str:
        """The digest, in hexadecimal."""
        return f"{self._sum:064x}"


def _same(value: Any, kind: str | None) -> Any:
    """The value so that it is equal wherever it means the same: JSON may be spaced and ordered anew."""
    if kind != "json" or value is None:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


class Table:
    """A table that rows are put into; `columns` are the (name, kind) of the values that will come."""

    def __init__(self, connection: sa.Connection, name: str, columns: Sequence[tuple[str, str]]) -> None:
        self.name = name
        self._connection = connection
        there = {column.name: column for column in columns_of(connection, name)}
        missing = [column for column, _kind_there in columns if column not in there]
        if missing:
            raise BackupError(
                f"The table {name} has no column {', '.join(missing)} here. Install the version of its "
                "plugin that the backup was made with, restore, and upgrade the plugin afterwards."
            )
        self.columns = [there[column] for column, _kind_there in columns]
        self._came_as = [kind for _column, kind in columns]
        self._strict = connection.dialect.name == "postgresql"
        self._insert = self._statement()

    def _statement(self) -> sa.Insert:
        target = sa.table(self.name, *(sa.column(column.name) for column in self.columns))
        values: dict[str, Any] = {}
        for number, column in enumerate(self.columns):
            raw = column.kind == "json"
            bound = sa.bindparam(f"v{number}", type_=sa.Text() if raw else column.type)
            values[column.name] = sa.cast(bound, column.type) if raw and self._strict else bound
        return sa.insert(target).values(values)

    def put(self, rows: Sequence[Values]) -> None:
        """Inserts rows; BackupError names what this database can't keep."""
        ready = [{f"v{n}": self._fitting(row, n) for n in range(len(self.columns))} for row in rows]
        if not ready:
            return
        try:
            self._connection.execute(self._insert, ready)
        except sa.exc.DBAPIError as exc:
            why = str(exc.orig).partition("\n")[0]
            raise BackupError(f"The database refused rows of {self.name}: {why}") from exc

    def _fitting(self, row: Values, place: int) -> Any:
        """A value as this column takes it."""
        value, column = row[place], self.columns[place]
        if value is None:
            return None
        found = _value(value, self._came_as[place], column)
        if self._strict:
            self._check(found, column, row)
        return found

    def _check(self, value: Any, column: Column, row: Values) -> None:
        """What SQLite keeps and PostgreSQL refuses is said in a way that helps to find it."""
        problem = ""
        length = getattr(column.type, "length", None)
        if isinstance(value, str) and "\x00" in value:
            problem = "holds a character that PostgreSQL can't keep (code 0)"
        elif isinstance(value, str) and length and column.kind == "text" and len(value) > length:
            problem = f"has {len(value)} characters, and PostgreSQL takes {length}"
        elif type(value) is int and abs(value) > _largest(column.type):
            problem = f"is {value}, which is more than PostgreSQL takes there"
        if problem:
            raise BackupError(
                f"{self.name}: the {column.name} of the row that begins with {row[0]!r} {problem}. "
                "Correct it in the old shop and make a new backup."
            )


def _largest(type_: sa.types.TypeEngine[Any]) -> int:
    bits = 64 if isinstance(type_, sa.BigInteger) else 16 if isinstance(type_, sa.SmallInteger) else 32
    return int(2 ** (bits - 1) - 1)


def _value(value: Any, came_as: str, column: Column) -> Any:
    kind = column.kind or came_as
    if kind == "time":
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if getattr(column.type, "timezone", False) else moment
    if kind == "bool":
        return bool(value)
    if kind == "bytes":
        return b64decode(value)
    if kind == "date":
        return date.fromisoformat(value)
    if kind == "clock":
        return time_of_day.fromisoformat(value)
    if kind == "decimal":
        return Decimal(value)
    if kind == "uuid":
        return UUID(value)
    return value
