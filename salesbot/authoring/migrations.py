"""Writes a plugin's next migration: what brings its tables from their last version to its models."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from sqlalchemy import Connection

from salesbot import plugin_manager
from salesbot.database import db
from salesbot.errors import PluginProblem
from salesbot.migrations import of_plugins
from salesbot.plugin_loading import Plugin


def write(name: str, words: str) -> Path | None:
    """The new file; None when there is nothing to do. PluginProblem says what is in the way."""
    manager = plugin_manager.current()
    # One that was left out because the folder is not there yet is among all, with its hooks.
    plugin = next((one for one in manager.all if one.name == name and one.hooks), None)
    if plugin is None:
        raise PluginProblem(f"no plugin {name!r} is loaded; `salesbot plugins` lists all")
    folder = of_plugins.named_folder(plugin)
    if folder is None:
        raise PluginProblem(
            f"plugin {name!r} has no {of_plugins.HOOK} that names the folder for its migrations"
        )
    folder.mkdir(exist_ok=True)  # an author's first one
    with db.engine.connect() as connection:
        if of_plugins.is_behind(plugin, connection):
            raise PluginProblem("the tables are older than the last migration: `salesbot db upgrade` first")
        connection.rollback()
        return _write(plugin, folder, words, connection)


def differences(plugin: Plugin, connection: Connection) -> str:
    """The code that would bring a plugin's tables to its models; "pass" when they say the same."""
    return _code(plugin, connection)[0]


def _write(plugin: Plugin, folder: Path, words: str, connection: Connection) -> Path | None:
    up, down = _code(plugin, connection)
    if up == "pass":
        return None
    scripts = of_plugins.scripts_in(folder)
    number = f"{len(list(scripts.walk_revisions())) + 1:04}"
    made = scripts.generate_revision(
        number, words, head="head", version_path=str(folder), upgrades=up, downgrades=down, imports=""
    )
    return None if made is None else Path(made.path)


def _code(plugin: Plugin, connection: Connection) -> tuple[str, str]:
    """The bodies of `upgrade` and `downgrade`; "pass" for nothing."""
    context = of_plugins.configured(plugin, connection)
    found = produce_migrations(context, db.metadata)
    connection.rollback()
    up, down = (
        "" if operations is None else render_python_code(operations, migration_context=context)
        for operations in (found.upgrade_ops, found.downgrade_ops)
    )
    return _plain(up), _plain(down)


def _plain(code: str) -> str:
    """Without Alembic's remarks."""
    lines = [line for line in code.splitlines() if not line.lstrip().startswith("#")]
    return "\n".join(lines).strip() or "pass"
