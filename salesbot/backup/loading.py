"""Putting the rows of a backup into an empty database, in one transaction that somebody else ends."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from flask import current_app

from salesbot.backup import rows
from salesbot.backup.archive import Manifest, TableEntry
from salesbot.database import db, table
from salesbot.errors import BackupError
from salesbot.migrations.support import FOLDER, OWN_TABLES, VERSION_TABLE, foreign_keys_off, newest
from salesbot.models import Message
from salesbot.models.conversations import OUTBOX_STATES
from salesbot.services.keyring import CANARY

_MAY_HOLD_ROWS = {"shop_revision", "plugin_failure"}
"""Tables that a shop fills by itself before anybody has used it."""
MAYBE_SENT = "it was waiting when the backup was made, and may have been sent since"
_VERSION_COLUMNS = [("version_num", "text")]

Tell = Callable[[str], object]


@contextmanager
def target() -> Iterator[sa.Connection]:
    """A connection on which nothing is kept until it is committed; rows may come in any order."""
    with db.engine.connect() as connection, foreign_keys_off(connection):
        yield connection


def refuse_unknown(manifest: Manifest, without: Collection[str]) -> None:
    """BackupError when this program can't restore all that is in there."""
    scripts = ScriptDirectory(str(FOLDER))
    known = {script.revision for script in scripts.walk_revisions()}
    if manifest.schema not in known:
        raise BackupError(
            f"This backup was made by salesbot {manifest.salesbot}, whose database has a version that is not "
            f"known here ({manifest.schema}). Install salesbot {manifest.salesbot} or a newer one."
        )
    homeless = [
        entry
        for entry in manifest.tables
        if not _has_home(entry) and entry.rows and entry.name not in without
    ]
    if homeless:
        told = ", ".join(f"{entry.name} ({entry.rows} rows)" for entry in homeless)
        options = " ".join(f"--without {entry.name}" for entry in homeless)
        raise BackupError(
            f"This backup holds tables of plugins that are not installed or not switched on here: {told}. "
            f"Install them and restore again, or leave these rows out with {options}."
        )


def _has_home(entry: TableEntry) -> bool:
    return entry.core or entry.name in db.metadata.tables or entry.columns == _VERSION_COLUMNS


class Loader:
    """Takes a backup's rows in the order in which they come, the core's first, and checks each table."""

    def __init__(
        self, connection: sa.Connection, manifest: Manifest, digests: dict[str, str], without: Collection[str]
    ) -> None:
        """Empties the empty database and makes its tables anew, as they were for the backup."""
        self._connection = connection
        self._digests = digests
        self._wanted = {
            entry.name: entry
            for entry in manifest.tables
            if entry.name not in without and (entry.rows or _has_home(entry))
        }
        _refuse_rows(connection)
        self._dropped = _drop(connection, self._wanted)
        _migrate(connection, manifest.schema)
        self._newest = False
        self._table: rows.Table | None = None
        self._tallies: dict[str, rows.Tally] = {}
        self._mended = _constraints_wait(connection, self._wanted)

    def take(self, name: str, values: list[rows.Values]) -> None:
        """Puts some rows of a table into it."""
        entry = self._wanted.get(name)
        if entry is None:
            return
        if not entry.core and not self._newest:
            self._to_newest()
        if self._table is None or self._table.name != name:
            self._table = rows.Table(self._connection, name, entry.columns)
        tally = self._tallies.setdefault(name, rows.Tally(entry.columns))
        for row in values:
            tally.add(row)
        self._table.put(values)

    def finish(self, tell: Tell) -> dict[str, int]:
        """Checks everything once more; how many rows each table holds now."""
        if not self._newest:
            self._to_newest()
        self._check(core=False)
        _constraints_hold(self._connection, self._mended)
        _set_sequences(self._connection)
        for name, tally in self._tallies.items():
            tell(f"  {name:24} {tally.rows:>9,}")
        return {name: tally.rows for name, tally in self._tallies.items()}

    def _to_newest(self) -> None:
        """From the backup's version to this program's; a plugin's tables are made as the plugin has them."""
        self._check(core=True)
        _constraints_hold(self._connection, self._mended)
        _migrate(self._connection, newest() or "head")
        _create_others(self._connection, self._wanted, self._dropped)
        self._mended = _constraints_wait(self._connection, self._wanted)
        self._newest = True

    def _check(self, *, core: bool) -> None:
        """What is in the database now must be what was in the other one."""
        for name, entry in self._wanted.items():
            if entry.core != core:
                continue
            came = self._tallies.get(name) or rows.Tally(entry.columns)
            there = {column.name: column for column in rows.columns_of(self._connection, name)}
            columns = [there[column] for column, _kind in entry.columns]
            found = rows.Tally((column.name, column.kind) for column in columns)
            for batch in rows.read(self._connection, name, columns):
                for row in batch:
                    found.add(row)
            if (came.rows, came.digest) != (entry.rows, self._digests.get(name)):
                raise BackupError(f"The backup does not hold all rows of {name}. Nothing is restored.")
            if (found.rows, found.digest) != (came.rows, came.digest):
                raise BackupError(
                    f"The database did not keep the rows of {name} as they were. Nothing is restored."
                )


def leave_to_staff(connection: sa.Connection) -> int:
    """Messages that were waiting may have been sent by the old shop since; how many staff must decide on."""
    message = table(Message)
    found = connection.execute(
        sa.update(message)
        .where(message.c.state.in_(OUTBOX_STATES))
        .values(state="unknown", send_at=None, claimed_at=None, error=MAYBE_SENT)
    )
    return found.rowcount


def _refuse_rows(connection: sa.Connection) -> None:
    present = set(sa.inspect(connection).get_table_names())
    held = []
    for name in sorted(present & (OWN_TABLES | set(db.metadata.tables)) - _MAY_HOLD_ROWS):
        counted = sa.select(sa.func.count()).select_from(sa.table(name))
        if name == "shop_setting":
            counted = counted.where(sa.column("name") != CANARY)
        if number := connection.scalar(counted):
            held.append(f"{number} rows of {name}")
    if held:
        more = f" and more in {len(held) - 3} tables" if held[3:] else ""
        raise BackupError(
            f"This shop is not empty: it holds {', '.join(held[:3])}{more}. A backup goes into an "
            "empty shop only, so that nothing is overwritten. Name a new folder, and in DATABASE_URL "
            "an empty database if you use PostgreSQL: "
            "SALESBOT_INSTANCE=/path/to/new-folder salesbot restore FILE"
        )


def _drop(connection: sa.Connection, wanted: Collection[str]) -> frozenset[str]:
    """Removes empty tables, which may be of another version than the backup; their names."""
    there = sa.MetaData()
    names = (OWN_TABLES | set(db.metadata.tables) | set(wanted) | {VERSION_TABLE}) & set(
        sa.inspect(connection).get_table_names()
    )
    there.reflect(connection, only=sorted(names), resolve_fks=False)
    there.drop_all(connection)
    return names


def _migrate(connection: sa.Connection, schema: str) -> None:
    config = current_app.extensions["migrate"].migrate.get_config(str(FOLDER))
    config.attributes["connection"] = connection
    command.upgrade(config, schema)


def _create_others(connection: sa.Connection, wanted: dict[str, TableEntry], dropped: frozenset[str]) -> None:
    present = set(sa.inspect(connection).get_table_names())
    for each in db.metadata.sorted_tables:
        if each.name not in present and (each.name in wanted or each.name in dropped):
            each.create(connection)
    for name, entry in wanted.items():
        if name not in present and name not in db.metadata.tables and entry.columns == _VERSION_COLUMNS:
            column = sa.Column("version_num", sa.String(32), primary_key=True)
            sa.Table(name, sa.MetaData(), column).create(connection)


def _constraints_wait(connection: sa.Connection, names: Collection[str]) -> list[tuple[str, str]]:
    """Lets PostgreSQL look at references at the end; (table, constraint) of those that were changed."""
    if connection.dialect.name != "postgresql":
        return []
    found = connection.execute(
        sa.text(
            "SELECT quote_ident(relname), quote_ident(conname) FROM pg_constraint "
            "JOIN pg_class ON pg_class.oid = conrelid WHERE contype = 'f' AND NOT condeferrable "
            "AND relnamespace = current_schema()::regnamespace AND relname = ANY(:names)"
        ),
        {"names": list(names)},
    )
    changed = [(where, name) for where, name in found]
    for where, name in changed:
        connection.execute(
            sa.text(f"ALTER TABLE {where} ALTER CONSTRAINT {name} DEFERRABLE INITIALLY DEFERRED")
        )
    connection.execute(sa.text("SET CONSTRAINTS ALL DEFERRED"))
    return changed


def _constraints_hold(connection: sa.Connection, changed: list[tuple[str, str]]) -> None:
    """Looks at every reference now; BackupError when one leads nowhere."""
    try:
        if connection.dialect.name == "sqlite":
            broken = connection.execute(sa.text("PRAGMA foreign_key_check")).fetchall()
            if broken:
                raise BackupError(f"Rows of {broken[0][0]} refer to rows that are not in the backup.")
            return
        connection.execute(sa.text("SET CONSTRAINTS ALL IMMEDIATE"))
    except sa.exc.IntegrityError as exc:
        why = str(exc.orig).partition("\n")[0]
        raise BackupError(f"Rows refer to rows that are not in the backup: {why}") from exc
    for where, name in changed:
        connection.execute(sa.text(f"ALTER TABLE {where} ALTER CONSTRAINT {name} NOT DEFERRABLE"))


def _set_sequences(connection: sa.Connection) -> None:
    """New rows get numbers after those that were restored; SQLite sees to it by itself."""
    if connection.dialect.name != "postgresql":
        return
    columns = connection.execute(
        sa.text(
            "SELECT quote_ident(table_name), column_name, quote_ident(column_name) "
            "FROM information_schema.columns WHERE table_schema = current_schema() "
            "AND pg_get_serial_sequence(quote_ident(table_name), column_name) IS NOT NULL"
        )
    )
    for where, name, quoted in columns.all():
        connection.execute(
            sa.text(
                f"SELECT setval(pg_get_serial_sequence(:table, :name), coalesce(max({quoted}), 1), "  # noqa: S608
                f"max({quoted}) IS NOT NULL) FROM {where}"
            ),
            {"table": where, "name": name},
        )
