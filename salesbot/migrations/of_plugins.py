"""Tables that plugins bring: each plugin has its own revisions, version table and prefix of names."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import Connection, inspect
from sqlalchemy.orm import DeclarativeBase

from salesbot.database import db
from salesbot.errors import PluginProblem
from salesbot.migrations.support import FOLDER, OWN_TABLES, VERSION_TABLE, foreign_keys_off, render_item
from salesbot.models import Product
from salesbot.plugin_loading import Plugin

log = logging.getLogger(__name__)

HOOK = "salesbot_migrations"
VERSIONS = f"{VERSION_TABLE}_"
"""What the name of a plugin's version table begins with; the rest is the plugin's."""


def prefix(plugin: Plugin) -> str:
    """What the names of a plugin's tables begin with."""
    return f"{plugin.name}_"


def models_of(plugin: Plugin) -> list[type[DeclarativeBase]]:
    """The models that a plugin's package defines.

    Tables live in one registry for the whole process, also those of plugins that another app of
    this process loaded.
    """
    home = str(getattr(plugin.module, "__name__", "")).partition(".")[0]
    found = {
        mapper.class_
        for mapper in Product.registry.mappers
        if mapper.class_.__module__.partition(".")[0] == home
        and mapper.class_.__tablename__ not in OWN_TABLES
    }
    return sorted(found, key=lambda model: str(model.__tablename__))


def check_names(plugin: Plugin) -> None:
    """PluginProblem when a table of the plugin could be taken for somebody else's."""
    shops = sorted(name for name in (*OWN_TABLES, VERSION_TABLE) if name.startswith(prefix(plugin)))
    if shops and not plugin.built_in:
        raise PluginProblem(
            f"the shop's table {shops[0]!r} begins as those of a plugin {plugin.name!r} would; "
            "rename the entry point"
        )
    for model in models_of(plugin):
        if not str(model.__tablename__).startswith(prefix(plugin)):
            raise PluginProblem(
                f"table {model.__tablename__!r} of {model.__name__}: the names of this plugin's tables "
                f"begin with {prefix(plugin)!r}"
            )


def folder_of(plugin: Plugin) -> Path | None:
    """Where a plugin keeps its revisions; None when it brings none. PluginProblem when it is not there."""
    folder = named_folder(plugin)
    if folder is not None and not folder.is_dir():
        raise PluginProblem(
            f"{HOOK} names the folder {folder}, which is not there; `salesbot new-migration {plugin.name} "
            '"first tables"` makes it'
        )
    return folder


def named_folder(plugin: Plugin) -> Path | None:
    """The same, there or not."""
    for impl in plugin.implementations.get(HOOK, ()):
        said = Path(str(impl()))
        return said if said.is_absolute() else Path(plugin.path).parent / said
    return None


def scripts_in(folder: Path) -> ScriptDirectory:
    """The revisions in a plugin's folder."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(folder))
    return ScriptDirectory.from_config(config)


def upgrade(plugin: Plugin, connection: Connection, to: str = "head") -> None:
    """Brings a plugin's tables up to a revision, in the connection's transaction."""
    scripts = _scripts(plugin)
    if scripts is not None:
        _run(plugin, connection, lambda revision, _context: scripts._upgrade_revs(to, revision))  # noqa: SLF001


def downgrade(plugin: Plugin, connection: Connection, to: str = "base") -> None:
    """Takes a plugin's tables back to a revision, in the connection's transaction."""
    scripts = _scripts(plugin)
    if scripts is not None:
        _run(plugin, connection, lambda revision, _context: scripts._downgrade_revs(to, revision))  # noqa: SLF001


def upgrade_all(plugins: list[Plugin], connection: Connection) -> None:
    """Each plugin's tables in a transaction of their own; one that fails does not keep the shop shut."""
    for plugin in plugins:
        try:
            with foreign_keys_off(connection), connection.begin():
                upgrade(plugin, connection)
        except Exception:
            log.exception(
                "the tables of plugin %s could not be made; it will fail until they are", plugin.name
            )


def is_behind(plugin: Plugin, connection: Connection) -> bool:
    """Whether a plugin's tables are older than its code."""
    scripts = _scripts(plugin)
    return (
        scripts is not None
        and configured(plugin, connection).get_current_revision() != scripts.get_current_head()
    )


def configured(plugin: Plugin, connection: Connection, **options: Any) -> MigrationContext:
    """Alembic's view of one plugin's part of the database."""
    is_own: Callable[[str], bool] | None = None

    def include(_item: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
        nonlocal is_own
        is_own = is_own or _own_tables(plugin, connection)
        return kind != "table" or is_own(str(name))

    return MigrationContext.configure(
        connection,
        opts={
            "version_table": VERSIONS + plugin.name,
            "target_metadata": db.metadata,
            "include_object": include,
            "render_item": render_item,
            "compare_type": True,
            "render_as_batch": True,
            "transactional_ddl": True,
            **options,
        },
    )


def _own_tables(plugin: Plugin, connection: Connection) -> Callable[[str], bool]:
    """Tells of a table, by its name, whether it is this plugin's.

    `gift_cards_visits` begins as a table of a plugin `gift` would, and of one `gift_cards`. It is whose
    model says so, else the one's with the longer name, also of one that left its tables when it went.
    """
    plugins: list[Plugin] = current_app.extensions["salesbot.plugins"].all
    there = inspect(connection).get_table_names()
    names = {one.name for one in (*plugins, plugin)}
    names |= {name.removeprefix(VERSIONS) for name in there if name.startswith(VERSIONS)}
    by_model = {str(model.__tablename__): one.name for one in plugins for model in models_of(one)}

    def is_own(table: str) -> bool:
        if table in OWN_TABLES or table == VERSION_TABLE or table.startswith(VERSIONS):
            return False
        by_name = max((name for name in names if table.startswith(f"{name}_")), key=len, default="")
        return by_model.get(table, by_name) == plugin.name

    return is_own


def _scripts(plugin: Plugin) -> ScriptDirectory | None:
    folder = folder_of(plugin)
    return None if folder is None else scripts_in(folder)


def _run(plugin: Plugin, connection: Connection, steps: Callable[[Any, Any], Any]) -> None:
    context = configured(plugin, connection, fn=steps)
    with _only_its_own_tables(plugin, connection), Operations.context(context):
        context.run_migrations()


@contextmanager
def _only_its_own_tables(plugin: Plugin, connection: Connection) -> Iterator[None]:
    is_own = _own_tables(plugin, connection)
    before = set(inspect(connection).get_table_names())
    yield
    changed = before ^ set(inspect(connection).get_table_names())
    others = sorted(name for name in changed if not is_own(name) and name != VERSIONS + plugin.name)
    if others:
        raise PluginProblem(f"its migrations make or drop {', '.join(others)}, which is not this plugin's")
