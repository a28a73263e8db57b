"""Whether the keyring fits the database, and which columns are encrypted with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from salesbot.database import EncryptedText, db, table, vault
from salesbot.errors import KeyringError
from salesbot.models import LicenceKey, ShopSetting

CANARY = "keyring"
"""The setting that holds a known text, encrypted: where it can't be read, the keyring is wrong."""
_KNOWN = "this keyring is right"
_SETTING = table(ShopSetting)


@dataclass(frozen=True)
class Held:
    """A column whose values are encrypted, and the column of their digests when there is one."""

    table: sa.TableClause
    ids: tuple[sa.ColumnClause[Any], ...]
    secret: sa.ColumnClause[str]
    digest: sa.ColumnClause[str] | None
    only: sa.ColumnElement[bool] | None = None

    @property
    def there(self) -> sa.ColumnElement[bool]:
        """What is true of the rows that hold a value."""
        present = self.secret.is_not(None)
        return present if self.only is None else sa.and_(present, self.only)


def check(connection: sa.Connection | None = None) -> None:
    """KeyringError, saying what to do, when the database was encrypted with other keys. Only reads."""
    connection = connection or db.session.connection()
    canary = connection.scalar(sa.select(_SETTING.c.value).where(_SETTING.c.name == CANARY))
    found = [canary] if canary is not None else _samples(connection)
    if any(vault.key_of(stored) is None for stored in found):
        raise KeyringError(_wrong())


def ensure() -> None:
    """`check`, and from then on there is something to check. Flush only."""
    check()
    if db.session.get(ShopSetting, CANARY) is None:
        try:
            with db.session.begin_nested():
                db.session.add(ShopSetting(name=CANARY, value=vault.encrypt(_KNOWN)))
        except IntegrityError:  # another process that starts at the same moment was first
            check()


def _wrong() -> str:
    place = str(vault.file) if vault.file else "SALESBOT_KEYRING"
    return (
        f"The keyring in {place} does not fit this database: what is encrypted in it can't be read, "
        "so nothing is sold now. Put back the keyring that was there before, or the one in your "
        "backup of this shop, and start again. A keyring that is lost can't be made anew."
    )


def _samples(connection: sa.Connection) -> list[str]:
    """The newest value of each encrypted column."""
    found: list[str] = []
    for held in columns(connection):
        newest = sa.select(held.secret).where(held.there).order_by(*(one.desc() for one in held.ids))
        found += connection.scalars(newest.limit(1)).all()
    return found


def columns(connection: sa.Connection) -> list[Held]:
    """Every encrypted column of the core and of plugins whose tables are in this database."""
    there = set(sa.inspect(connection).get_table_names())
    digests = {table(LicenceKey).c.secret: "digest"}
    found = [
        _held(column, digests.get(column))
        for name, each in db.metadata.tables.items()
        if name in there
        for column in each.columns
        if isinstance(column.type, EncryptedText)
    ]
    setting = _held(_SETTING.c.value)
    return [*found, replace(setting, only=setting.table.c.name == CANARY)]


def _held(column: sa.Column[Any], digest: str | None = None) -> Held:
    """The column as it is in the database, so that nothing is decrypted on the way."""
    raw = sa.table(
        column.table.name,
        *(sa.column(one.name, sa.Text() if one is column else one.type) for one in column.table.columns),
    )
    ids = tuple(raw.c[one.name] for one in column.table.primary_key)
    return Held(raw, ids, raw.c[column.name], raw.c[digest] if digest else None)
