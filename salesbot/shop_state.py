"""What staff have set, as each process sees it with the next message, and what it means for a setting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask.ctx import AppContext
from flask.globals import app_ctx
from sqlalchemy import select

from salesbot import texts
from salesbot.database import db
from salesbot.models import MenuLine, PluginState, QuickAnswer, ShopRevision, ShopSetting, Wording
from salesbot.options import BY_NAME

_REVISION = select(ShopRevision.number).where(ShopRevision.id == 1)
_KEPT = "salesbot.shop"


@dataclass(frozen=True, eq=False)
class Answer:
    """A quick answer as `QuickAnswer` has it; `texts` holds its words, text and button by language."""

    id: int
    leads_to: str
    texts: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Line:
    """What staff did with a line of the menu: its place, whether it is hidden, titles by language."""

    position: int
    hidden: bool
    titles: Mapping[str, str]


@dataclass(frozen=True)
class ShopState:
    """What staff have set: texts by setting name, and switched-off plugins with the reason.

    `own_words` are by package, language, sentence as written and form; `menu` by the line's id.
    """

    revision: int
    texts: dict[str, str]
    switched_off: dict[str, str]
    own_words: dict[tuple[str, str, str, int], str]
    answers: tuple[Answer, ...] = ()
    menu: Mapping[str, Line] = field(default_factory=dict)


def _here() -> AppContext:
    """The app and its `g` themselves: a look at them through Flask's proxies costs ten times as much."""
    here: AppContext = app_ctx._get_current_object()  # type: ignore[attr-defined]
    return here


def state(revision: int | None = None) -> ShopState:
    """The present state; asks the database for its revision once a request or turn unless given."""
    return _state(_here(), revision)


def _state(here: AppContext, revision: int | None = None) -> ShopState:
    known: ShopState | None
    if revision is None:
        known = here.g.get("shop_state")
        if known is not None:
            return known
        revision = db.session.scalar(_REVISION) or 0
    known = here.app.extensions.get(_KEPT)
    if known is None or known.revision != revision:
        known = here.app.extensions[_KEPT] = _load(revision)
    here.g.shop_state = known
    texts.use(known.own_words)
    return known


@contextmanager
def as_last_seen() -> Iterator[None]:
    """Inside, settings are what this process last knew of them, without asking the database.

    It is asked only when this process has seen nothing yet.
    """
    here = _here()
    known: ShopState | None = here.app.extensions.get(_KEPT)
    if known is not None:
        here.g.shop_state = known
        texts.use(known.own_words)
    try:
        yield
    finally:
        forget()


def forget() -> None:
    """The next question asks the database again."""
    _here().g.pop("shop_state", None)


def _load(revision: int) -> ShopState:
    settings = db.session.execute(select(ShopSetting.name, ShopSetting.value, ShopSetting.secret))
    off = db.session.execute(select(PluginState.name, PluginState.reason).where(~PluginState.enabled))
    return ShopState(
        revision,
        {name: value if secret is None else secret for name, value, secret in settings},
        {row.name: row.reason for row in off},
        _own_words(),
        _answers(),
        _menu(),
    )


def _own_words() -> dict[tuple[str, str, str, int], str]:
    """Of several changes of a sentence the last one counts."""
    changes = select(
        Wording.package, Wording.language, Wording.sentence, Wording.form, Wording.text
    ).order_by(Wording.id)
    last = {
        (package, code, sentence, form): text
        for package, code, sentence, form, text in db.session.execute(changes)
    }
    return {key: text for key, text in last.items() if text}


def _answers() -> tuple[Answer, ...]:
    """The quick answers in use, in the order in which they were made."""
    found = db.session.execute(
        select(
            QuickAnswer.id,
            QuickAnswer.leads_to,
            QuickAnswer.words,
            QuickAnswer.text,
            QuickAnswer.button,
            QuickAnswer.texts,
        )
        .where(QuickAnswer.active)
        .order_by(QuickAnswer.id)
    )
    return tuple(
        Answer(number, leads_to, {**texts, "": {"words": words, "text": text, "button": button}})
        for number, leads_to, words, text, button, texts in found
    )


def _menu() -> dict[str, Line]:
    lines = select(MenuLine.choice, MenuLine.position, MenuLine.hidden, MenuLine.titles)
    return {choice: Line(*rest) for choice, *rest in db.session.execute(lines.order_by(MenuLine.position))}


def setting(name: str) -> Any:
    """A core setting's value: what the environment fixed, else the back office, else file or default."""
    here = _here()
    option, config = BY_NAME[name], here.app.config
    if option.in_back_office and name not in config["FIXED"]:
        text = _state(here).texts.get(name)
        if text is not None:
            return option.read(text)
    return config[name]
