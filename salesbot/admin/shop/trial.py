"""What the bot would say: tried in a transaction that is undone, so that nobody else sees anything of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from babel import dates
from flask import g
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from salesbot import clock, dispatcher, money, plugin_manager, turns
from salesbot.channels import simulator
from salesbot.database import writing
from salesbot.errors import SalesbotError
from salesbot.extensions import db, transaction
from salesbot.locales import locale_of
from salesbot.messages import Choice, Location, Media
from salesbot.models import Conversation
from salesbot.services import catalog, conversations, hours, languages, shop, words
from salesbot.services.phone import screen
from salesbot.services.sentences import placeholders
from salesbot.services.words import Line
from salesbot.texts import language, speaking, trying
from salesbot.turns import Turn

log = logging.getLogger(__name__)

CHATS_LOOKED_AT = 10
"""Of the newest chats: what shows only now and then, such as the cart, is found there."""


class _Undone(Exception):
    """Ends a trial."""


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written inside is taken back at the end."""
    db.session.rollback()
    witness = g.pop("witness", None)
    try:
        with writing(), transaction():
            yield
            raise _Undone
    except _Undone:
        shop.forget()
    finally:
        if witness is not None:
            g.witness = witness


def menu_lines() -> dict[str, Mapping[str, str]]:
    """Every line that the menu may have, in the order of the plugins: its titles by language, by its id.

    Each chat is looked at by itself and without locking it: customers write meanwhile.
    """
    titles: dict[str, dict[str, str]] = {}
    order: list[str] = []
    with undone():
        for code in shop.setting("LANGUAGES"):
            _take(order, titles, code, _lines(_stranger(code)))
        recent = select(Conversation.id).order_by(Conversation.last_inbound_at.desc().nulls_last())
        newest = db.session.scalars(recent.limit(CHATS_LOOKED_AT)).all()
    for number in newest:
        with undone():
            row = conversations.look_at_chat(db.session.connection(), number)
            if row is not None:
                _take(order, titles, row.language, _lines(row))
    return {number: titles[number] for number in order}


def packages() -> list[str]:
    """The core and every package that an active plugin lives in, in the order of the plugins."""
    homes = [
        str(getattr(plugin.module, "__name__", "")).partition(".")[0]
        for plugin in sorted(plugin_manager.current().plugins, key=lambda plugin: plugin.sort_key())
    ]
    return [home for home in dict.fromkeys([*homes, words.CORE]) if home]


def _take(order: list[str], titles: dict[str, dict[str, str]], code: str, lines: Sequence[Choice]) -> None:
    before: str | None = None
    for line in lines:
        if line.id not in titles:
            order.insert(0 if before is None else order.index(before) + 1, line.id)
        titles.setdefault(line.id, {}).setdefault(code, line.title)
        before = line.id


def _lines(row: conversations.ChatRow) -> list[Choice]:
    turn = Turn(db.session.connection(), row)
    with turns.running(turn):
        return turns.all_menu_items(turn.chat_for(""))


def _stranger(code: str) -> conversations.ChatRow:
    """The chat of somebody new who speaks a language."""
    address = simulator.strict_address()
    row = conversations.lock_chat(db.session.connection(), simulator.NAME, address, "Ana", lambda: code)
    languages.choose(row.customer_id, code, chosen=True)
    return conversations.lock_chat_by_id(db.session.connection(), row.id)


# ---- What a chat looks like ----


def menu_message(code: str) -> dict[str, Any]:
    """What somebody gets who asks for the menu; inside `undone`."""
    return _Trial(code).says(choice="menu")[-1]


def in_a_chat(line: Line, text: str, code: str) -> dict[str, Any] | None:
    """The message of an ordinary chat that says `text` in a sentence's place, or None when none does.

    As it is sent, with what is said around it and its choices.
    """
    key = (line.package, code, line.sentence, line.form)
    marked = {key: f"{_MARK}{text or line.default}{_MARK}"}
    with undone(), trying(marked):
        said = _Trial(code).goes_through_the_shop()
    place = next((number for number, message in enumerate(said) if _holds_mark(message)), None)
    if place is None:
        return None
    with undone(), trying({key: text}):
        said = _Trial(code).goes_through_the_shop(place + 1)
    return said[place] if place < len(said) else None


def alone(line: Line, text: str, code: str) -> dict[str, Any]:
    """A sentence by itself, with an example in each place, as the phone draws it."""
    with speaking(code):
        values = _examples(line)
    said = text or line.default
    for place in placeholders(said):
        name = place.strip("{}") if place.startswith("{") else place[2:].partition(")")[0]
        said = said.replace(place, values.get(name, "…"))
    return {"text": said, "choices": [], "style": "numbers", "mine": False, "at": clock.now().isoformat()}


def _examples(line: Line) -> dict[str, str]:
    currency, number = str(shop.setting("CURRENCY")), "7KQ4M2P"
    shelf = next(iter(catalog.shelves()), None)
    title = next((item.title for item in (catalog.items_on(shelf.id) if shelf else ())), "Plain Money")
    amount = money.show(1900, currency, language())
    count = str(line.counts[0] if line.counts else 2)
    return {
        **dict.fromkeys(("name", "customer", "customer_name"), "Ana"),
        **dict.fromkeys(("shop", "shop_name"), str(shop.setting("SHOP_NAME"))),
        **dict.fromkeys(("total", "amount", "price", "left"), amount),
        **dict.fromkeys(("count", "num", "n"), count),
        **dict.fromkeys(("number", "order"), number),
        **dict.fromkeys(("title", "product"), title),
        "lines": f"1 × {title} – {amount}",
        "link": f"{shop.setting('PUBLIC_URL')}/pay/{number}",
        "hours": hours.shown() or "9:00 – 18:00",
        "code": "WELCOME10",
        "most": "100",
        "day": dates.format_date(clock.now(), "medium", locale=locale_of(language())),
        "language": languages.name(language()),
    }


_MARK = "\u2063\u2064\u2063"
"""Nobody sees it, and nobody types it."""

_CHOICES = ("menu", "help", "orders", "cart", "stop", "start", "start", languages.CHOICE)
_MEDIA = ("audio/ogg", "image/webp", "image/jpeg", "text/vcard", "video/mp4", "application/zip")
_NONSENSE = "xqzvk"


def _holds_mark(message: dict[str, Any]) -> bool:
    offered = (part for choice in message["choices"] for part in (choice["title"], choice["detail"]))
    return any(_MARK in part for part in (message["text"], *offered))


class _Trial:
    """Somebody new who goes through the shop; inside `undone`."""

    def __init__(self, code: str) -> None:
        self._chat = _stranger(code)
        self._seen = 0

    def says(self, text: str = "", *, choice: str | None = None, **parts: Any) -> list[dict[str, Any]]:
        """What comes back for one message, as the phone draws it."""
        incoming = simulator.incoming(self._chat.address, text, choice, "Ana")
        dispatcher.handle(replace(incoming, **parts))
        db.session.flush()
        shown = screen(simulator.NAME, self._chat.address, self._seen)["messages"]
        self._seen = max([self._seen, *(message["id"] for message in shown)])
        return [message for message in shown if not message["mine"]]

    def goes_through_the_shop(self, most: int | None = None) -> list[dict[str, Any]]:
        """Everything that came back, until there are `most` messages or something does not work."""
        said: list[dict[str, Any]] = []
        try:
            for step in self._steps():
                said += step
                if most is not None and len(said) >= most:
                    break
        except (SQLAlchemyError, SalesbotError) as exc:
            log.warning("the trial of a sentence ended early: %s", type(exc).__name__)
        return said

    def _steps(self) -> Iterator[list[dict[str, Any]]]:
        heard = words.heard(packages(), self._chat.language)
        for text in heard:
            yield self.says(text)
        for choice in (*_CHOICES, f"{languages.CHOICE}:{self._chat.language}"):
            yield self.says(choice=choice)
        for content_type in _MEDIA:
            yield self.says(media=(Media("https://example.com/file", content_type),))
        yield self.says(location=Location(0.0, 0.0))
        yield self.says()
        yield self.says(choice="gone:1")
        for _time in range(4):
            yield self.says(_NONSENSE)
        yield from self._buys()
        yield self.says(choice="person")

    def _buys(self) -> Iterator[list[dict[str, Any]]]:
        shelf = next(iter(catalog.shelves()), None)
        if shelf is None:
            return
        yield self.says(choice="catalog:all")
        yield self.says(choice=f"category:{shelf.id}")
        for item in [one for one in catalog.items_on(shelf.id) if one.left != 0][:1]:
            yield self.says(choice=f"product:{item.id}")
            for answer in (_NONSENSE, "999"):
                yield self.says(choice=f"checkout:several:{item.id}")
                yield self.says(answer)
            yield self.says(choice=f"buy:{item.id}")
            yield self.says(choice="cart")
            yield self.says(choice="checkout:empty")
