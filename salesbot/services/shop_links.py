"""Links into the chat with the words already typed, and what such words mean when they come.

The words are for people, `I would like: Focus Timer (#12)`; the code at their end is for us. It may
name the place where the link was, `(#12-instagram)`, and leads to the same goods whatever else is
changed. Without it the words still find the product by its title.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, select, update

from salesbot import clock
from salesbot.database import db, table
from salesbot.models import Conversation
from salesbot.services import shop
from salesbot.texts import speaking, translator

_ = translator("salesbot")

AD = "Ad: "
"""Stands before the name of an advertisement; pages show it in their reader's language."""
MARK = "#"
"""Words without it come from no link."""
SHOP, CATEGORY, PRODUCT = "shop", "category", "product"
LONGEST_PLACE = 40
COUNTS_FOR = timedelta(days=30)
"""How long after somebody came by a link their orders count for it."""

_CODE = re.compile(
    r"\(\s*#\s*(?:(?P<shelf>c?)(?P<row>[1-9]\d{0,17})|hi)\s*(?:[-–—]\s*(?P<place>[^\W_][\w-]{0,39}))?\s*\)?",
    re.IGNORECASE,
)
_CHAT = table(Conversation)


@dataclass(frozen=True)
class Arrival:
    """What a link's words mean: the id of a pick, or the `text` without its code; `place` may be ""."""

    text: str
    choice: str | None
    code: str
    place: str


def read(text: str) -> Arrival | None:
    """What `text` means when it comes from a link, else None."""
    if MARK not in text:
        return None
    codes = list(_CODE.finditer(text))
    if not codes:
        return None
    code = codes[-1]
    row, place = code["row"], (code["place"] or "").casefold()
    rest = f"{text[: code.start()]}{text[code.end() :]}".strip()
    if row is None:
        return Arrival(rest, None if rest else "menu", "hi", place)
    return Arrival(
        rest,
        f"category:{row}" if code["shelf"] else f"buy:{row}:link",
        f"{code['shelf'].casefold()}{row}",
        place,
    )


def clean_place(typed: str) -> str:
    """The name of a place as it stands in a code: small letters, digits and hyphens; "" for none."""
    return re.sub(r"[\W_]+", "-", typed.casefold()).strip("-")[:LONGEST_PLACE].strip("-")


def words(kind: str, number: int = 0, title: str = "", place: str = "") -> str:
    """What a link types for the customer, in the shop's first language."""
    rest = f"-{place}" if place else ""
    with speaking(str(shop.setting("LANGUAGES")[0])):
        if kind == SHOP:
            return _("Hi") + (f" (#hi{rest})" if place else "")
        code = f"(#{'c' if kind == CATEGORY else ''}{number}{rest})"
        asks = _("Show me: {title}") if kind == CATEGORY else _("I would like: {title}")
        return f"{asks.format(title=title)} {code}"


def chat_number() -> str:
    """The shop's number on WhatsApp as people write it, or ""."""
    number: str = shop.setting("TWILIO_WHATSAPP_NUMBER")
    return number.removeprefix("whatsapp:")


def url(text: str = "") -> str | None:
    """The address that opens WhatsApp with `text` typed; None while the shop has no number."""
    number = chat_number()
    if not number:
        return None
    return f"https://wa.me/{number.removeprefix('+')}" + (f"?text={quote(text, safe='')}" if text else "")


def source(arrival: Arrival | None, advertisement: Mapping[str, str] | None) -> dict[str, Any] | None:
    """Where a message says that its sender comes from, as chats keep it; None when it doesn't."""
    if advertisement:
        name = advertisement.get("headline") or advertisement.get("source_id") or "?"
        return {"name": f"{AD}{name}"[:120], **advertisement, "at": clock.now().isoformat()}
    if arrival is None:
        return None
    return {"name": arrival.place or "link", "code": f"#{arrival.code}", "at": clock.now().isoformat()}


def keep_source(connection: Connection, chat_id: int, came_from: dict[str, Any]) -> None:
    """Remembers where a chat's customer came from last."""
    connection.execute(update(_CHAT).where(_CHAT.c.id == chat_id).values(source=came_from))


def source_of_order(chat_id: int) -> tuple[str, dict[str, Any] | None]:
    """Name and details of where the buyer in this chat came from; ("", None) if unknown or long ago."""
    kept = db.session.scalar(select(Conversation.source).where(Conversation.id == chat_id))
    if not kept or datetime.fromisoformat(kept["at"]) < clock.now() - COUNTS_FOR:
        return "", None
    details = {name: value for name, value in kept.items() if name != "name"}
    return kept["name"], details
