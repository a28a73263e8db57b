"""The letters of our PDFs: one font for most of the world, others where a text needs them."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

from flask import current_app
from fontTools.ttLib import TTFont, TTLibError

FOLDER = Path(__file__).parent.parent / "fonts"
FIRST = FOLDER / "DejaVuSans.ttf"
FIRST_BOLD = FOLDER / "DejaVuSans-Bold.ttf"

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_SIGNS = frozenset({"So", "Sk", "Sm"})


def needed(text: str) -> list[Path]:
    """The fonts besides the first in which `text` can be written: the shop's own, then those of `FOLDER`."""
    missing = {ord(letter) for letter in text} - letters_of(FIRST)
    found = []
    for path in [*_own(), *sorted(FOLDER.glob("*.ttf"))]:
        if missing & letters_of(path):
            found.append(path)
            missing -= letters_of(path)
    return found


def writable(text: str, fonts: list[Path]) -> str:
    """`text` without the signs that none of these fonts has, such as an emoji; letters all stay."""
    known = letters_of(FIRST).union(*(letters_of(path) for path in fonts))
    kept = (letter for letter in text if ord(letter) in known or not _can_go(letter))
    return " ".join("".join(kept).split(" ")).strip()


@cache
def letters_of(path: Path) -> frozenset[int]:
    """The characters that a font has; none when it can't be read."""
    try:
        with path.open("rb") as file:
            return frozenset(TTFont(file, lazy=True, fontNumber=0).getBestCmap() or ())
    except (OSError, TTLibError):
        return frozenset()


def _own() -> list[Path]:
    folder = Path(current_app.instance_path) / "fonts"
    return sorted(path for path in folder.glob("*") if path.suffix.lower() in {".ttf", ".otf"})


def _can_go(letter: str) -> bool:
    return letter not in "\n\t" and unicodedata.category(letter) in _INVISIBLE | _SIGNS
