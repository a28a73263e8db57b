"""How values look in the back office; each kind of value has one formatter, used everywhere."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from flask import current_app, url_for
from flask_babel import format_datetime, gettext
from markupsafe import Markup, escape
from sqlalchemy import inspect
from sqlalchemy.orm import DeclarativeBase

from salesbot.admin.shown import reader
from salesbot.admin.shown.kept_words import STATES, WORDS, in_words
from salesbot.admin.shown.noted import noted
from salesbot.models import Product
from salesbot.money import show
from salesbot.services import links, secrets_in_text, shop, shop_links

Formatter = Callable[[Any, Any, Any, str], Any]

MONEY = frozenset({"price", "total", "amount", "unit_price", "discount"})
"""Columns that hold minor units of the row's currency, or of the shop's."""


def pill(words: Any, tone: str = "") -> Markup:
    """A few words on a coloured ground: "good", "warn", "bad", "calm", or "" for none."""
    return Markup('<span class="sb-pill{}">{}</span>').format(f" sb-pill-{tone}" if tone else "", words)


def state_pill(word: str) -> Markup:
    """A state as a coloured word."""
    return pill(*STATES.get(word, (word.replace("_", " "), "")))


def word(_view: Any, _context: Any, row: Any, name: str) -> Any:
    """A column that holds one of a few words."""
    value = getattr(row, name)
    return "" if value is None else in_words(name, value)


def state(_view: Any, _context: Any, row: Any, name: str) -> Any:
    """A column that holds a state."""
    return state_pill(getattr(row, name))


def came_from(source: str) -> str:
    """Where a buyer came from; what the program wrote before an advertisement's name, in words."""
    _ad, found, name = source.partition(shop_links.AD)
    return gettext("Advertisement: %(name)s", name=name) if found and not _ad else source


def source(_view: Any, _context: Any, row: Any, name: str) -> str:
    """A column that says where somebody came from."""
    return came_from(getattr(row, name))


def amount(minor: int | None, currency: str) -> Markup | str:
    """Money as whoever looks reads it."""
    if minor is None:
        return ""
    return Markup('<span class="sb-number">{}</span>').format(money_in_words(minor, currency))


def money_in_words(minor: int, currency: str = "") -> str:
    """The same inside a sentence; in the shop's currency unless told otherwise."""
    return show(minor, currency or shop.setting("CURRENCY"), reader.language())


def money(_view: Any, _context: Any, row: Any, name: str) -> Any:
    """A column that holds money."""
    return amount(getattr(row, name), getattr(row, "currency", None) or shop.setting("CURRENCY"))


def moment(value: datetime) -> Markup:
    """A time by the clock of whoever looks; admin.js leaves the date out when it is today."""
    utc, here = value.astimezone(UTC), reader.here(value)
    away = here.strftime("%z")
    return Markup('<time datetime="{}" data-local>{} UTC{}</time>').format(
        utc.isoformat(timespec="seconds").replace("+00:00", "Z"),
        format_datetime(here.replace(tzinfo=UTC), "d MMM yyyy, HH:mm", rebase=False),
        "" if away == "+0000" else f"{away[:3]}:{away[3:]}",
    )


def yes_no(value: bool) -> Markup:
    """A switch."""
    icon, words = ("fa-check", gettext("yes")) if value else ("fa-minus", gettext("no"))
    return Markup('<span class="sb-soft"><i class="fa-solid {}" aria-hidden="true"></i> {}</span>').format(
        icon, words
    )


def as_json(value: Any) -> Markup | str:
    """Structured data, readable."""
    if not value:
        return ""
    return Markup('<pre class="sb-json">{}</pre>').format(json.dumps(value, indent=2, ensure_ascii=False))


def link_to(row: DeclarativeBase) -> Markup | str:
    """A row of another model, as a link to its page."""
    address = row_address(row)
    words = noted(str(row))
    return Markup('<a href="{}">{}</a>').format(address, words) if address else words


def row_address(row: DeclarativeBase) -> str:
    """The page of a row, or "" when its model has none."""
    endpoint = f"{endpoint_of(type(row))}.details_view"
    if endpoint not in current_app.view_functions:
        return ""
    return url_for(endpoint, id=",".join(str(part) for part in inspect(row).identity or ()))


def endpoint_of(model: type[DeclarativeBase]) -> str:
    """The endpoint of a model's view; table names are unique, class names need not be."""
    return f"admin_{model.__tablename__}"


def picture(_view: Any, _context: Any, row: Any, name: str) -> Any:
    """A product's cover, small."""
    address = local(links.cover_url(getattr(row, name)) or "")
    return (
        Markup('<img class="sb-picture" src="{}" alt="" loading="lazy">').format(address) if address else ""
    )


def local(address: str) -> str:
    """An address of this shop without its host: pages of the back office ask no other one."""
    base = links.base_url()
    return address.removeprefix(base) if address.startswith(f"{base}/") else address


_WAYS_IN = re.compile(r"(https?://\S+?/(?:d|pay)/)[\w.~-]{16,}")


def covered(text: str) -> str:
    """A message's words without its secrets, and without the links that open what was bought."""
    return _WAYS_IN.sub(r"\1••••", secrets_in_text.mask(text))


def masked_text(_view: Any, _context: Any, row: Any, name: str) -> Any:
    """A message's words with its secrets covered."""
    return covered(getattr(row, name) or "")


def shortened(_view: Any, _context: Any, row: Any, name: str) -> Any:
    """The beginning of a long text, for lists."""
    text = covered(getattr(row, name) or "")
    return text if len(text) <= 90 else f"{text[:88].rstrip()} …"


def address(_view: Any, _context: Any, row: Any, name: str) -> Any:
    """Where somebody writes from: a telephone number where it is one."""
    return phone(getattr(row, name))


def phone(address: str) -> str:
    """Where somebody writes from, as people call it: a number with its country code, or a name."""
    return str(address).removeprefix("whatsapp:")


def percent(_view: Any, _context: Any, row: Any, name: str) -> Any:
    """A rate such as 8.875 %."""
    value = getattr(row, name)
    return "" if value is None else f"{value.normalize():f} %"


def whole_percent(_view: Any, _context: Any, row: Any, name: str) -> Any:
    """A discount such as 10 %."""
    value = getattr(row, name)
    return "" if value is None else f"{value} %"


_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(\+[0-9:]+|Z)")
_BOLD = re.compile(r"(?<![\w*])\*(?! )([^*\n]+?)(?<! )\*(?![\w*])")


def chat_text(body: str) -> Markup:
    """A message's words as the customer reads them: secrets covered, *bold* in bold."""
    return Markup(_BOLD.sub(r"<b>\1</b>", str(escape(covered(body)))))  # noqa: S704 - escaped


def language(_view: Any, _context: Any, row: Any, name: str) -> Any:
    """A language's code as its name."""
    return reader.name_of(getattr(row, name))


def noted_down(_view: Any, _context: Any, row: Any, name: str) -> Any:
    """What the program wrote down."""
    return noted(getattr(row, name) or "")


def plain(_view: Any, _context: Any, row: Any, name: str) -> Any:
    """A row of another model without a link to it."""
    return str(getattr(row, name))


def outside_link(view: Any, _context: Any, row: Any, name: str) -> Any:
    """An address on the web that staff typed in; one that is sold, only for those who may type it in."""
    value = getattr(row, name)
    if value and isinstance(row, Product) and not view.may_use("edit_view"):
        return "••••"
    return web_link(value)


def web_link(value: str) -> Markup | str:
    """An address on the web, to be opened in a tab of its own."""
    if not value.startswith(("https://", "http://")):
        return value
    return Markup('<a href="{0}" rel="noreferrer noopener" target="_blank">{0}</a>').format(value)


def who_answers(_view: Any, _context: Any, row: Any, _name: str) -> Any:
    """Whether the bot or a person answers a chat, and whether somebody waits."""
    if row.person_wanted_at is not None:
        return pill(gettext("waits for a person"), "warn")
    if row.answered_by == "person":
        return pill(gettext("a person"), "calm")
    return pill(gettext("the bot"))


def preview(message: Any) -> str:
    """One line about a message, for the list of chats."""
    text = " ".join(covered(message.body).split())
    if not text and message.media:
        text = gettext("a picture or file")
    elif not text and message.location:
        text = gettext("a place")
    elif not text:
        text = gettext("a pick") if message.choice else gettext("(empty)")
    return text if len(text) <= 80 else f"{text[:78].rstrip()} …"


def sold(_view: Any, _context: Any, row: Any, name: str) -> Any:
    """Whether a key is in stock, or the delivery that it went to."""
    number = getattr(row, name)
    if number is None:
        return pill(gettext("in stock"), "good")
    address = url_for("admin_delivery.details_view", id=number)
    return Markup('<a href="{}">{}</a>').format(address, gettext("sold"))


def plainly(name: str, value: Any, currency: str = "") -> Any:
    """A value of a column that stands for itself, as in a file or in what was changed.

    Money is in the shop's currency unless told otherwise.
    """
    if value is None or value == "":
        return gettext("nothing")
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if name in MONEY and isinstance(value, int):
        return money_in_words(value, currency)
    if isinstance(value, dict | list):
        return as_json(value)
    if not isinstance(value, str):
        return str(value)
    if name in WORDS or name == "state":
        return in_words(name, value)
    if name == "address":
        return phone(value)
    return _moment_or_text(value) if _MOMENT.fullmatch(value) else value


def _moment_or_text(value: str) -> Markup | str:
    """What looks like a time: staff may have typed it, and then it need not be one."""
    try:
        return moment(datetime.fromisoformat(value))
    except (ValueError, OverflowError):  # such as 99 September, or the last hour of the year 9999
        return value


BY_COLUMN: Mapping[str, Formatter] = {
    "state": state,
    "cover": picture,
    "address": address,
    "link": outside_link,
    "body": masked_text,
    "tax_rate": percent,
    "role": word,
    "direction": word,
    "kind": word,
    "tone": word,
    "method": word,
    "channel": word,
    "language": language,
    "what": word,
    "why": noted_down,
    "reason": noted_down,
    "outcome": noted_down,
    "error": noted_down,
    **dict.fromkeys(MONEY, money),
}
"""Used for columns of these names unless a model's exceptions say otherwise."""

BY_TYPE: Mapping[type, Callable[[Any, Any, str], Any]] = {
    type(None): lambda _view, _value, _name: "",
    bool: lambda _view, value, _name: yes_no(value),
    datetime: lambda _view, value, _name: moment(value),
    dict: lambda _view, value, _name: as_json(value),
    list: lambda _view, value, _name: as_json(value),
    DeclarativeBase: lambda _view, value, _name: link_to(value),
}
