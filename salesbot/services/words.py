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
from salesbot.services.sentences import OFFICE, placeholders, said_in
from salesbot.texts import in_every_language, translator

_ = translator("salesbot")

CORE = "salesbot"
LONGEST = 1500
_NOT_SAID = (
    *OFFICE,
    "doctor/**",
    "newsmail.py",
    "newspush.py",
    *(f"services/{name}.py" for name in ("delivery_texts", "key_import", "templates", "words")),
    "templates/phone/**",
)
"""Of the core: what staff read, and the phone that stands in for WhatsApp's."""
_HEARD = re.compile(r"^(?!.*[.!?:]).*,.*,", re.DOTALL)
"""Lists of words that the bot understands."""


@dataclass(frozen=True)
class Line:
    """One sentence of a package: as written in the code, as said by default, and in the shop's own words."""

    package: str
    sentence: str
    default: str
    own: str

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
            sentence,
            in_every_language(package, sentence, (code,))[code],
            own.get((package, code, sentence), ""),
        )
        for package in packages
        for sentence in _said(package)
    ]


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
    return ""


def change(package: str, code: str, sentence: str, text: str, *, who: str) -> None:
    """Says `text` from the next message on; an empty one gives the bot its own words back.

    Flush only. WrongState says why it can't be.
    """
    if sentence not in _said(package):
        raise WrongState("the bot does not say this sentence")
    wrong = problem(sentence, text)
    if wrong:
        raise WrongState(wrong)
    shop.changing()
    db.session.add(Wording(package=package, language=code, sentence=sentence, text=text, who=who))
    db.session.flush()


def history(package: str, code: str, sentence: str) -> list[Wording]:
    """Every change of a sentence, the newest first."""
    changes = select(Wording).where(
        Wording.package == package, Wording.language == code, Wording.sentence == sentence
    )
    return list(db.session.scalars(changes.order_by(Wording.id.desc())))


def _said(package: str) -> list[str]:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return []
    found = said_in(Path(spec.submodule_search_locations[0]), _NOT_SAID if package == CORE else ())
    return [one.text for one in found if not one.plural and not _HEARD.match(one.text)]
