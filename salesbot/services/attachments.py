"""Files that staff send into a chat, kept in the instance folder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import IO

from salesbot import clock
from salesbot.database import vault
from salesbot.errors import NotSent, SalesbotError
from salesbot.services import documents, file_names, uploads

_STORED = "attachment:"
_FORM = re.compile(r"attachment:([0-9a-f]{32}\.[a-z0-9]{1,10})/(.*)", re.DOTALL)
_PURPOSE = "attachment"
HOURS = 5
"""How long one can be fetched for a chat: messages may wait at Twilio for four hours."""


def folder() -> Path:
    """Where they are."""
    return uploads.folder("sent")


def keep(source: IO[bytes], filename: str) -> tuple[str, str]:
    """Keeps a file; what stands for it in a message, and its content type.

    SalesbotError says why WhatsApp does not take it.
    """
    name = file_names.kept_as(filename)
    stored = uploads.keep_in(folder(), source, name)
    kind = documents.content_type(folder() / stored, name)
    if kind is None:
        (folder() / stored).unlink()
        raise SalesbotError(
            "WhatsApp takes JPEG and PNG pictures up to 5 MB, "
            "and PDF, Office, sound and MP4 files up to 16 MB"
        )
    return f"{_STORED}{stored}/{name}", kind


def is_attachment(stored: str) -> bool:
    """Whether this stands in a message for a file of staff."""
    return stored.startswith(_STORED)


def among(media: Iterable[Mapping[str, str]]) -> list[str]:
    """Those of a message's media that are files of staff."""
    return [item["url"] for item in media if is_attachment(item.get("url", ""))]


def remove(stored: Iterable[str]) -> None:
    """Removes such files; one that is gone already is no trouble."""
    for one in stored:
        found = _FORM.fullmatch(one)
        if found:
            (folder() / found[1]).unlink(missing_ok=True)


def name_of(stored: str) -> str:
    """The name that staff gave the file; "" when it is none of theirs."""
    found = _FORM.fullmatch(stored)
    return found[2] if found else ""


def path(stored: str) -> str:
    """Where it can be fetched for a chat, for some hours."""
    until = clock.now() + timedelta(hours=HOURS)
    return f"/media/sent/{vault.sign(_PURPOSE, [stored, int(until.timestamp())])}"


def fetched(word: str) -> str | None:
    """What `path` is for, None when its hours are over; BadLink when it was not made here."""
    stored, until = vault.unsign(_PURPOSE, word)
    return str(stored) if until > clock.now().timestamp() else None


def file_of(stored: str) -> Path:
    """The file itself; NotSent when it is not there (any more)."""
    found = _FORM.fullmatch(stored)
    file = folder() / found[1] if found else None
    if file is None or not file.is_file():
        raise NotSent("the file is not here any more")
    return file


def read(stored: str) -> tuple[bytes, str]:
    """The bytes and the content type; NotSent when it is not there (any more)."""
    file = file_of(stored)
    return file.read_bytes(), documents.content_type(file, name_of(stored)) or "application/octet-stream"
