"""How Alembic reaches the shop's database: on the app's own engine, one migration a transaction, then plugins'."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import Connection

from salesbot.migrations import of_plugins
from salesbot.migrations.support import foreign_keys_off, include_object, newest, render_item

database = current_app.extensions["migrate"].db


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=database.metadata,
        include_object=include_object,
        render_item=render_item,
        **current_app.extensions["migrate"].configure_args,
    )
    with context.begin_transaction():
        context.run_migrations()


def _goes_to_the_newest() -> bool:
    """Whether this is an upgrade to the end; other commands of Alembic have no destination."""
    try:
        return bool(context.get_revision_argument() == newest())
    except KeyError:
        return False


if context.is_offline_mode():
    raise SystemExit("salesbot's migrations need a database to look at; run them without --sql")

given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    with database.engine.connect() as own, foreign_keys_off(own):
        _run(own)
        own.commit()
    if _goes_to_the_newest():
        with database.engine.connect() as own:
            of_plugins.upgrade_all(current_app.extensions["salesbot.plugins"].plugins, own)
