"""Checks of a plugin in a shop of its own: what it brings, its pages, its tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import click
from flask import Flask
from sqlalchemy import Engine, NullPool, create_engine, inspect
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.routing import BaseConverter, Rule
from werkzeug.test import TestResponse

from salesbot.authoring import migrations as written
from salesbot.authoring.looked import Looked, check, readme
from salesbot.authoring.project import Project
from salesbot.database import db
from salesbot.errors import PluginProblem
from salesbot.messages import PaymentMethod
from salesbot.migrations import of_plugins
from salesbot.migrations.support import OWN_TABLES
from salesbot.plugin_loading import Plugin

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@check("The README names its commands and ways to pay")
def told(found: Looked, project: Project, app: Flask) -> None:
    """What whoever installs it runs or offers; the back office explains settings itself."""
    text = readme(project).casefold()
    for plugin in _of(project, app):
        for names, kind in _to_tell(plugin, app):
            if not any(name.casefold() in text for name in names):
                found.problems.append(f"{kind} {names[0]!r} is not in the README")


def _to_tell(plugin: Plugin, app: Flask) -> Iterator[tuple[tuple[str, ...], str]]:
    for impl in plugin.implementations.get("salesbot_payment_methods", ()):
        brought = impl() or ()
        for method in [brought] if isinstance(brought, PaymentMethod) else brought:
            yield (str(method.title), method.name), "the way to pay"
    for name, command in app.cli.commands.items():
        own = command.commands.values() if isinstance(command, click.Group) else (command,)
        if any(_is_of(plugin, getattr(one.callback, "__module__", "")) for one in own):
            yield (f"salesbot {name}",), "the command"


@check("Each of its pages in the back office asks for a right, and changes for more than to look")
def permissions(found: Looked, project: Project, app: Flask) -> None:
    """Strangers open nothing of the back office; what changes something asks for more than a look."""
    owner = app.extensions["salesbot.plugin_of_blueprint"]
    for rule in app.url_map.iter_rules():
        if owner.get(rule.endpoint.partition(".")[0]) not in project.plugins or rule.endpoint.endswith(
            ".static"
        ):
            continue
        if not rule.rule.startswith("/admin/"):
            found.notes.append(f"open to everybody who has the address: {rule.rule}")
            continue
        address = _filled_in(rule, app)
        if address is None:
            found.notes.append(f"not tried, as no address fits what it takes: {rule.rule}")
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            answer = app.test_client().open(address, method=method)
            if not _is_refused(answer):
                found.problems.append(
                    f"{method} {rule.rule} answers {answer.status_code} to somebody who is not signed in"
                )
    for plugin in _of(project, app):
        found.problems += _changes_for_a_look(plugin, app)
    db.session.rollback()


def _is_refused(answer: TestResponse) -> bool:
    """Sent to sign in, or told no; that nothing is found there could be a page that anybody may ask."""
    if answer.status_code in {301, 302, 303}:
        return answer.headers.get("Location", "").partition("?")[0].endswith("/admin/login")
    return answer.status_code in {401, 403, 405}


def _filled_in(rule: Rule, app: Flask) -> str | None:
    """An address that a rule fits; None when its arguments take nothing that could be guessed."""
    values = dict(rule.defaults or {})
    for name, converter in rule._converters.items():  # noqa: SLF001 - Werkzeug tells them nowhere else
        fitting = (value for value in _guesses(converter) if _fits(converter, value))
        if (value := next(fitting, None)) is None:
            return None
        values[name] = value
    with app.test_request_context():
        return app.url_for(rule.endpoint, **values)


def _guesses(converter: BaseConverter) -> Iterator[Any]:
    """What an argument may be: a number, one of its words, a decimal, a UUID, or ever longer words."""
    yield 1
    yield from sorted(getattr(converter, "items", ()))
    yield from filter(None, (getattr(converter, limit, None) for limit in ("min", "max")))
    yield from (1.5, UUID(int=1))
    yield from ("1" * length for length in range(2, 65))


def _fits(converter: BaseConverter, value: Any) -> bool:
    try:
        text = converter.to_url(value)
        converter.to_python(text)
    except Exception:  # noqa: BLE001 - a plugin's own converter may raise anything
        return False
    return re.fullmatch(converter.regex, text) is not None


def _changes_for_a_look(plugin: Plugin, app: Flask) -> Iterator[str]:
    for view in app.extensions["admin"][0]._views:  # noqa: SLF001 - Flask-Admin has no other list of them
        if not _is_of(plugin, type(view).__module__):
            continue
        for _address, name, methods in view._urls:  # noqa: SLF001 - as above
            if CHANGING & set(methods) and view.action_for(name) == "look":
                what = f"{type(view).__name__}.{name} takes {', '.join(methods)}"
                yield f"{what}, and asks only for the right to look"


def _is_of(plugin: Plugin, module: str) -> bool:
    """Whether a module lies in a plugin's package."""
    home = str(getattr(plugin.module, "__name__", "")).partition(".")[0]
    return module.partition(".")[0] == home


def migrations(project: Project, app: Flask, postgresql: str | None) -> Iterator[Looked]:
    """Up, the same as the models, down, nothing left, and up again; on both databases."""
    for plugin in _of(project, app):
        made = _made_by_migrations(plugin)
        if made.problems:
            yield made
        elif of_plugins.HOOK in plugin.implementations:
            yield _up_and_down("SQLite", plugin, db.engine)
            if postgresql is None:
                on_the_other = Looked("Its migrations go up and down on PostgreSQL")
                on_the_other.problems.append("not tried: give an empty database, --postgresql postgresql://…")
                yield on_the_other
            else:
                yield _on_postgresql(plugin, postgresql)


@check("Its tables are made by migrations")
def _made_by_migrations(found: Looked, plugin: Plugin) -> None:
    if of_plugins.folder_of(plugin) is None and of_plugins.models_of(plugin):
        found.problems.append(f"{plugin.name} has models and no {of_plugins.HOOK}")


@check("Its migrations go up and down on PostgreSQL, and make what the models say")
def _on_postgresql(found: Looked, plugin: Plugin, url: str) -> None:
    """On a database that has the shop's tables, for plugins' to refer to."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=NullPool)
    try:
        if inspect(engine).get_table_names():
            found.problems.append("the database is not empty, and is left as it is")
            return
        own = [table for table in db.metadata.sorted_tables if table.name in OWN_TABLES]
        db.metadata.create_all(engine, own)
        try:
            found.problems += _up_and_down("PostgreSQL", plugin, engine).problems
        finally:
            db.metadata.drop_all(engine, own)
    except SQLAlchemyError as exc:
        found.problems.append(str(exc).partition("\n")[0])
        return


@check("Its migrations go up and down on {0}, and make what the models say")
def _up_and_down(found: Looked, where: str, plugin: Plugin, engine: Engine) -> None:
    db.session.remove()
    try:
        with engine.begin() as connection:
            of_plugins.upgrade(plugin, connection)
        with engine.connect() as connection:
            differs = written.differences(plugin, connection)
        if differs != "pass":
            found.problems.append(f"the models say otherwise: {differs}")
        with engine.begin() as connection:
            of_plugins.downgrade(plugin, connection)
        left = [
            name for name in inspect(engine).get_table_names() if name.startswith(of_plugins.prefix(plugin))
        ]
        if left:
            found.problems.append(f"downgrade leaves {', '.join(left)}")
        with engine.begin() as connection:
            of_plugins.upgrade(plugin, connection)
            of_plugins.downgrade(plugin, connection)
            connection.exec_driver_sql(f'DROP TABLE "alembic_version_{plugin.name}"')
    except (SQLAlchemyError, PluginProblem, NotImplementedError) as exc:
        found.problems.append(str(exc).partition("\n")[0])


def _of(project: Project, app: Flask) -> list[Plugin]:
    return [plugin for plugin in app.extensions["salesbot.plugins"].plugins if plugin.name in project.plugins]
