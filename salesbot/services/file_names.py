"""Names of files as buyers keep them: in any language, and with nothing that a computer trips over."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 180
"""Bytes in UTF-8. File systems take 255, and a browser may add " (1)" and its own ending."""
FOR_WHATSAPP = 20
"""WhatsApp shows names of at most this many plain characters, without spaces."""

_NO_TEXT = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Control characters, those that turn the direction of writing, and what is no character at all."""
_JOINERS = "\u200c\u200d"
"""These look like the others and are spelling in Persian and Hindi."""
_TROUBLE = re.compile(r'[<>:"/\\|?*]')
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,10}$")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def kept_as(name: str) -> str:
    """The name under which a file is downloaded; "file" when nothing is left of it.

    Without control characters, without those that turn the direction of writing (by which a program
    can look like a picture), and without what Windows does not allow.
    """
    plain = "".join(letter for letter in unicodedata.normalize("NFC", name) if _is_plain(letter))
    stem, ending = _split(" ".join(_TROUBLE.sub("_", plain).split()).rstrip(" ."))
    stem = stem.strip(" .").encode()[: LONGEST - len(ending)].decode(errors="ignore").rstrip(" .") or "file"
    return f"_{stem}{ending}" if _RESERVED.match(stem) else f"{stem}{ending}"


def on_whatsapp(name: str) -> str:
    """The name of a document in the chat, which WhatsApp takes only short and in plain letters."""
    stem, ending = _split(kept_as(name))
    folded = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    short = re.sub(r"[^A-Za-z0-9]+", "-", folded)[: FOR_WHATSAPP - len(ending)].strip("-")
    return f"{short or 'document'}{ending.lower()}"


def ending(name: str) -> str:
    """What a name ends with, in small letters and with its dot, or ""."""
    return _split(name)[1].lower()


def _split(name: str) -> tuple[str, str]:
    found = _ENDING.search(name)
    return (name[: found.start()], found[0]) if found else (name, "")


def _is_plain(letter: str) -> bool:
    return letter in _JOINERS or unicodedata.category(letter) not in _NO_TEXT
