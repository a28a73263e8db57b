"""Whether what a plugin keeps about a person is told, erased and joined: tried with made-up people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from flask import Flask
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    Numeric,
    Table,
    TypeDecorator,
    select,
)
from sqlalchemy.exc import SQLAlchemyError

from salesbot import asking, clock, people
from salesbot.asking import Failed
from salesbot.authoring.looked import Looked, check
from salesbot.authoring.project import Project
from salesbot.database import db
from salesbot.errors import PluginProblem, TransactionBroken
from salesbot.migrations import of_plugins
from salesbot.models import Conversation, Customer
from salesbot.plugin_loading import Plugin

HOOKS = (people.EXPORT, people.ERASE, people.JOINED)
PEOPLE = frozenset({"customer", "conversation"})
TELLING = ("phone", "email", "e_mail", "address", "birth", "first_name", "last_name")
"""Parts of a column's name that speak of a person, also where nothing refers to one."""


@check("What it keeps about a person is told, erased, and joined with another's")
def personal_data(found: Looked, project: Project, app: Flask) -> None:
    """Tables that refer to people come with what tells, erases and joins, and that does it."""
    for plugin in app.extensions["salesbot.plugins"].plugins:
        if plugin.name not in project.plugins:
            continue
        tables = [db.metadata.tables[str(model.__tablename__)] for model in of_plugins.models_of(plugin)]
        about = [table for table in tables if _references(table)]
        missing = [hook for hook in HOOKS if hook not in plugin.implementations]
        if about and missing:
            names = ", ".join(table.name for table in about)
            found.problems.append(f"{names} refer to people, and {', '.join(missing)} is not there")
        elif about:
            db.session.remove()
            db.metadata.create_all(db.engine, tables)
            found.problems += _tried(plugin, about, found.notes)
        for table in tables:
            telling = [one.name for one in table.columns if any(part in one.name for part in TELLING)]
            if telling and table not in about:
                found.notes.append(
                    f"{table.name}.{telling[0]} sounds like a person's, and the table refers to none"
                )


def _references(table: Table) -> list[tuple[Column[Any], str]]:
    """(column, "customer" or "conversation") for each that refers to a person."""
    return [
        (column, key.column.table.name)
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name in PEOPLE
    ]


def _tried(plugin: Plugin, tables: list[Table], notes: list[str]) -> Iterator[str]:
    """What is wrong when rows of two made-up people are told, joined and erased; all is undone."""
    try:
        somebody, other = _person("somebody"), _person("other")
        for table in tables:
            for person in (somebody, other):
                _row(table, person, [])
        db.session.flush()
    except (SQLAlchemyError, NotImplementedError, RecursionError) as exc:
        db.session.rollback()
        notes.append(f"not tried with made-up rows: {str(exc).partition(chr(10))[0][:160]}")
        return
    try:
        yield from _told_joined_erased(plugin, tables, somebody, other)
    except PluginProblem as exc:
        yield str(exc)
    except TransactionBroken as exc:
        yield exc.reason
    finally:
        db.session.rollback()


def _told_joined_erased(
    plugin: Plugin, tables: list[Table], somebody: tuple[int, int], other: tuple[int, int]
) -> Iterator[str]:
    first, second = (people.frozen(db.session.get_one(Customer, one[0])) for one in (somebody, other))
    stranger = people.frozen(db.session.get_one(Customer, _person("stranger")[0]))
    told, nothing = (_call(plugin, people.EXPORT, customer=one) for one in (first, stranger))
    try:
        if json.dumps(told, sort_keys=True) == json.dumps(nothing, sort_keys=True):
            yield f"{people.EXPORT} tells the same of somebody whom it knows and of a stranger"
    except TypeError as exc:
        yield f"{people.EXPORT} returns what is no JSON: {exc}"
    _call(plugin, people.JOINED, customer=first, other=second)
    for name in _left(tables, other):
        yield f"{people.JOINED} leaves {name} with the customer who is removed"
    _call(plugin, people.ERASE, customer=first)
    for name in _left(tables, somebody):
        yield f"{people.ERASE} leaves {name} with who wants to be forgotten"


def _call(plugin: Plugin, hook: str, **arguments: Any) -> Any:
    """What a plugin says to a hook, asked as the shop asks it; PluginProblem when it fails."""
    asked = [(plugin, impl) for impl in plugin.implementations[hook]]
    db.session.flush()
    answers = [said for _plugin, said in asking.answers(asked, arguments, lambda said: said)]
    for said in answers:
        if isinstance(said, Failed):
            raise PluginProblem(said.reason)
    return answers


def _left(tables: list[Table], person: tuple[int, int]) -> Iterator[str]:
    for table in tables:
        for column, kind in _references(table):
            # A chat goes to the other customer as a whole, with what refers to it.
            if kind == "customer" and db.session.execute(select(column).where(column == person[0])).first():
                yield f"{table.name}.{column.name}"


def _person(name: str) -> tuple[int, int]:
    """The ids of a made-up customer and their chat. Flush only."""
    customer = Customer(name=name)
    db.session.add(customer)
    db.session.flush()
    chat = Conversation(customer_id=customer.id, channel="simulator", address=f"check-{name}")
    db.session.add(chat)
    db.session.flush()
    return customer.id, chat.id


def _row(table: Table, person: tuple[int, int], above: list[Table]) -> Any:
    """The primary key of a made-up row that belongs to a person, with the rows that it needs."""
    if table in above:
        raise NotImplementedError(f"{table.name} needs a row of {table.name}")
    values: dict[str, Any] = {}
    for column in table.columns:
        key = next(iter(column.foreign_keys), None)
        kind = key.column.table.name if key is not None else ""
        if kind in PEOPLE:
            values[column.name] = person[kind == "conversation"]
        elif key is not None and not column.nullable:
            values[column.name] = _row(key.column.table, person, [*above, table])
        elif not _fills_itself(column) or (not above and _counts_from_zero(column)):
            values[column.name] = _value(column, person[0])
    done = db.session.connection().execute(table.insert().values(values))
    return (done.inserted_primary_key or (None,))[0]


def _fills_itself(column: Column[Any]) -> bool:
    given = column.default is not None or column.server_default is not None
    return column.nullable or given or column is column.table.autoincrement_column


def _counts_from_zero(column: Column[Any]) -> bool:
    """Whether a row as it begins says nothing of anybody yet."""
    default = column.default
    return default is not None and default.is_scalar and getattr(default, "arg", None) == 0


def _value(column: Column[Any], number: int) -> Any:
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, Integer | Numeric):
        return number
    if isinstance(kind, JSON):
        return {}
    if isinstance(kind, DateTime | Date):
        return clock.now() if isinstance(kind, DateTime) else clock.now().date()
    length = getattr(kind, "length", None) or 40
    return f"{number}-{column.name}"[:length]
