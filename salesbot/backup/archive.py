"""What is in a backup: a tar of a manifest, the shop's own files, rows in pieces, and what all add up to."""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Self, cast

from salesbot.backup.age import Opened, Sealed, Stream
from salesbot.errors import BackupError

FORMAT = 1
MANIFEST = "manifest.json"
END = "end.json"
INSTANCE = "instance/"
UPLOADS = "instance/uploads/"
_ROWS = re.compile(r"rows/(\w+)/\d+\.jsonl\.gz")
_PIECE = 64 * 1024
_SMALL = 256 * 1024
"""Files of the instance folder that are no uploads are not larger."""


@dataclass(frozen=True)
class TableEntry:
    """A table as it was: (name, kind) of its columns, how many rows, whether it is the core's own."""

    name: str
    columns: list[tuple[str, str]]
    rows: int
    core: bool


@dataclass(frozen=True)
class Manifest:
    """What stands at the beginning: enough to see whether a backup can be restored here."""

    shop: str
    salesbot: str
    schema: str
    database: str
    made_at: str
    tables: list[TableEntry]
    database_bytes: int
    uploads_bytes: int
    format: int = FORMAT


@dataclass
class Contents:
    """A whole backup as the first reading of it found it: all but rows and uploads."""

    manifest: Manifest
    small: dict[str, bytes] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


class Writer:
    """Puts one thing after the other into a sealed file."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        self._sealed = Sealed(file, passphrase)
        stream = cast("IO[bytes]", self._sealed)  # all of it that a tar asks for
        self._tar = tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self._pieces: dict[str, int] = {}
        self.files: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._sealed.give_up()
            self._tar.close()  # or it would write its end when it is cleared away

    def manifest(self, manifest: Manifest) -> None:
        self._add(MANIFEST, json.dumps(asdict(manifest), indent=1).encode())

    def rows(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        """Adds some rows of a table."""
        number = self._pieces[table] = self._pieces.get(table, 0) + 1
        lines = b"".join(json.dumps(list(row), separators=(",", ":")).encode() + b"\n" for row in rows)
        self._add(f"rows/{table}/{number:06}.jsonl.gz", gzip.compress(lines, 5, mtime=0))

    def small(self, name: str, content: bytes) -> None:
        """Adds a file of the instance folder."""
        self._add(INSTANCE + name, content)
        self.files[INSTANCE + name] = sha256(content).hexdigest()

    def file(self, name: str, path: Path) -> None:
        """Adds a file of any size; BackupError when it changes meanwhile."""
        with path.open("rb") as file:
            counted = _Counted(file)
            info = _info(INSTANCE + name, path.stat().st_size)
            try:
                self._tar.addfile(info, counted)
            except OSError as exc:
                if exc.errno is not None:
                    raise
                raise BackupError(f"{path} changed while it was copied. Try again.") from exc
        self.files[INSTANCE + name] = counted.digest.hexdigest()

    def end(self, digests: dict[str, str]) -> None:
        """Ends the backup with what its parts add up to."""
        self._add(END, json.dumps({"tables": digests, "files": self.files}).encode())
        self._tar.close()
        self._sealed.close()

    def _add(self, name: str, content: bytes) -> None:
        self._tar.addfile(_info(name, len(content)), io.BytesIO(content))


class _Counted(io.RawIOBase):
    """A file that is read once, with a digest of what was read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._source = file
        self.digest = sha256()

    def read(self, size: int = -1) -> bytes:
        found = self._source.read(size)
        self.digest.update(found)
        return found


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info


@dataclass
class Reader:
    """What to do with each part of a backup while it is read from beginning to end."""

    rows: Callable[[str, list[Sequence[Any]]], None]
    file: Callable[[str, Iterator[bytes]], None]

    def read(self, opened: Opened) -> Contents:
        """Reads all of it; BackupError when it is not a backup, or not the whole of one."""
        stream = opened.stream()
        try:
            with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r|") as tar:
                contents = self._members(tar)
            _to_the_end(stream)
        except (tarfile.TarError, ValueError, KeyError, TypeError) as exc:
            raise BackupError(f"This is not a backup of a shop: {exc}") from exc
        finally:
            stream.close()
        if not contents.digests:
            raise BackupError("This backup has no end. Take another copy.")
        return contents

    def _members(self, tar: tarfile.TarFile) -> Contents:
        contents: Contents | None = None
        for info in tar:
            file = tar.extractfile(info)
            if file is None:
                continue
            if contents is None:
                contents = Contents(_manifest(info.name, file.read()))
            elif info.name == END:
                end = json.loads(file.read())
                contents.digests, contents.files = end["tables"], end["files"]
            elif found := _ROWS.fullmatch(info.name):
                self.rows(found[1], [json.loads(line) for line in gzip.decompress(file.read()).splitlines()])
            elif info.name.startswith(UPLOADS):
                self.file(_safe(info.name), _pieces(file))
            elif info.name.startswith(INSTANCE) and info.size <= _SMALL:
                contents.small[info.name.removeprefix(INSTANCE)] = file.read()
        if contents is None:
            raise BackupError("This backup is empty.")
        return contents


def examine(opened: Opened) -> Contents:
    """Reads a backup to its end without using any of it."""
    return Reader(rows=lambda table, rows: None, file=lambda name, pieces: None).read(opened)


def _manifest(name: str, content: bytes) -> Manifest:
    if name != MANIFEST:
        raise BackupError("This is not a backup of a shop: it begins with something else.")
    found = json.loads(content)
    if found["format"] != FORMAT:
        raise BackupError(
            f"This backup was made by salesbot {found.get('salesbot', '?')}, and this version does not know "
            "its form. Install that version or a newer one."
        )
    tables = [
        TableEntry(one["name"], [(name, kind) for name, kind in one["columns"]], one["rows"], one["core"])
        for one in found.pop("tables")
    ]
    return Manifest(tables=tables, **found)


def _safe(name: str) -> str:
    """The name below the uploads; nothing may be written elsewhere."""
    parts = name.removeprefix(UPLOADS).split("/")
    if any(part in {"", ".", ".."} or "\x00" in part for part in parts):
        raise BackupError(f"This backup holds a file with a name that can't be used: {name!r}")
    return "/".join(parts)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def _to_the_end(stream: Stream) -> None:
    while stream.read(_PIECE):
        pass
