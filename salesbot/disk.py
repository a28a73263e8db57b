"""Files that are written whole or not at all, and how much room there is for them."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

RESERVE = 64 * 10**6
"""Bytes that stay free: a shop whose disk is full can't sell."""
UNFINISHED = ".partial"
"""How the name of a file ends while it is being written."""


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file for the owner's eyes that stands at `path` only when all of it is on the disk.

    OSError when it cannot be written; then nothing is left of it. BlockingIOError when somebody
    else is writing it.
    """
    unfinished = path.with_name(path.name + UNFINISHED)
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        _claim(handle)
        try:
            file.truncate()
            yield file
            file.flush()
            os.fsync(handle)
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            with suppress(OSError):  # what did not fit is tried once more, and fails again
                file.close()
            raise
    sync_folder(path.parent)


def write_whole(path: Path, content: bytes | str) -> None:
    """Replaces a small file such as a secret."""
    with whole_file(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder last through a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def free_bytes(folder: Path) -> int:
    """How much can still be written to the disk that a folder is on."""
    return shutil.disk_usage(folder).free


def is_full(exc: OSError) -> bool:
    """Whether there was no room, or no more of it for this user."""
    return exc.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def size_in_words(count: int) -> str:
    """A number of bytes as people say it."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"


def _claim(handle: int) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError as exc:
        # Some network shares know no locks; two backups into one file at once are then not noticed.
        if exc.errno not in {errno.ENOLCK, errno.ENOTSUP, errno.EINVAL}:
            raise
