"""Draws the cover pictures of the demo shop: `python tools/draw_covers.py` (needs Pillow)."""

from __future__ import annotations

import tomllib
from pathlib import Path

from demo_maker.canvas import Canvas, width_of
from demo_maker.cover_art import ART
from demo_maker.palettes import PALETTES
from PIL import Image

DEMO = Path(__file__).parent.parent / "salesbot/demo"
SIDE = 800
LEFT = 84
SIZES = (112, 104, 96, 88)


def title_lines(title: str) -> tuple[float, list[str]]:
    """The largest size at which the title fits into one line or two, and those lines."""
    words = title.split()
    splits = [[title]] if len(words) == 1 else []
    splits += [
        [" ".join(words[:cut]), " ".join(words[cut:])]
        for cut in sorted(range(1, len(words)), key=lambda cut: _uneven(words, cut))
    ]
    for size in SIZES:
        for lines in splits:
            if max(width_of(line, size) for line in lines) <= 1000 - 2 * LEFT:
                return size, lines
    raise SystemExit(f"{title!r} is too long for a cover")


def _uneven(words: list[str], cut: int) -> int:
    return abs(len(" ".join(words[:cut])) - len(" ".join(words[cut:])))


def cover(category: str, slug: str, title: str) -> Image.Image:
    palette = PALETTES[category]
    canvas = Canvas(palette.paper)
    ART[slug](canvas, palette)
    size, lines = title_lines(title)
    for i, line in enumerate(reversed(lines)):
        canvas.text(LEFT, 922 - i * size, line, size, palette.words)
    return canvas.finished(SIDE)


def main() -> None:
    shop = tomllib.loads((DEMO / "shop.toml").read_text(encoding="utf-8"))
    for category in shop["categories"]:
        for product in category["products"]:
            picture = cover(category["slug"], product["slug"], product["title"])
            path = DEMO / "covers" / f"{product['slug']}.png"
            # Flat colours need few shades: 96 of them keep a cover near 20 KB.
            flat = picture.quantize(96, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
            flat.save(path, optimize=True)
            print(f"{path.stat().st_size / 1000:6.1f} KB  {path.name}")


if __name__ == "__main__":
    main()
