"""Checks of a plugin in a shop of its own: its pages, its tables, what it knows about people."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask
from sqlalchemy import Engine, NullPool, create_engine, inspect
from sqlalchemy.exc import SQLAlchemyError

from salesbot.authoring import migrations as written
from salesbot.authoring.checks import Looked
from salesbot.authoring.project import Project
from salesbot.database import db
from salesbot.errors import PluginProblem
from salesbot.migrations import of_plugins
from salesbot.migrations.support import OWN_TABLES
from salesbot.plugin_loading import Plugin

REFUSED = frozenset({301, 302, 303, 308, 400, 401, 403, 404, 405})
ABOUT_PEOPLE = ("salesbot_export_customer", "salesbot_erase_customer", "salesbot_customers_joined")


def permissions(project: Project, app: Flask) -> Looked:
    """Nobody opens a page of the back office unknown; pages for everybody are named."""
    found = Looked("Whoever is not signed in opens none of its pages in the back office")
    owner = app.extensions["salesbot.plugin_of_blueprint"]
    for rule in app.url_map.iter_rules():
        if owner.get(rule.endpoint.partition(".")[0]) not in project.plugins or rule.endpoint.endswith(
            ".static"
        ):
            continue
        if not rule.rule.startswith("/admin/"):
            found.notes.append(f"open to everybody who has the address: {rule.rule}")
            continue
        if rule.arguments:
            continue
        method = "GET" if "GET" in (rule.methods or ()) else "POST"
        status = app.test_client().open(rule.rule, method=method).status_code
        if status not in REFUSED:
            found.problems.append(f"{rule.rule} answers {status} to somebody who is not signed in")
    db.session.rollback()
    return found


def personal_data(project: Project, app: Flask) -> Looked:
    """Tables that refer to people come with what tells, erases and joins."""
    found = Looked("What it keeps about a person can be told, erased, and joined with another's")
    for plugin in _of(project, app):
        tables = [
            str(model.__tablename__)
            for model in of_plugins.models_of(plugin)
            if any(
                key.target_fullname in {"customer.id", "conversation.id"}
                for column in inspect(model).columns
                for key in column.foreign_keys
            )
        ]
        missing = [hook for hook in ABOUT_PEOPLE if hook not in plugin.implementations]
        if tables and missing:
            found.problems.append(
                f"{', '.join(tables)} refer to people, and {', '.join(missing)} is not there"
            )
    return found


def migrations(project: Project, app: Flask, postgresql: str | None) -> Iterator[Looked]:
    """Up, the same as the models, down, nothing left, and up again; on both databases."""
    for plugin in _of(project, app):
        if of_plugins.models_of(plugin) and of_plugins.folder_of(plugin) is None:
            yield Looked(
                "Its tables are made by migrations", [f"{plugin.name} has models and no {of_plugins.HOOK}"]
            )
        elif of_plugins.folder_of(plugin) is not None:
            yield _up_and_down("SQLite", plugin, db.engine)
            if postgresql is None:
                on_the_other = Looked("Its migrations go up and down on PostgreSQL")
                on_the_other.problems.append("not tried: give an empty database, --postgresql postgresql://…")
                yield on_the_other
            else:
                yield _on_postgresql(plugin, postgresql)


def _on_postgresql(plugin: Plugin, url: str) -> Looked:
    """On a database that has the shop's tables, for plugins' to refer to."""
    found = Looked("Its migrations go up and down on PostgreSQL")
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=NullPool)
    try:
        if inspect(engine).get_table_names():
            found.problems.append("the database is not empty, and is left as it is")
            return found
        own = [table for table in db.metadata.sorted_tables if table.name in OWN_TABLES]
        db.metadata.create_all(engine, own)
        try:
            return _up_and_down("PostgreSQL", plugin, engine)
        finally:
            db.metadata.drop_all(engine, own)
    except SQLAlchemyError as exc:
        found.problems.append(str(exc).partition("\n")[0])
        return found


def _up_and_down(where: str, plugin: Plugin, engine: Engine) -> Looked:
    found = Looked(f"Its migrations go up and down on {where}, and make what the models say")
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
    return found


def _of(project: Project, app: Flask) -> list[Plugin]:
    return [plugin for plugin in app.extensions["salesbot.plugins"].plugins if plugin.name in project.plugins]
