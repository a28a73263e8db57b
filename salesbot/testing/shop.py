"""Shops for tests: databases that are migrated once and copied, and apps on them."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from flask import Flask
from flask_migrate import upgrade

from salesbot.app import create_app
from salesbot.database import db
from salesbot.migrations import of_plugins
from salesbot.migrations.support import FOLDER
from salesbot.options import OPTIONS, PREFIX
from salesbot.testing.shelf import Shelf, close

if TYPE_CHECKING:
    from salesbot.testing.twilio import StandIn

FILE = "salesbot.db"
QUICK = {"BACK_OFFICE": False, "LOG_LEVEL": "INFO"}


def migrate(url: str, folder: Path) -> None:
    """Brings an empty database to this program's version; `folder` becomes the shop's instance folder."""
    app = create_app({**QUICK, "ENTRY_POINTS": False, "DATABASE_URL": url}, instance_path=folder)
    with app.app_context():
        upgrade(directory=str(FOLDER))
    close(app)


def migrated_folder(folder: Path) -> Path:
    """An instance folder with a migrated SQLite database, its secrets, and nothing else."""
    migrate(f"sqlite:///{folder / FILE}", folder)
    put_down(folder)
    return folder


def put_down(folder: Path) -> None:
    """Leaves nothing of an instance folder's database outside its one file, so that it can be copied."""
    with closing(sqlite3.connect(folder / FILE)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    (folder / f"{FILE}-writer").unlink(missing_ok=True)


def copied(template: Path, folder: Path) -> Path:
    """The instance folder `folder`, with what is in `template` and nothing of what was there before."""
    if folder.exists():
        shutil.rmtree(folder)
    return Path(shutil.copytree(template, folder))


def make_tables_of_plugins(app: Flask) -> None:
    """Brings the tables of the app's plugins up; whatever goes wrong is the test's to see."""
    manager = app.extensions["salesbot.plugins"]
    for plugin in manager.plugins:
        if of_plugins.folder_of(plugin) is not None:
            with app.app_context(), db.engine.begin() as connection:
                of_plugins.upgrade(plugin, connection)


def option_names() -> list[str]:
    """The environment's names of all settings."""
    return [PREFIX + option.name for option in OPTIONS] + [o.name for o in OPTIONS if o.customary]


class Apps:
    """The apps of one test, all on one database and instance folder; put back together."""

    def __init__(
        self,
        shelf: Shelf,
        instance: Path,
        database: str,
        twilio: StandIn,
        settings: Mapping[str, Any],
        plugins: Iterable[tuple[str, object]],
    ) -> None:
        self._shelf = shelf
        self._instance = instance
        self._settings = {
            **QUICK,
            "TESTING": True,
            "DATABASE_URL": database,
            "PUBLIC_URL": twilio.public_url,
            "TWILIO_ACCOUNT_SID": twilio.account,
            "TWILIO_AUTH_TOKEN": twilio.token,
            "TWILIO_WHATSAPP_NUMBER": twilio.number,
            "TWILIO_API_URL": twilio.url,
            **settings,
        }
        self._plugins = list(plugins)
        self._made: list[Flask] = []

    def make(
        self,
        *,
        plugins: Iterable[tuple[str, object]] | None = None,
        fresh: bool = False,
        **settings: Any,
    ) -> Flask:
        """An app with `settings` over those of the test; `fresh`: made now, whatever lies ready."""
        app = self._shelf.take(
            {**self._settings, **settings},
            self._instance,
            self._plugins if plugins is None else plugins,
            fresh=fresh,
        )
        self._made.append(app)
        make_tables_of_plugins(app)
        return app

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for app in self._made:
            self._shelf.put_back(app)
