"""A reply as the text messages that a phone shows: numbered lines, and nothing longer than it takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from salesbot.messages import Choice

LONGEST = 1600
"""What Twilio takes, counted in UTF-16 units because some emoji count as two."""


_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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
    lines = "\n".join([_line(number, choice) for number, choice in enumerate(choices, 1)])
    return f"{text}\n\n{lines}" if text else lines


def _line(number: int, choice: Choice) -> str:
    title = " ".join(choice.title.split())
    detail = " ".join(choice.detail.split())
    return f"{number}. {title} – {detail}" if detail else f"{number}. {title}"


def sendable(text: str) -> str:
    """The text without characters that XML, and so a webhook's answer, cannot hold."""
    return _NOT_IN_XML.sub("", text)


def parts(text: str, choices: Sequence[Choice], measure: Callable[[str], int] = length) -> list[Part]:
    """The messages that a text with choices becomes: usually one."""
    whole = sendable(numbered(text, choices))
    if measure(whole) <= LONGEST:
        return [Part(whole, tuple(choices))]
    pieces = split(whole, LONGEST, measure) or [""]
    return [*map(Part, pieces[:-1]), Part(pieces[-1], tuple(choices))]


_BREAKS = tuple(map(re.compile, (r"\n\s*\n", r"\n", r"(?<=[.!?…。])\s", r"\s")))
"""Where a text is cut, the best places first: between paragraphs, lines, sentences, words."""
_WHOLE = re.compile("\ue000\\d{1,18}\ue001")
"""The mark that stands for a secret, which is never cut."""


def split(text: str, limit: int, measure: Callable[[str], int] = length) -> list[str]:
    """`text` in few pieces of at most `limit`, cut where a person would cut it.

    Only the white space at a cut is dropped; a word longer than `limit` is cut where it must be.
    """
    pieces = []
    rest = text.strip()
    while measure(rest) > limit:
        cut = _place(rest, _longest(rest, limit, measure))
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*pieces, rest] if rest else pieces


def _longest(text: str, limit: int, measure: Callable[[str], int]) -> int:
    """How many characters of a text that is too long fit, at least one, and no half of a mark."""
    fits, too_many = 0, min(len(text), limit + 1)
    while measure(text[:too_many]) <= limit:
        fits, too_many = too_many, min(len(text), too_many * 2)
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if measure(text[:middle]) <= limit:
            fits = middle
        else:
            too_many = middle
    for mark in _WHOLE.finditer(text):
        if mark.start() < fits < mark.end():
            return mark.start() or mark.end()
    return fits or 1


def _place(text: str, longest: int) -> int:
    """Where to cut a text of which `longest` characters fit: late, and rather at a better break."""
    for pattern in _BREAKS:
        breaks = [found.start() for found in pattern.finditer(text, 0, longest + 2)]
        late = [place for place in breaks if longest // 2 < place <= longest]
        if late:
            return late[-1]
    words = [found.start() for found in _BREAKS[-1].finditer(text, 1, longest + 1)]
    return words[-1] if words else longest
