"""How the customer's pages look: the shop's logo and its colour, readable by day and by night."""

from __future__ import annotations

import re

from salesbot.errors import SalesbotError
from salesbot.services import shop

COLOUR, LOGO = "look.colour", "look.logo"
_GROUNDS = {"light": ("#f5f1e8", "#000000"), "dark": ("#17212c", "#ffffff")}
"""What the colour stands on, and towards what it is moved until it can be read there."""
_READABLE = 4.5
"""The least contrast of text, as WCAG has it."""


def colour() -> str:
    """The shop's colour like "#0d6b59", or ""."""
    return shop.state().texts.get(COLOUR, "")


def logo() -> str:
    """The name of the shop's logo among the uploaded pictures, or ""."""
    return shop.state().texts.get(LOGO, "")


def choose(chosen: str) -> None:
    """Keeps a colour; SalesbotError when it is none. Flush only."""
    if not re.fullmatch(r"#[0-9a-f]{6}", chosen.lower()):
        raise SalesbotError("A colour is written like #0d6b59.")
    shop.save(COLOUR, chosen.lower())


def css() -> str:
    """The style that puts the shop's colour in place of ours; "" without one."""
    chosen = colour()
    if not chosen:
        return ""
    light, dark = (_variables(chosen, *_GROUNDS[scheme]) for scheme in ("light", "dark"))
    return f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"


def _variables(chosen: str, ground: str, towards: str) -> str:
    accent, moved = chosen, 0
    while contrast(accent, ground) < _READABLE and moved < 100:
        moved += 5
        accent = _mixed(chosen, towards, moved)
    ink = max("#ffffff", "#101010", key=lambda one: contrast(accent, one))
    values = {
        "accent": accent,
        "accent-hover": _mixed(accent, towards, 15),
        "accent-ink": ink,
        "soft": _mixed(ground, accent, 14),
    }
    return " ".join(f"--{name}: {value};" for name, value in values.items())


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21, as WCAG defines it."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(of: str) -> float:
    parts = [part / 255 for part in _parts(of)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mixed(one: str, other: str, percent: int) -> str:
    pairs = zip(_parts(one), _parts(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * percent / 100):02x}" for a, b in pairs)


def _parts(of: str) -> tuple[int, int, int]:
    return int(of[1:3], 16), int(of[3:5], 16), int(of[5:7], 16)
