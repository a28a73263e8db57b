"""Quick answers: which one a customer's words ask for, what it says, and what may stand in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA
from sqlalchemy import select

from salesbot.database import db
from salesbot.global_words import global_words, known_words
from salesbot.models import QuickAnswer
from salesbot.services import catalog, delivery_texts, hours, shop
from salesbot.shop_state import Answer
from salesbot.texts import language, translator
from salesbot.understanding import NEAR_MISS_FROM, fold

_ = translator("salesbot")

PLACES = ("shop_name", "customer_name", "hours")
"""What may stand in a text, in braces: it is filled in when it is said."""
MOST = 300
"""Quick answers of a shop; every process keeps them all in memory."""
MOST_PHRASES = 20
LONGEST_WORDS, LONGEST_TEXT, LONGEST_BUTTON = 500, 1000, 24
MOST_HEARD = 60
"""Words of a message that are looked at; nobody asks a question with more."""

_BETWEEN = re.compile(r"[,\n;]+")
_IN_WORD = re.compile(r"[^\w'’]+")


@dataclass(frozen=True)
class Found:
    """A quick answer for a message; `whole` when the message asks for nothing else."""

    answer: Answer
    whole: bool


def phrases(words: str) -> list[str]:
    """The phrases of an answer as staff typed them."""
    return [one.strip() for one in _BETWEEN.split(words) if one.strip()]


def find(text: str) -> Found | None:
    """The answer that `text` asks for: its whole words first, else those that are all in it.

    Case, accents, order, small words such as "the", a plural and one wrong letter in five or more are
    forgiven. The language that is spoken comes before the others.
    """
    known = shop.state()
    if not known.answers:
        return None
    small = catalog.filler()
    heard = _split(text, small)[:MOST_HEARD]
    begin_alike = {word[0] for word in heard}
    best: tuple[int, int, int] = (0, 0, 0)
    found: Answer | None = None
    for spoken, phrase, answer in _prepared(known.revision, known.answers, language(), small):
        if phrase[0][0] in begin_alike:
            points = _points(phrase, heard)
            if points and (*points, spoken) > best:
                best, found = (*points, spoken), answer
    return None if found is None else Found(found, whole=best[0] == _WHOLE)


def said(answer: Answer, name: str, customer_name: str = "") -> str:
    """A text of an answer ("text" or "button") in the language that is spoken, else the usual one."""
    texts, code = answer.texts, language()
    own = texts.get(code) or texts.get(code.partition("_")[0]) or {}
    return filled(own.get(name) or texts[""].get(name, ""), customer_name)


def filled(text: str, customer_name: str) -> str:
    """A text with its places filled; one for which there is nothing leaves no gap."""
    values = {
        "shop_name": str(shop.setting("SHOP_NAME")),
        "customer_name": " ".join(customer_name.split()[:1]),
        "hours": hours.shown() if "{hours}" in text else "",
    }
    for name in [name for name, value in values.items() if not value]:
        text = re.sub(rf",?[ \t]*\{{{name}\}}", "", text)
    return delivery_texts.filled(text, values) if "{" in text else text


def problem_with_text(text: str) -> str:
    """Why `text` can't be an answer, in words for staff; "" when it can."""
    unknown = [place for place in re.findall(r"\{[^{}\n]*\}", text) if place[1:-1] not in PLACES]
    if unknown:
        return _("{names} is not known here; you can use {known}").format(
            names=", ".join(unknown), known=places_in_words()
        )
    if len(text) > LONGEST_TEXT:
        return _("at most {n} characters").format(n=LONGEST_TEXT)
    return ""


def places_in_words() -> str:
    """The places with their braces."""
    return ", ".join(f"{{{place}}}" for place in PLACES)


def problem_with_words(words: str, answer_id: int | None) -> str:
    """Why an answer can't have these words, in words for staff; "" when it can.

    `answer_id`: the answer itself, whose present words don't stand in the way.
    """
    typed = phrases(words)
    if len(typed) > MOST_PHRASES or len(words) > LONGEST_WORDS:
        return _("at most {n} phrases and {m} characters").format(n=MOST_PHRASES, m=LONGEST_WORDS)
    codes = tuple(shop.setting("LANGUAGES"))
    taken = {**known_words(codes), **global_words(codes)}
    folded = {fold(one): one for one in typed}
    for one in folded.keys() & taken.keys():
        return _("“{words}” has a meaning of its own in every chat; choose other words").format(
            words=folded[one]
        )
    for one in typed:
        if not re.search(r"[^\W\d_]", one) and re.fullmatch(r"[\d\s.#()]+", one):
            return _("“{words}” is a number, and numbers pick lines; choose other words").format(words=one)
    for other in db.session.scalars(select(QuickAnswer).order_by(QuickAnswer.id)):
        theirs = [other.words, *(own.get("words", "") for own in other.texts.values())]
        same = folded.keys() & {fold(one) for text in theirs for one in phrases(text)}
        if same and other.id != answer_id:
            return _("“{words}” is among the words of another quick answer").format(words=folded[min(same)])
    return ""


_WHOLE, _PART = 2, 1


@lru_cache(maxsize=16)
def _prepared(
    _revision: int, answers: tuple[Answer, ...], code: str, small: frozenset[str]
) -> list[tuple[int, tuple[str, ...], Answer]]:
    """Each phrase of all answers as words, with 1 before it when it is of the language `code`."""
    usual = shop.setting("LANGUAGES")[0]
    return [
        (int(spoken_in == code or (not spoken_in and code == usual)), phrase, answer)
        for answer in answers
        for spoken_in, own in answer.texts.items()
        for typed in phrases(own.get("words", ""))
        if (phrase := _split(typed, small))
    ]


def _points(phrase: tuple[str, ...], heard: tuple[str, ...]) -> tuple[int, int] | None:
    """How well a message fits a phrase: the kind of the fit, and the letters that it covers."""
    if not all(any(_like(word, other) for other in heard) for word in phrase):
        return None
    whole = len(phrase) == len(heard)
    return (_WHOLE if whole else _PART), sum(map(len, phrase))


def _like(word: str, other: str) -> bool:
    """Whether two words are the same but for a plural, or one mistake behind the first letter."""
    if word == other:
        return True
    if word[0] != other[0]:
        return False
    if word.rstrip("s") == other.rstrip("s"):
        return True
    return len(word) >= NEAR_MISS_FROM and OSA.distance(word, other, score_cutoff=1) == 1


def _split(text: str, small: frozenset[str]) -> tuple[str, ...]:
    """The words of a text, folded, without small ones; with them when there are no others."""
    folded = fold(text)
    words = [word for word in _IN_WORD.split(folded) if word] or folded.split()
    return tuple([word for word in words if word not in small] or words)
