"""Every sentence that a package says, found where it is written: in its code and its templates."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel.messages.extract import extract_from_dir

KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "say": None,
    "ngettext": (1, 2),
}
"""The names under which code calls its translator, and which arguments are the sentences."""

ERRORS: dict[str, tuple[int, ...] | None] = dict.fromkeys(
    ("SalesbotError", "WrongState", "ConfigError", "Mistyped", "NotSent", "SendUnknown")
)
"""Errors whose sentences the back office shows: their first argument is one."""

OFFICE = ("admin/**", "templates/admin/**")
"""What only staff read, seen from the core's folder."""

_PLACEHOLDER = re.compile(r"\{\w*\}|%\(\w+\)[a-z]")


@dataclass(frozen=True)
class Sentence:
    """A sentence as it is written, with its plural or "", and the files that say it."""

    text: str
    plural: str
    files: tuple[str, ...]
    is_error: bool = False

    @property
    def placeholders(self) -> frozenset[str]:
        """What is filled in when it is said, such as `{name}`."""
        return placeholders(self.text) | placeholders(self.plural)


def placeholders(text: str) -> frozenset[str]:
    """The places of `text` that are filled in, such as `{name}` and `%(num)s`."""
    return frozenset(_PLACEHOLDER.findall(text))


@cache
def said_in(folder: Path, leave_out: Iterable[str] = (), *, errors: bool = False) -> tuple[Sentence, ...]:
    """The sentences of the files in `folder`, in their order, each one once. Takes about a second a thousand.

    `leave_out`: patterns of files that are not looked at. A package without files has none. `errors`:
    what errors say that staff read, in place of what is said otherwise.
    """
    methods = [(pattern, "ignore") for pattern in (*leave_out, "authoring/template/**")]
    methods += [("**.py", "python"), ("**.html", "jinja2")]
    found: dict[tuple[str, str], list[str]] = {}
    for file, _line, message, _comments, _context in extract_from_dir(
        folder, method_map=methods, keywords=ERRORS if errors else KEYWORDS
    ):
        pair = (message, "") if isinstance(message, str) else (message[0], message[1])
        files = found.setdefault(pair, [])
        if Path(file).as_posix() not in files:
            files.append(Path(file).as_posix())
    return tuple(
        Sentence(text, plural, tuple(files), errors) for (text, plural), files in found.items() if text
    )
