"""What the customer meant: a tap, a number, a title, a near miss, a global word, or words. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

from rapidfuzz.distance import OSA

from salesbot.messages import Choice

PAGE = 10
MORE = "more:"
NEAR_MISS_FROM = 5
LONGEST_ROW_ID = 18

_OUTER = " .,;:!?¡¿…\"'*_~`"
"""What may stand around words: punctuation, and WhatsApp's marks for bold and the like."""
_BETWEEN = str.maketrans(dict.fromkeys(",;!?¡¿", " "))
_NUMBER = re.compile(r"^\s*[#(]?\s*(\d{1,3})\s*[.)]?\s*$")
_KEYCAP = re.compile("[\ufe0f\u20e3]")


@dataclass(frozen=True)
class Shown:
    """What the chat shows: all choices last offered, and where the page that is seen begins."""

    choices: tuple[Choice, ...] = ()
    start: int = 0


@dataclass(frozen=True)
class Understood:
    """Words or a pick, never both; `is_global` when it was a word that means the same everywhere."""

    text: str = ""
    choice: str | None = None
    is_global: bool = False


def fold(text: str) -> str:
    """`text` without case, accents, outer punctuation and double spaces, for comparing."""
    plain = text.casefold()
    if not plain.isascii():
        # Letters in fancy type have no case until they are plain letters.
        letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", plain).casefold())
        plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(plain.split()).strip(_OUTER)


@lru_cache(maxsize=4096)
def _fold_ours(text: str) -> str:
    """`fold` of the shop's own words and titles, which come again with every message."""
    return fold(text)


def is_one_of(text: str, words: str) -> bool:
    """Whether `text` is one of `words`, which are separated by commas; as `fold` compares.

    What stands between the words of `text` does not count: "hi, there!" is "hi there".
    """
    folded = fold(text.translate(_BETWEEN))
    return bool(folded) and folded in map(_fold_ours, words.split(","))


def is_row_id(text: str) -> bool:
    """Whether the rest of an id, as in "product:7", can be the number of a row.

    Ids come from outside: a greater number is one that no database takes.
    """
    return text.isdecimal() and len(text) <= LONGEST_ROW_ID


def page(shown: Shown, more_title: str) -> tuple[Choice, ...]:
    """The lines that are seen: at most ten, the last of them leading on when there are more."""
    rest = shown.choices[shown.start :]
    if len(rest) <= PAGE:
        return rest
    seen = rest[: PAGE - 1]
    return (*seen, Choice(f"{MORE}{shown.start + len(seen)}:{_tag(shown)}", more_title))


def next_start(choice_id: str, shown: Shown) -> int | None:
    """Where the page begins that a "more" line leads to, or None when it is no such line.

    A line under a list of last month leads nowhere: it must not turn the page of today's.
    """
    match = re.fullmatch(rf"{MORE}(\d{{1,4}}):([0-9a-f]{{8}})", choice_id)
    if match is None or match[2] != _tag(shown):
        return None
    start = int(match[1])
    return start if 0 < start < len(shown.choices) else None


def _tag(shown: Shown) -> str:
    """A word by which a list is known again."""
    return f"{crc32(chr(10).join(choice.id for choice in shown.choices).encode()):08x}"


def understand(
    text: str,
    tapped: str | None,
    shown: Shown,
    *,
    more_title: str,
    question_open: bool,
    global_words: Mapping[str, str],
    known_words: Mapping[str, str] | None = None,
    linked: str | None = None,
) -> Understood:
    """Reads one message. `global_words` maps folded words of every language to a choice's id.

    `known_words` does the same for words that everybody understands but that answer an open question;
    `linked` is the choice that the words of a link stand for.
    An open question takes the words as they are, unless they are a global word or the title of a
    choice that the question itself showed.
    """
    if tapped:
        return Understood(choice=tapped, is_global=tapped in set(global_words.values()))
    folded = fold(text)
    if folded in global_words:
        return Understood(choice=global_words[folded], is_global=True)
    seen = page(shown, more_title)
    exact = _titled(folded, seen) or _titled(folded, shown.choices)
    if exact is not None:
        return Understood(choice=exact.id)
    if linked is not None:
        return Understood(choice=linked)
    if question_open:
        return Understood(text=text)
    if known_words and folded in known_words:
        return Understood(choice=known_words[folded])
    found = _numbered(text, seen) or _near(folded, seen)
    if found is not None:
        return Understood(choice=found.id)
    near_word = _nearest(folded, global_words)
    if near_word is not None:
        return Understood(choice=global_words[near_word], is_global=True)
    return Understood(text=text)


def _titled(folded: str, choices: Iterable[Choice]) -> Choice | None:
    for choice in choices:
        if folded and _fold_ours(choice.title) == folded:
            return choice
    return None


def _numbered(text: str, seen: Sequence[Choice]) -> Choice | None:
    match = _NUMBER.match(_KEYCAP.sub("", text))
    if match is None:
        return None
    number = int(match[1])
    return seen[number - 1] if 1 <= number <= len(seen) else None


def _near(folded: str, seen: Sequence[Choice]) -> Choice | None:
    by_title = {_fold_ours(choice.title): choice for choice in seen}
    nearest = _nearest(folded, by_title)
    return None if nearest is None else by_title[nearest]


def _nearest(folded: str, words: Iterable[str]) -> str | None:
    """The one word at distance 1 (a letter wrong, missing, added, or two swapped), if it is one."""
    if len(folded) < NEAR_MISS_FROM - 1:
        return None
    near = {
        word
        for word in words
        if len(word) >= NEAR_MISS_FROM and OSA.distance(folded, word, score_cutoff=1) == 1
    }
    return near.pop() if len(near) == 1 else None
