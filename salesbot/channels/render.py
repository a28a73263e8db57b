"""A reply as the text messages that a phone shows: numbered lines, and nothing longer than it takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from salesbot.messages import Choice

LONGEST = 1600
"""What Twilio takes, counted in UTF-16 units because some emoji count as two."""


@dataclass(frozen=True)
class Part:
    """One text message of a reply; the last part carries the choices."""

    text: str
    choices: tuple[Choice, ...] = ()


def length(text: str) -> int:
    """The length that counts against `LONGEST`."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def numbered(text: str, choices: Sequence[Choice]) -> str:
    """The text with its choices as lines to answer with a number."""
    if not choices:
        return text
    lines = "\n".join(_line(number, choice) for number, choice in enumerate(choices, 1))
    return f"{text}\n\n{lines}" if text else lines


def _line(number: int, choice: Choice) -> str:
    title = " ".join(choice.title.split())
    detail = " ".join(choice.detail.split())
    return f"{number}. {title} – {detail}" if detail else f"{number}. {title}"


def parts(text: str, choices: Sequence[Choice], measure: Callable[[str], int] = length) -> list[Part]:
    """The messages that a text with choices becomes: usually one."""
    whole = numbered(text, choices)
    if measure(whole) <= LONGEST:
        return [Part(whole, tuple(choices))]
    pieces = split(whole, LONGEST, measure)
    return [*map(Part, pieces[:-1]), Part(pieces[-1], tuple(choices))]


_BREAKS = (
    re.compile(r"(\n{2,})"),
    re.compile(r"(\n)"),
    re.compile(r"(?<=[.!?…。])( +)"),
    re.compile(r"( +)"),
)


def split(text: str, limit: int, measure: Callable[[str], int] = length) -> list[str]:
    """`text` in pieces of at most `limit`, cut between paragraphs, lines, sentences or words.

    Only the white space at a cut is dropped; a word longer than `limit` is cut where it must be.
    """
    return [piece for piece in _split(text, limit, measure, 0) if piece.strip()]


def _split(text: str, limit: int, measure: Callable[[str], int], level: int) -> list[str]:
    if measure(text) <= limit:
        return [text]
    if level == len(_BREAKS):
        return _cut(text, limit, measure)
    tokens = _BREAKS[level].split(text)
    pieces: list[str] = []
    current = ""
    for index in range(0, len(tokens), 2):
        gap = tokens[index - 1] if index else ""
        if current and measure(current + gap + tokens[index]) <= limit:
            current += gap + tokens[index]
            continue
        if current:
            pieces.append(current)
        *full, current = _split(tokens[index], limit, measure, level + 1)
        pieces.extend(full)
    return [*pieces, current] if current else pieces


def _cut(word: str, limit: int, measure: Callable[[str], int]) -> list[str]:
    pieces, current, size = [], "", 0
    for letter in word:
        width = measure(letter)
        if current and size + width > limit:
            pieces.append(current)
            current, size = "", 0
        current += letter
        size += width
    return [*pieces, current]
