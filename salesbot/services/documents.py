"""Which files WhatsApp takes as a document in the chat: by their kind, looked at, and by their size."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from salesbot.services.file_names import ending

LARGEST = 16_000_000
LARGEST_PICTURE = 5_000_000
_LOOK = 64
_OFFICE = "application/vnd.openxmlformats-officedocument."
_ZIP, _OLE = (b"PK\x03\x04",), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)


@dataclass(frozen=True)
class _Kind:
    """A kind of file: how it begins, from the byte `at` on, and how many bytes of it WhatsApp takes."""

    content_type: str
    begins: tuple[bytes, ...]
    at: int = 0
    largest: int = LARGEST


_JPEG = _Kind("image/jpeg", (b"\xff\xd8\xff",), largest=LARGEST_PICTURE)
_KINDS = {
    ".pdf": _Kind("application/pdf", (b"%PDF-",)),
    ".doc": _Kind("application/msword", _OLE),
    ".xls": _Kind("application/vnd.ms-excel", _OLE),
    ".ppt": _Kind("application/vnd.ms-powerpoint", _OLE),
    ".docx": _Kind(_OFFICE + "wordprocessingml.document", _ZIP),
    ".xlsx": _Kind(_OFFICE + "spreadsheetml.sheet", _ZIP),
    ".pptx": _Kind(_OFFICE + "presentationml.presentation", _ZIP),
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".png": _Kind("image/png", (b"\x89PNG\r\n\x1a\n",), largest=LARGEST_PICTURE),
    ".mp4": _Kind("video/mp4", (b"ftyp",), 4),
    ".3gp": _Kind("video/3gpp", (b"ftyp",), 4),
    ".mp3": _Kind("audio/mpeg", (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")),
    # Of what an .ogg may hold, WhatsApp plays Opus only.
    ".ogg": _Kind("audio/ogg", (b"OpusHead",), 28),
    ".aac": _Kind("audio/aac", (b"\xff\xf1", b"\xff\xf9")),
    ".amr": _Kind("audio/amr", (b"#!AMR",)),
}
"""What Twilio's list of types and WhatsApp's own have in common; never .zip, .epub or .txt."""


def content_type(path: Path, name: str) -> str | None:
    """The type under which a file may go into the chat, or None when it must be a link.

    A file that is not what its name says would be refused only after the message was sent.
    """
    kind = _KINDS.get(ending(name))
    if kind is None:
        return None
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            beginning = file.read(_LOOK)
    except OSError:
        return None
    if not 0 < size <= kind.largest or not beginning[kind.at :].startswith(kind.begins):
        return None
    return kind.content_type
