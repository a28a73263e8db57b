"""A drawing surface of 1000 by 1000 units with smooth edges, on top of Pillow."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

FONT = Path(__file__).parents[2] / "salesbot/static/fonts/bricolage-grotesque-700.woff2"
SCALE = 3  # drawn three times larger than shown, then shrunk: that smooths every edge

Point = tuple[float, float]


class Canvas:
    """Shapes in units of a thousandth of the picture's side; colours as `#rrggbb[aa]`."""

    def __init__(self, background: str | None = None) -> None:
        side = 1000 * SCALE
        self.image = Image.new("RGBA", (side, side), background or (0, 0, 0, 0))
        self.pen = ImageDraw.Draw(self.image)

    def rect(self, x: float, y: float, w: float, h: float, fill: str, r: float = 0) -> None:
        box = self._box(x, y, x + w, y + h)
        if r:
            self.pen.rounded_rectangle(box, r * SCALE, fill=fill)
        else:
            self.pen.rectangle(box, fill=fill)

    def circle(self, x: float, y: float, r: float, fill: str) -> None:
        self.pen.ellipse(self._box(x - r, y - r, x + r, y + r), fill=fill)

    def ring(self, x: float, y: float, r: float, width: float, fill: str) -> None:
        box = self._box(x - r, y - r, x + r, y + r)
        self.pen.ellipse(box, outline=fill, width=round(width * SCALE))

    def pie(self, x: float, y: float, r: float, start: float, end: float, fill: str) -> None:
        """A slice of a circle; angles in degrees, clockwise, 0 at twelve o'clock."""
        self.pen.pieslice(self._box(x - r, y - r, x + r, y + r), start - 90, end - 90, fill=fill)

    def arc(self, x: float, y: float, r: float, start: float, end: float, width: float, fill: str) -> None:
        """A piece of a ring with round ends; angles as in `pie`."""
        steps = max(8, int(abs(end - start)))
        angles = (math.radians(start - 90 + (end - start) * i / steps) for i in range(steps + 1))
        self.line([(x + r * math.cos(a), y + r * math.sin(a)) for a in angles], width, fill)

    def poly(self, points: Sequence[Point], fill: str) -> None:
        self.pen.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=fill)

    def line(self, points: Sequence[Point], width: float, fill: str) -> None:
        """A line through all points with round ends and joints."""
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self.pen.line(scaled, fill=fill, width=round(width * SCALE))
        for x, y in points:
            self.circle(x, y, width / 2, fill)

    def wave(self, points: Callable[[float], Point], width: float, fill: str) -> None:
        """A smooth line: `points` is asked for every place from 0 to 1."""
        self.line([points(i / 160) for i in range(161)], width, fill)

    def text(self, x: float, y: float, words: str, size: float, fill: str) -> None:
        """Words whose first line's top left corner is at x, y."""
        self.pen.text((x * SCALE, y * SCALE), words, fill=fill, font=font(size), anchor="ls")

    def paste(self, other: Canvas, turn: float = 0, about: Point = (500, 400)) -> None:
        """Lay another canvas over this one, turned by degrees; see-through colours show through."""
        layer = other.image
        if turn:
            centre = (about[0] * SCALE, about[1] * SCALE)
            layer = layer.rotate(turn, Image.Resampling.BICUBIC, center=centre)
        self.image.alpha_composite(layer)

    def finished(self, side: int) -> Image.Image:
        return self.image.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)

    @staticmethod
    def _box(x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
        return (x0 * SCALE, y0 * SCALE, x1 * SCALE, y1 * SCALE)


def font(size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT), round(size * SCALE))


def width_of(words: str, size: float) -> float:
    """How wide the words are, in units."""
    return font(size).getlength(words) / SCALE
