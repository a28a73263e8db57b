"""Writes ZIP files that are the same, byte for byte, each time."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

MADE = datetime(2026, 1, 1, tzinfo=UTC)


def write_zip(target: Path, files: Mapping[str, bytes | str], how: Mapping[str, int] | None = None) -> None:
    """Pack `files` in their order; `how` names those that are not to be deflated."""
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, MADE.timetuple()[:6])
            entry.external_attr = 0o644 << 16
            entry.compress_type = (how or {}).get(name, zipfile.ZIP_DEFLATED)
            archive.writestr(entry, content, compresslevel=9)
