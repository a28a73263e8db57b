"""Shops for tests: databases that are migrated once and copied, and apps on them."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from unittest.mock import patch

from flask import Flask
from flask_migrate import upgrade

from salesbot import logs
from salesbot.app import create_app
from salesbot.config import OPTIONS, PREFIX
from salesbot.database import db
from salesbot.migrations.support import FOLDER

if TYPE_CHECKING:
    from salesbot.testing.twilio import StandIn

FILE = "salesbot.db"
_set_up = logs.set_up
QUICK = {"BACK_OFFICE": False, "LOG_LEVEL": "INFO"}


def migrate(url: str, folder: Path) -> None:
    """Brings an empty database to this program's version; `folder` may be thrown away afterwards."""
    app = create_app({**QUICK, "ENTRY_POINTS": False, "DATABASE_URL": url}, instance_path=folder)
    with app.app_context():
        upgrade(directory=str(FOLDER))
    close(app)


def migrated_file(folder: Path) -> Path:
    """A migrated SQLite database in one file."""
    path = folder / FILE
    migrate(f"sqlite:///{path}", folder / "instance")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def copied(template: Path, folder: Path) -> str:
    """The address of a copy of a database file in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{shutil.copy(template, folder / FILE)}"


def option_names() -> list[str]:
    """The environment's names of all settings."""
    return [PREFIX + option.name for option in OPTIONS] + [o.name for o in OPTIONS if o.customary]


def close(app: Flask) -> None:
    """Lets an app's connections go."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


class Apps:
    """The apps of one test, all on one database and instance folder; closed together."""

    def __init__(
        self,
        instance: Path,
        database: str,
        twilio: StandIn,
        settings: Mapping[str, Any],
        plugins: Iterable[tuple[str, object]],
    ) -> None:
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

    def make(self, *, plugins: Iterable[tuple[str, object]] | None = None, **settings: Any) -> Flask:
        """An app with `settings` over those of the test."""
        with patch.object(logs, "set_up", _log_to_pytest):
            app = create_app(
                {**self._settings, **settings},
                instance_path=self._instance,
                plugins=self._plugins if plugins is None else plugins,
            )
        self._made.append(app)
        return app

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for app in self._made:
            close(app)


def _log_to_pytest(level: str, form: str) -> None:
    """Hands log lines to pytest, which shows them when a test fails, and to its `caplog`."""
    _set_up(level, form)
    logger = logging.getLogger("salesbot")
    logger.handlers.clear()
    logger.propagate = True
