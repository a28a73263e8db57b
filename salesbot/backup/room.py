"""Room on the disk: asked for before anything is written, and what is said when there is none."""

from __future__ import annotations

from pathlib import Path

from salesbot import disk
from salesbot.errors import BackupError


def need_room(folders: dict[Path, int], what: str) -> None:
    """BackupError when that many bytes would fill a disk; folders on one disk share it."""
    needs: dict[int, tuple[Path, int]] = {}
    for folder, size in folders.items():
        device = folder.stat().st_dev
        needs[device] = (folder, needs.get(device, (folder, 0))[1] + size)
    for folder, size in needs.values():
        free = disk.free_bytes(folder)
        if free < size + disk.RESERVE:
            raise BackupError(
                f"There is too little room for {what} in {folder}: {disk.size_in_words(free)} are free, and "
                f"{disk.size_in_words(size + disk.RESERVE)} may be needed. Nothing was written. Make room, "
                "or choose another disk."
            )


def in_words(exc: OSError, outcome: str) -> BackupError:
    """What went wrong with a file, for whoever runs the shop; `outcome` is what it means for them."""
    if isinstance(exc, BlockingIOError):
        return BackupError(f"Another backup is being written to the same file at this moment. {outcome}")
    if disk.is_full(exc):
        return BackupError(f"The disk is full. {outcome} Make room and try again.")
    return BackupError(
        f"{exc.filename or 'A file'} can't be read or written: {exc.strerror or exc}. {outcome}"
    )
