"""What autogeneration needs to know about salesbot's own column types and about plugins' tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Literal

from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from salesbot.database import EncryptedText, Percent, UTCDateTime
from salesbot.models import ALL

OWN_TABLES = frozenset(model.__tablename__ for model in ALL)
VERSION_TABLE = "alembic_version"

FOLDER = Path(__file__).parent


@cache
def newest() -> str | None:
    """The version that this program needs."""
    scripts = ScriptDirectory(str(FOLDER))
    return scripts.get_current_head()


def include_object(item: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
    """Only the core's own tables: a plugin's models live in the same metadata and migrate apart."""
    return kind != "table" or name in OWN_TABLES


def render_item(kind: str, item: Any, autogen: Any) -> str | Literal[False]:
    """Writes our column types as what they are in the database."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, EncryptedText):
        return "sa.Text()"
    if kind == "type" and isinstance(item, Percent):
        return "sa.Integer()"
    return False


@contextmanager
def foreign_keys_off(connection: Connection) -> Iterator[None]:
    """On SQLite, rebuilding a table with foreign keys on would empty the tables that refer to it.

    They are off until the end, and then every reference is checked.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.dbapi_connection
    if driver is None:
        raise RuntimeError("the connection is closed")
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
        broken = driver.execute("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"rows refer to rows that are gone: {broken[:5]}")
    finally:
        driver.execute("PRAGMA foreign_keys=ON")
