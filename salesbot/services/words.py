"""Every sentence that the bot says, and the shop's own words in its place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import select

from salesbot.database import db
from salesbot.errors import WrongState
from salesbot.models import Wording
from salesbot.services import shop
from salesbot.services.sentences import OFFICE, Sentence, placeholders, said_in
from salesbot.texts import forms, in_every_language, translator

_ = translator("salesbot")

CORE = "salesbot"
LONGEST = 1500
_NOT_SAID = (
    *OFFICE,
    "doctor/**",
    "newsmail.py",
    "newspush.py",
    *(f"services/{name}.py" for name in ("delivery_texts", "key_import", "quick_answers")),
    *(f"services/{name}.py" for name in ("templates", "words")),
    "templates/phone/**",
)
"""Of the core: what staff read, and the phone that stands in for WhatsApp's."""
_HEARD = re.compile(r"^(?!.*[.!?:]).*,.*,", re.DOTALL)
"""Lists of words that the bot understands."""


@dataclass(frozen=True)
class Line:
    """One sentence of a package: as written in the code, as said by default, and in the shop's own words.

    A sentence that counts has a line for each `form` of the language, said with `counts` such as 1, 2.
    """

    package: str
    sentence: str
    default: str
    own: str
    form: int = 0
    counts: tuple[int, ...] = ()
    is_page: bool = False

    @property
    def places(self) -> list[str]:
        """What is filled in when it is said, such as `{name}`."""
        return sorted(placeholders(self.sentence))


def lines(packages: Iterable[str], code: str) -> list[Line]:
    """What these packages say in a language, in the order in which it stands in the code."""
    own = shop.state().own_words
    return [
        Line(
            package,
            one.text,
            default,
            own.get((package, code, one.text, form), ""),
            form,
            counts,
            all(file.endswith(".html") for file in one.files),
        )
        for package in packages
        for one in _said(package)
        for form, default, counts in _defaults(package, one, code)
    ]


def heard(packages: Iterable[str], code: str) -> list[str]:
    """Of each list of words that these plugins understand, the first one, as a customer would type it."""
    found = [
        in_every_language(package, one.text, (code,))[code]
        for package in packages
        if package != CORE
        for one in _all_said(package)
        if _HEARD.match(one.text)
    ]
    return [text.partition(",")[0].strip() for text in found]


def _defaults(package: str, one: Sentence, code: str) -> list[tuple[int, str, tuple[int, ...]]]:
    if one.plural:
        return forms(package, one.text, one.plural, code)
    return [(0, in_every_language(package, one.text, (code,))[code], ())]


def problem(sentence: str, text: str) -> str:
    """Why `text` can't stand in a sentence's place, in words for staff; "" when it can."""
    if len(text) > LONGEST:
        return _("at most {n} characters").format(n=LONGEST)
    unknown = placeholders(text) - placeholders(sentence)
    if unknown:
        known = ", ".join(sorted(placeholders(sentence)))
        names = ", ".join(sorted(unknown))
        if not known:
            return _("{names} is not known here; nothing is filled in").format(names=names)
        return _("{names} is not known here; you can use {known}").format(names=names, known=known)
    if re.search(r"[{}]", re.sub(r"\{\w+\}", "", text)) and "{" in sentence:
        return _("a brace stands alone; a place is written like {place}").format(place="{name}")
    if "%(" in sentence and re.search(r"%(?!\(\w+\)[a-z])", text):
        return _("write “percent” for a percent sign here")
    return ""


def find(packages: Iterable[str], package: str, code: str, sentence: str, form: int = 0) -> Line | None:
    """One line of those packages, or None when the bot does not say it."""
    if package not in packages:
        return None
    return next(
        (line for line in lines([package], code) if (line.sentence, line.form) == (sentence, form)), None
    )


def change(package: str, code: str, sentence: str, text: str, *, who: str, form: int = 0) -> None:
    """Says `text` from the next message on; an empty one gives the bot its own words back.

    Flush only. WrongState says why it can't be.
    """
    wrong = problem(sentence, text)
    if find([package], package, code, sentence, form) is None:
        wrong = "the bot does not say this sentence"
    if wrong:
        raise WrongState(wrong)
    shop.changing()
    db.session.add(Wording(package=package, language=code, sentence=sentence, form=form, text=text, who=who))
    db.session.flush()


def history(line: Line, code: str) -> list[Wording]:
    """Every change of a sentence, the newest first."""
    changes = select(Wording).where(
        Wording.package == line.package,
        Wording.language == code,
        Wording.sentence == line.sentence,
        Wording.form == line.form,
    )
    return list(db.session.scalars(changes.order_by(Wording.id.desc())))


def _said(package: str) -> list[Sentence]:
    return [one for one in _all_said(package) if not _HEARD.match(one.text)]


def _all_said(package: str) -> tuple[Sentence, ...]:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return ()
    return said_in(Path(spec.submodule_search_locations[0]), _NOT_SAID if package == CORE else ())
