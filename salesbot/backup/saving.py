"""Making a backup: one moment of the database, with everything that the rows need, in one file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from flask import current_app

from salesbot import clock, disk
from salesbot.backup import rows
from salesbot.backup.archive import Manifest, TableEntry, Writer
from salesbot.backup.room import in_words, need_room
from salesbot.config import DEMO_SIGN_IN
from salesbot.database import db, reading, vault
from salesbot.errors import BackupError
from salesbot.migrations.support import OWN_TABLES, VERSION_TABLE
from salesbot.services import keyring, shop

Tell = Callable[[str], object]


@dataclass
class Saved:
    """What is in a backup that was made, and what is not."""

    path: Path
    size: int = 0
    tables: dict[str, int] = field(default_factory=dict)
    files: int = 0
    left_out: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)


@contextmanager
def snapshot() -> Iterator[sa.Connection]:
    """A connection that sees the database as it is at this moment, and holds nobody up."""
    with reading(), db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        sa.inspect(connection).get_table_names()  # the moment is that of the first question
        yield connection


def save(connection: sa.Connection, path: Path, passphrase: str, tell: Tell = lambda line: None) -> Saved:
    """Writes the backup to `path`, which appears when it is whole. `connection` is a `snapshot`."""
    before = vault.keyring.words
    _refuse_path(path)
    schema = MigrationContext.configure(connection).get_current_revision()
    if schema is None:
        raise BackupError("There is no shop in this database yet, so there is nothing to back up.")
    keyring.check(connection)
    saved = Saved(path)
    tables = _survey(connection, saved)
    uploads, uploads_bytes = _uploads()
    manifest = Manifest(
        shop=str(shop.setting("SHOP_NAME")),
        salesbot=version("salesbot"),
        schema=schema,
        database=connection.dialect.name,
        made_at=clock.now().isoformat(timespec="seconds"),
        tables=[entry for entry, _columns in tables],
        database_bytes=_database_bytes(connection, [entry.name for entry, _columns in tables]),
        uploads_bytes=uploads_bytes,
    )
    # What is written is smaller: rows without their indexes, pressed together, and the uploads.
    need_room({path.parent: manifest.database_bytes + manifest.uploads_bytes}, "a backup")
    try:
        with disk.whole_file(path) as file, Writer(file, passphrase) as writer:
            writer.manifest(manifest)
            _add_secrets(writer, before)
            digests = {
                entry.name: _add_rows(connection, writer, entry, columns, tell) for entry, columns in tables
            }
            for name, upload in uploads.items():
                with suppress(FileNotFoundError):  # it was deleted meanwhile, for no row needed it
                    writer.file(name, upload)
                    saved.files += 1
            writer.end(digests)
            saved.size = file.tell()
    except OSError as exc:
        raise in_words(exc, f"{path} was not written.") from exc
    saved.tables = {entry.name: entry.rows for entry, _columns in tables}
    return saved


def _refuse_path(path: Path) -> None:
    if path.exists():
        raise BackupError(
            f"{path} exists already, and a backup never overwrites anything. Choose another name."
        )
    if not path.parent.is_dir():
        raise BackupError(f"The folder {path.parent} does not exist.")
    if uploads_folder() in path.resolve().parents:
        raise BackupError("A backup can't lie among the uploads, which are a part of it.")


def _survey(connection: sa.Connection, saved: Saved) -> list[tuple[TableEntry, list[rows.Column]]]:
    """The tables that go into the backup, the core's first; what can't is noted in `saved`."""
    names = set(sa.inspect(connection).get_table_names()) - {VERSION_TABLE}
    found = []
    for name in sorted(names, key=lambda name: (name not in OWN_TABLES, name)):
        columns = rows.columns_of(connection, name)
        odd = [column.name for column in columns if column.kind is None]
        if odd or not re.fullmatch(r"\w+", name):
            what = f"its column {odd[0]} is of a kind" if odd else "its name is one"
            saved.left_out[name] = f"{what} that only this database knows"
            continue
        if name not in OWN_TABLES and name not in db.metadata.tables:
            saved.unknown.append(name)
        kinds = [(column.name, column.kind or "") for column in columns]
        entry = TableEntry(name, kinds, rows.count(connection, name), name in OWN_TABLES)
        found.append((entry, columns))
    return found


def _uploads() -> tuple[dict[str, Path], int]:
    """Every uploaded file by its name in the instance folder, and their bytes; without half written ones."""
    folder = uploads_folder()
    found: dict[str, Path] = {}
    size = 0
    for path in sorted(folder.rglob("*")):
        with suppress(FileNotFoundError):
            if path.is_file() and not path.name.endswith(disk.UNFINISHED):
                size += path.stat().st_size
                found[f"uploads/{path.relative_to(folder).as_posix()}"] = path
    return found, size


def uploads_folder() -> Path:
    """Where everything is that staff have uploaded."""
    return Path(current_app.instance_path).resolve() / "uploads"


def _database_bytes(connection: sa.Connection, names: list[str]) -> int:
    if connection.dialect.name == "sqlite":
        pages = connection.scalar(sa.text("PRAGMA page_count")) or 0
        return int(pages * (connection.scalar(sa.text("PRAGMA page_size")) or 0))
    size = sa.text(
        "SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class WHERE relname = ANY(:names)"
    )
    return int(connection.scalar(size, {"names": names}) or 0)


def _add_secrets(writer: Writer, before: list[str]) -> None:
    """What cannot be made anew. The keyring is that of before and of now: it may be changing."""
    words = vault.keyring.words
    words += [word for word in before if word not in words]
    writer.small("keyring", "\n".join(words).encode() + b"\n")
    writer.small("session_secret", str(current_app.config["SESSION_SECRET"]).encode() + b"\n")
    for name in ("config.py", DEMO_SIGN_IN):
        file = Path(current_app.instance_path) / name
        if file.is_file():
            writer.small(name, file.read_bytes())


def _add_rows(
    connection: sa.Connection, writer: Writer, entry: TableEntry, columns: list[rows.Column], tell: Tell
) -> str:
    tally = rows.Tally(entry.columns)
    for batch in rows.read(connection, entry.name, columns):
        for row in batch:
            tally.add(row)
        writer.rows(entry.name, batch)
    if tally.rows:
        tell(f"  {entry.name:24} {tally.rows:>9,}")
    return tally.digest
