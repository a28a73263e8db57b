"""The colours of each category of the demo shop."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """Background, words, and the colours that a category's drawings share."""

    paper: str
    words: str
    a: str
    b: str
    c: str
    d: str


PALETTES = {
    "apps": Palette("#15213b", "#fdf6e3", "#ffb02e", "#33c7b5", "#f1f3f8", "#f25f5c"),
    "ebooks": Palette("#f7e6c4", "#3a2112", "#c8413b", "#e9a23b", "#0f7173", "#fffaf0"),
    "templates": Palette("#cbe7d3", "#123127", "#1f7a54", "#ffffff", "#f4b740", "#ef7d57"),
    "courses": Palette("#d4513a", "#fff8ef", "#ffd9a0", "#3f1d4b", "#ffffff", "#2f5d8c"),
    "looks-sounds": Palette("#2b1d4e", "#fbefff", "#ff8fa3", "#ffc39a", "#8b6cff", "#63d4e6"),
}
