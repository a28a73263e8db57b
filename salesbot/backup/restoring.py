"""Restoring a backup into an empty shop: all of it or nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from flask import current_app
from sqlalchemy.exc import DBAPIError

from salesbot import config, disk
from salesbot.backup.age import Opened
from salesbot.backup.archive import INSTANCE, UPLOADS, Contents, Reader, examine
from salesbot.backup.loading import Loader, leave_to_staff, refuse_unknown, target
from salesbot.backup.room import in_words, need_room
from salesbot.backup.saving import uploads_folder
from salesbot.config import DEMO_SIGN_IN
from salesbot.database import db, vault
from salesbot.errors import BackupError
from salesbot.vault import Keyring, words_of

CONFIG = "config.py"
KEPT_ASIDE = ".before-restore"
NOT_USED = ".from-backup"

Tell = Callable[[str], object]


@dataclass
class Restored:
    """What was restored, and what its owner should know."""

    contents: Contents
    tables: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def uploads(self) -> int:
        return sum(name.startswith(UPLOADS) for name in self.contents.files)


def look_into(path: Path, passphrase: str, without: Collection[str] = ()) -> tuple[Opened, Contents]:
    """Reads a whole backup and says why it can't be restored here (BackupError), touching nothing."""
    try:
        opened = Opened(path, passphrase)
        contents = examine(opened)
    except OSError as exc:
        raise in_words(exc, "Nothing is restored.") from exc
    refuse_unknown(contents.manifest, without)
    _refuse_keyring(contents)
    _refuse_uploads(contents)
    instance = Path(current_app.instance_path)
    need = {instance: contents.manifest.uploads_bytes}
    if db.engine.dialect.name == "sqlite":
        # The file, and the journal in which its pages stand until the end.
        folder = Path(db.engine.url.database or "").resolve().parent
        need[folder] = need.get(folder, 0) + 2 * contents.manifest.database_bytes
    need_room(need, "this backup")
    return opened, contents


def restore(opened: Opened, contents: Contents, *, without: Collection[str] = (), tell: Tell) -> Restored:
    """Fills the empty shop; BackupError when something is in the way, and then it is empty as before."""
    restored = Restored(contents)
    with _staging() as staged, target() as connection:
        try:
            loader = Loader(connection, contents.manifest, contents.digests, without)
            Reader(rows=loader.take, file=staged.take).read(opened)
            restored.tables = loader.finish(tell)
            staged.check(contents)
            if waiting := leave_to_staff(connection):
                restored.notes.append(
                    f"Messages that were waiting to be sent at that moment: {waiting}. The old shop may have "
                    "sent them since, so none is sent from here until staff say so in the back office."
                )
            with staged.in_place(contents, restored.notes):
                connection.commit()
        except OSError as exc:
            raise in_words(exc, "Nothing is restored.") from exc
        except DBAPIError as exc:
            why = str(exc.orig).partition("\n")[0]
            raise BackupError(f"The database did not take the backup: {why}. Nothing is restored.") from exc
    return restored


def _refuse_keyring(contents: Contents) -> None:
    """A keyring that is set must read what the backup holds; one in a file is replaced."""
    if vault.file is not None:
        return
    needed = Keyring(words_of(contents.small["keyring"].decode())).keys
    if not set(needed) <= set(vault.keyring.keys):
        raise BackupError(
            "SALESBOT_KEYRING (or KEYRING in config.py) is set here and lacks keys of this backup. Unset it "
            "and restore: the backup's keyring is then written to the instance folder, and you may move "
            "it from there to wherever you keep yours."
        )


def _refuse_uploads(contents: Contents) -> None:
    folder = uploads_folder()
    ours = {name.removeprefix(UPLOADS) for name in contents.files if name.startswith(UPLOADS)}
    foreign = [
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path.relative_to(folder).as_posix() not in ours
        and not path.name.endswith(disk.UNFINISHED)
    ]
    if foreign:
        raise BackupError(
            f"{folder} holds files of another shop, such as {foreign[0].name}. A backup goes into an empty "
            "shop only. Name a new folder: SALESBOT_INSTANCE=/path/to/new-folder salesbot restore FILE"
        )


@contextmanager
def _staging() -> Iterator[Staged]:
    """A folder for files that are not yet in their places; nothing is left of it."""
    instance = Path(current_app.instance_path).resolve()
    for left_behind in instance.glob(".restoring-*"):  # by a restore that was killed
        shutil.rmtree(left_behind)
    folder = Path(tempfile.mkdtemp(prefix=".restoring-", dir=instance))
    try:
        yield Staged(instance, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Staged:
    """The backup's files beside their places, and how they get there."""

    def __init__(self, instance: Path, folder: Path) -> None:
        self._instance = instance
        self._folder = folder
        self._digests: dict[str, str] = {}

    def take(self, name: str, pieces: Iterator[bytes]) -> None:
        """Writes down one upload."""
        path = self._folder / "uploads" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        digest = sha256()
        with disk.whole_file(path) as file:
            for piece in pieces:
                digest.update(piece)
                file.write(piece)
        self._digests[UPLOADS + name] = digest.hexdigest()

    def check(self, contents: Contents) -> None:
        """BackupError when a file is not what it was."""
        for name, content in contents.small.items():
            self._digests[INSTANCE + name] = sha256(content).hexdigest()
        if self._digests != contents.files:
            raise BackupError("The backup does not hold all the files of the shop. Nothing is restored.")

    @contextmanager
    def in_place(self, contents: Contents, notes: list[str]) -> Iterator[None]:
        """Puts all files where they belong, and takes them back when the block fails."""
        undo: list[Callable[[], object]] = []
        try:
            for folder in {self._move(name, undo) for name in self._digests if name.startswith(UPLOADS)}:
                disk.sync_folder(folder)
            for name, text in self._secrets(contents, notes).items():
                self._replace(name, text, notes, undo)
            yield
        except BaseException:
            for step in reversed(undo):
                step()
            raise

    def _move(self, name: str, undo: list[Callable[[], object]]) -> Path:
        """Puts one upload in its place, and says in which folder that is."""
        place = self._instance / name.removeprefix(INSTANCE)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(self._folder / name.removeprefix(INSTANCE), place)  # also onto another disk
        undo.append(lambda: place.unlink(missing_ok=True))
        return place.parent

    def _secrets(self, contents: Contents, notes: list[str]) -> dict[str, bytes]:
        """The small files by the name that each gets here."""
        found = {name: text for name, text in contents.small.items() if name in {DEMO_SIGN_IN, CONFIG}}
        if vault.file is not None:
            found["keyring"] = contents.small["keyring"]
        if (self._instance / "session_secret").exists():  # there is none when it is set elsewhere
            found["session_secret"] = contents.small["session_secret"]
        if CONFIG in found and self._is_for_elsewhere(found[CONFIG]):
            found[CONFIG + NOT_USED] = found.pop(CONFIG)
            notes.append(
                f"The backup's config.py is in {self._instance / (CONFIG + NOT_USED)}: there is one here "
                "already, or it names another database. Take from it what you need."
            )
        return found

    def _is_for_elsewhere(self, content: bytes) -> bool:
        """Whether this shop would be another one with that config.py."""
        own = self._instance / CONFIG
        if own.exists():
            return own.read_bytes() != content
        path = self._folder / CONFIG
        path.write_bytes(content)
        named = config.instance_file(path).get("DATABASE_URL")
        fixed = "DATABASE_URL" in current_app.config["FIXED"]
        return bool(named) and not fixed and named != current_app.config["DATABASE_URL"]

    def _replace(self, name: str, content: bytes, notes: list[str], undo: list[Callable[[], object]]) -> None:
        place = self._instance / name
        before = place.read_bytes() if place.exists() else None
        if before == content:
            return
        if name == "keyring" and before is not None:
            aside = place.with_name(name + KEPT_ASIDE)
            kept = aside.read_bytes() if aside.exists() else b""
            disk.write_whole(aside, before + kept)
            notes.append(f"The keyring that stood here before is kept in {aside}.")
        disk.write_whole(place, content)
        if before is None:
            undo.append(place.unlink)
        else:
            undo.append(lambda: disk.write_whole(place, before))
