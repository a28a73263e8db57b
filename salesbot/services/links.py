"""The addresses that customers hold: pay page, delivery page, pictures; signed where they open something."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from salesbot import clock
from salesbot.database import vault
from salesbot.errors import BadLink
from salesbot.public_address import base_url
from salesbot.services import attachments

__all__ = [
    "BadLink",
    "absolute",
    "base_url",
    "cover_url",
    "delivery_url",
    "download_word",
    "downloaded_id",
    "fetched_id",
    "file_path",
    "line_id",
    "media_url",
    "opened",
    "order_id",
    "pay_url",
    "signed",
    "stored_file",
    "stored_file_id",
]

PAY = "pay"
DELIVERY = "delivery"
DOWNLOAD = "download"
DOWNLOAD_HOURS = 6
"""How long the bytes of one counted download may come, in as many tries as a bad connection needs."""
FILE = "file"
FILE_HOURS = 5
"""How long a file can be fetched for a chat: messages may wait at Twilio for four hours."""
_FILE = "unit:"


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


def download_word(delivery_id: int, number: int) -> str:
    """The word that opens the bytes of a counted download for some hours; `number` is which one it is."""
    until = clock.now() + timedelta(hours=DOWNLOAD_HOURS)
    return vault.sign(DOWNLOAD, [delivery_id, number, int(until.timestamp())])


def downloaded_id(word: str) -> int | None:
    """The unit that such a word is for, None when its hours are over; BadLink when it was not made here."""
    delivery_id, _number, until = vault.unsign(DOWNLOAD, word)
    return int(delivery_id) if until > clock.now().timestamp() else None


def stored_file(delivery_id: int) -> str:
    """What stands in a stored message for the file of a unit; its address is made when it is sent."""
    return f"{_FILE}{delivery_id}"


def stored_file_id(stored: str) -> int | None:
    """The unit whose file stands in a stored message; None for an address."""
    return int(stored.removeprefix(_FILE)) if stored.startswith(_FILE) else None


def file_path(delivery_id: int) -> str:
    """Where the file of a unit can be fetched for a chat, for some hours, without being counted."""
    until = clock.now() + timedelta(hours=FILE_HOURS)
    return f"/media/unit/{vault.sign(FILE, [delivery_id, int(until.timestamp())])}"


def media_url(stored: str) -> str:
    """The address of what a stored message shows, as the provider can fetch it now."""
    delivery_id = stored_file_id(stored)
    if delivery_id is not None:
        return base_url() + file_path(delivery_id)
    return base_url() + attachments.path(stored) if attachments.is_attachment(stored) else stored


def fetched_id(word: str) -> int | None:
    """The unit that `file_path` is for, None when its hours are over; BadLink when it was not made here."""
    delivery_id, until = vault.unsign(FILE, word)
    return int(delivery_id) if until > clock.now().timestamp() else None


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
