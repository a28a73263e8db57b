"""The addresses that customers hold: pay page, delivery page, pictures; signed where they open something."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from salesbot.database import vault
from salesbot.errors import BadLink
from salesbot.public_address import base_url

__all__ = [
    "BadLink",
    "absolute",
    "base_url",
    "cover_url",
    "delivery_url",
    "line_id",
    "opened",
    "order_id",
    "pay_url",
    "signed",
]

PAY = "pay"
DELIVERY = "delivery"


def signed(purpose: str, value: Any) -> str:
    """`value` (JSON) as a word for a link that nobody else can make."""
    return vault.sign(purpose, value)


def opened(purpose: str, word: str) -> Any:
    """What `signed` was given for this purpose; BadLink when the word was not made here."""
    return vault.unsign(purpose, word)


def pay_url(order_id: int) -> str:
    """The page on which this order is paid and looked at afterwards."""
    return f"{base_url()}/pay/{vault.sign(PAY, order_id)}"


def delivery_url(line_id: int) -> str:
    """The page that holds what this order line delivered."""
    return f"{base_url()}/d/{vault.sign(DELIVERY, line_id)}"


def order_id(word: str) -> int:
    """The order that a pay link is for; BadLink when it was not made here."""
    return _number(vault.unsign(PAY, word))


def line_id(word: str) -> int:
    """The order line that a delivery link is for; BadLink when it was not made here."""
    return _number(vault.unsign(DELIVERY, word))


def absolute(link: str) -> str:
    """A product's link as customers get it; one that begins with "/" is a page of this shop."""
    return base_url() + link if link.startswith("/") else link


def cover_url(cover: str) -> str | None:
    """The public address of a product's picture, or None when it has none."""
    return f"{base_url()}/media/{quote(cover)}" if cover else None


def _number(value: Any) -> int:
    if not isinstance(value, int):
        raise BadLink("the link holds no number")
    return value
