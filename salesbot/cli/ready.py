"""A database to work on: an empty one is made ready, an older one is left to who runs the shop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from alembic.runtime.migration import MigrationContext
from flask_migrate import upgrade

from salesbot.cli.trouble import in_plain_words
from salesbot.database import db
from salesbot.migrations.support import FOLDER


@contextmanager
def on_the_database() -> Iterator[None]:
    """For commands that need rows: the first one in a new folder makes the tables."""
    with in_plain_words():
        present = MigrationContext.configure(db.session.connection()).get_current_revision()
        db.session.rollback()
        if present is None:
            upgrade(directory=str(FOLDER))
        yield
