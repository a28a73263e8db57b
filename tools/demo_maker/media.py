"""Makes the sounds, colour looks and pictures of the demo shop."""

from __future__ import annotations

import math
import struct
import wave
from collections.abc import Callable, Mapping
from io import BytesIO

from demo_maker.canvas import Canvas, Point
from PIL import Image

RATE = 16_000
# Each sound: its notes as (start in seconds, frequency in hertz), and how long it rings.
CHIMES: Mapping[str, tuple[tuple[tuple[float, float], ...], float]] = {
    "message": (((0, 880), (0.11, 1318.5)), 0.7),
    "call": (((0, 659.3), (0.18, 784), (0.36, 987.8), (0.54, 784)), 1.1),
    "alarm": (((0, 523.3), (0.25, 659.3), (0.5, 784), (0.75, 1046.5)), 1.4),
    "done": (((0, 784), (0.09, 1046.5), (0.18, 1568)), 0.8),
    "reminder": (((0, 698.5), (0.22, 698.5)), 0.8),
    "good-night": (((0, 784), (0.3, 659.3), (0.6, 523.3)), 1.5),
}


def chime(notes: tuple[tuple[float, float], ...], seconds: float) -> bytes:
    """A WAV file: soft bells that fade."""
    samples = [0.0] * int(seconds * RATE)
    for start, hertz in notes:
        offset = int(start * RATE)
        for i in range(len(samples) - offset):
            t = i / RATE
            rise = min(1.0, t / 0.008)
            bell = math.sin(math.tau * hertz * t) * math.exp(-4.5 * t)
            bell += 0.35 * math.sin(math.tau * hertz * 2.01 * t) * math.exp(-9 * t)
            samples[offset + i] += rise * bell
    loudest = max(map(abs, samples))
    fade = int(0.05 * RATE)
    for i in range(fade):
        samples[-1 - i] *= i / fade
    out = BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        # 256 levels of loudness are enough for a bell and pack into a third of the size.
        levels = [round(120 * s / loudest) * 256 for s in samples]
        sound.writeframes(struct.pack(f"<{len(levels)}h", *levels))
    return out.getvalue()


Look = Callable[[float, float, float], tuple[float, float, float]]


def soft_morning(r: float, g: float, b: float) -> tuple[float, float, float]:
    return 0.06 + r * 0.96, 0.05 + g * 0.92, 0.07 + b * 0.91


def golden(r: float, g: float, b: float) -> tuple[float, float, float]:
    light = 0.3 * r + 0.59 * g + 0.11 * b
    return r**0.9 + 0.05 * light, g**1.02, b**1.25 * 0.9


def last_light(r: float, g: float, b: float) -> tuple[float, float, float]:
    light = 0.3 * r + 0.59 * g + 0.11 * b
    warm = light * light
    return (
        r * 0.9 + 0.14 * warm,
        g * 0.94 + 0.02 * warm,
        b * (1.08 - 0.3 * warm) + 0.05 * (1 - light),
    )


LOOKS: Mapping[str, Look] = {
    "soft-morning": soft_morning,
    "golden-hour": golden,
    "last-light": last_light,
}


def cube(name: str, look: Look, size: int = 17) -> str:
    """A colour table as CUBE text: red changes fastest."""
    rows = [f'TITLE "{name}"', f"LUT_3D_SIZE {size}"]
    top = size - 1
    for b in range(size):
        for g in range(size):
            for r in range(size):
                colour = look(r / top, g / top, b / top)
                rows.append(" ".join(f"{min(1, max(0, c)):.4f}" for c in colour))
    return "\n".join(rows) + "\n"


# Each picture: the sky's colours from top to bottom, sun or moon, and hills from far to near.
SCENES: Mapping[str, tuple[tuple[str, ...], Point, str, tuple[str, ...]]] = {
    "1-morning": (("#bfe4ee", "#fdeccf"), (620, 330), "#fff8e0", ("#a9cfd0", "#6ea7a8", "#2f6f73")),
    "2-noon": (("#6fc3dc", "#d8f1ee"), (390, 220), "#ffffff", ("#8cc0a4", "#4f9577", "#1f5f4b")),
    "3-evening": (("#e2617a", "#ffc07f"), (520, 470), "#ffe8b0", ("#b24d72", "#7a3468", "#3f1d4b")),
    "4-night": (("#0f1338", "#3b2f6b"), (630, 250), "#f6ecc4", ("#2b2a5c", "#1d1c45", "#100f2b")),
}


def wallpaper(scene: tuple[tuple[str, ...], Point, str, tuple[str, ...]]) -> bytes:
    """A PNG of 1080 by 2160 with flat bands of colour."""
    sky, (x, y), light, hills = scene
    canvas = Canvas(sky[0])
    for i in range(9):
        canvas.rect(0, i * 80, 1000, 1000, _between(sky[0], sky[1], i / 8))
    canvas.circle(x, y, 62, light)
    for i, colour in enumerate(hills):
        top = 560 + i * 120
        ridge = [
            (
                step * 10,
                top + 46 * math.sin(step / (9 + 4 * i) + i * 2) + 18 * math.sin(step / 4 + i),
            )
            for step in range(101)
        ]
        canvas.poly([*ridge, (1000, 1000), (0, 1000)], colour)
    picture = canvas.finished(2160).crop((540, 0, 1620, 2160))
    out = BytesIO()
    picture.quantize(48, dither=Image.Dither.NONE).save(out, "png", optimize=True)
    return out.getvalue()


def _between(one: str, other: str, share: float) -> str:
    pairs = ((int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)
