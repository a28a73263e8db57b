"""Writes down what signed-in people change: from what to what, whichever way it reaches the database.

While a request to the back office changes something, the session tells of each row that it flushes,
and its connection of each statement that goes past the objects, such as a bulk update. The entries
are rows of the same transaction: a change and its entry are kept together or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from flask import g, has_request_context, request
from sqlalchemy import Connection, Delete, Insert, Table, Update, event, insert, inspect, select
from sqlalchemy.orm import DeclarativeBase, Mapper, Session, SessionTransaction

from salesbot import clock
from salesbot.admin.exceptions import rules_for
from salesbot.containment import GuardedSession
from salesbot.database import EncryptedText, table
from salesbot.extensions import db
from salesbot.models import AuditEntry

HIDDEN = "••••"
"""Stands for a value that no entry holds."""
LONGEST = 300
_EMPTY: tuple[Any, ...] = (None, "", [], {})
MOST_ROWS = 50
"""Of a statement that changes more rows than this, one entry says how many."""
_OWN = table(AuditEntry)
Values = Mapping[str, Any]


@dataclass
class Witness:
    """Who is at work in this request and from where."""

    who: str
    ip: str
    unloaded: dict[Any, Values] = field(default_factory=dict)  # by row, what it was before it was read
    before: dict[int, list[Values]] = field(default_factory=dict)  # by statement, what it will change


def begin(user: Any) -> None:
    """From now on this request's changes are those of `user`."""
    named = f"{user} ({user.email})" if str(user) != user.email else user.email
    g.witness = Witness(named[:330], (request.remote_addr or "")[:45])


def note(what: str, model: type[DeclarativeBase], row: str = "", title: str = "", **changes: Any) -> None:
    """An entry for what changes no row, such as signing in or taking a list home."""
    _write(db.session().connection(), [_entry(what, table(model).name, row, title, changes)])


@contextmanager
def silent() -> Iterator[None]:
    """What is written inside makes no entries: an entry would keep what is being erased."""
    witness = g.pop("witness", None)
    try:
        yield
    finally:
        g.witness = witness


def _witness() -> Witness | None:
    found: Witness | None = g.get("witness") if has_request_context() else None
    return found


# ---- What the session writes ----


@event.listens_for(GuardedSession, "before_flush")
def _flushing(session: Session, _context: Any, _objects: Any) -> None:
    """Reads what is about to be overwritten where nobody has read it yet."""
    witness = _witness()
    for row in session.dirty if witness is not None else ():
        state = inspect(row)
        changed = [state.attrs[attribute.key] for attribute in state.mapper.column_attrs]
        unread = [one.key for one in changed if one.history.added and not one.history.deleted]
        if witness and unread and state.identity and _is_worth_it(table_name(state.mapper)):
            of = state.mapper.local_table
            same = [column == value for column, value in zip(of.primary_key, state.identity, strict=True)]
            old = session.connection().execute(select(*_shown(of)).where(*same)).mappings().first()
            witness.unloaded[state] = dict(old or {})


@event.listens_for(GuardedSession, "after_flush")
def _flushed(session: Session, _context: Any) -> None:
    if _witness() is None:
        return
    found = [
        *(_told(session, row, "created") for row in session.new),
        *(_told(session, row, "changed") for row in session.dirty if session.is_modified(row)),
        *(_told(session, row, "deleted") for row in session.deleted),
    ]
    _write(session.connection(), [entry for entry in found if entry])


def _told(session: Session, row: Any, what: str) -> Values | None:
    """The entry for a row that is being flushed, None when nothing of it is worth one."""
    state = inspect(row)
    mapper: Mapper[Any] = state.mapper
    name = table_name(mapper)
    if not _is_worth_it(name):
        return None
    hidden = hidden_columns(mapper.class_)
    changes: dict[str, Any] = {}
    for attribute in mapper.column_attrs:
        values = _before_and_now(state, attribute.key, what)
        if values is not None and values[0] != values[1]:
            if attribute.key not in hidden:
                values = _named(session, mapper, attribute.columns[0], values)
            changes[attribute.key] = _pair(values, hidden=attribute.key in hidden)
    if what == "changed" and not changes:
        return None
    key = ",".join(map(str, mapper.primary_key_from_instance(row)))
    return _entry(what, name, key, str(row), changes)


def _before_and_now(state: Any, key: str, what: str) -> Sequence[Any] | None:
    value = state.dict.get(key)
    if what == "created":
        return (None, value) if value not in _EMPTY else None
    if what == "deleted":
        return (value, None) if value not in _EMPTY else None
    history = state.attrs[key].history
    if not history.has_changes():
        return None
    witness = _witness()
    unread = witness.unloaded.get(state, {}) if witness else {}
    before = history.deleted[0] if history.deleted else unread.get(key)
    return before, history.added[0] if history.added else None


@cache
def _is_worth_it(name: str) -> bool:
    model = model_of(name)
    return model is None or rules_for(model).audited


def table_name(mapper: Mapper[Any]) -> str:
    """The name of the table of a model."""
    return str(getattr(mapper.local_table, "name", ""))


def _named(session: Session, mapper: Mapper[Any], column: Any, values: Sequence[Any]) -> Sequence[Any]:
    """Keys of other rows with what those rows are called: one day they may not be there any more.

    People are not named: when one of them is forgotten, no entry of another row has to be looked for.
    """
    for relation in mapper.relationships if column.foreign_keys else ():
        if relation.local_columns == {column} and relation.direction.name == "MANYTOONE":
            if rules_for(relation.mapper.class_).is_person:
                return values
            named = []
            for value in values:
                other = None if value is None else session.get(relation.mapper.class_, value)
                named.append(value if other is None else f"{other} (#{value})")
            return named
    return values


def hidden_columns(model: type[Any]) -> frozenset[str]:
    """Columns of which an entry only says that they changed: secrets, and customers' own words."""
    rules = rules_for(model)
    secret = [
        attribute.key
        for attribute in inspect(model).column_attrs
        if isinstance(attribute.columns[0].type, EncryptedText)
    ]
    return frozenset((*secret, *rules.never, *rules.not_in_audit))


# ---- What goes past the session's objects ----


@event.listens_for(GuardedSession, "after_begin")
def _begun(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    if _witness() is not None and not event.contains(connection, "before_execute", _before):
        event.listen(connection, "before_execute", _before)
        event.listen(connection, "after_execute", _after)


def _before(connection: Connection, statement: Any, many: Any, one: Any, _options: Any) -> None:
    """Looks at the rows that an UPDATE or DELETE is about to change."""
    witness = _witness()
    if witness is None or not isinstance(statement, Update | Delete) or not _is_bulk(statement):
        return
    of: Any = statement.table
    witness.before[id(statement)] = _rows(connection, of, statement, [*(many or [one])])


def _after(connection: Connection, statement: Any, many: Any, one: Any, _options: Any, _result: Any) -> None:
    if _witness() is None or not isinstance(statement, Insert | Update | Delete) or not _is_bulk(statement):
        return
    if isinstance(statement, Insert):
        _write(connection, _inserted(statement, [dict(values) for values in (many or [one])]))
    else:
        _write(connection, _updated(connection, statement))


def _is_bulk(statement: Any) -> bool:
    """Whether no flush wrote it; what flushes write has been told by the session."""
    return _is_worth_it(statement.table.name) and not db.session()._flushing  # noqa: SLF001 - nothing public tells


def _rows(connection: Connection, of: Table, statement: Any, parameters: Sequence[Any]) -> list[Values]:
    where = select(*_shown(of)).limit(MOST_ROWS + 1)
    if statement.whereclause is not None:
        where = where.where(statement.whereclause)
    found: list[Values] = []
    for values in parameters[: MOST_ROWS + 1]:
        found += [dict(row) for row in connection.execute(where, values or {}).mappings()]
    return found


def _shown(of: Table) -> list[Any]:
    """The columns of a table but for secrets, which nothing decrypts for an entry."""
    return [column for column in of.columns if not isinstance(column.type, EncryptedText)]


def _updated(connection: Connection, statement: Update | Delete) -> list[Values]:
    witness = _witness()
    of: Any = statement.table
    before = witness.before.pop(id(statement), []) if witness else []
    what = "deleted" if isinstance(statement, Delete) else "changed"
    if len(before) > MOST_ROWS:
        return [_entry(what, of.name, "", "", {"rows": [None, f"more than {MOST_ROWS}"]})]
    entries = []
    for old in before:
        now: Values = {}
        if what == "changed":
            same = [column == old[column.key] for column in of.primary_key]
            now = dict(connection.execute(select(*_shown(of)).where(*same)).mappings().one())
        changes = {name: [value, now.get(name)] for name, value in old.items() if value != now.get(name)}
        if changes:
            key = ",".join(str(old[column.key]) for column in of.primary_key)
            entries.append(_entry(what, of.name, key, _title(old), _masked(of.name, changes)))
    return entries


def _inserted(statement: Insert, rows: Sequence[Values]) -> list[Values]:
    own = statement.compile().params if not any(rows) else {}
    rows = [values or own for values in rows]
    name = str(statement.table.name)
    if len(rows) > MOST_ROWS:
        return [_entry("created", name, "", "", {"rows": [None, len(rows)]})]
    return [
        _entry("created", name, "", _title(row), _masked(name, {key: [None, row[key]] for key in row}))
        for row in rows
    ]


def _title(row: Values) -> str:
    return next((str(row[name]) for name in ("title", "name", "number", "hint") if row.get(name)), "")


def _masked(name: str, changes: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    model = model_of(name)
    hidden = hidden_columns(model) if model is not None else frozenset()
    return {key: _pair(values, hidden=key in hidden) for key, values in changes.items()}


def model_of(name: str) -> type[Any] | None:
    """The model of a table's name; None when its plugin is gone."""
    for mapper in AuditEntry.registry.mappers:
        if table_name(mapper) == name:
            return mapper.class_
    return None


# ---- Entries ----


def _entry(what: str, model: str, row: str, title: str, changes: Mapping[str, Any]) -> Values:
    witness = _witness()
    return {
        "at": clock.now(),
        "who": witness.who if witness else "",
        "ip": witness.ip if witness else "",
        "what": what,
        "model": model[:64],
        "row": row[:100],
        "title": title[:200],
        "changes": dict(changes),
    }


def _write(connection: Connection, entries: Iterable[Values]) -> None:
    rows = list(entries)
    if rows:
        connection.execute(insert(_OWN), rows)


def _pair(values: Sequence[Any], *, hidden: bool) -> list[Any]:
    if hidden:
        return [None if value is None or value == "" else HIDDEN for value in values]
    return [_plain(value) for value in values]


def _plain(value: Any) -> Any:
    """`value` as JSON that people can read."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if value is None or isinstance(value, bool | int | float | list | dict):
        return value
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
