"""Secrets in messages: a stored text holds a mark for each, and only a text that is sent holds the secret.

So a licence key never stands in clear in the database, a log, or the back office.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlalchemy import select

from salesbot.database import db
from salesbot.models import Delivery, LicenceKey, Order, OrderLine

_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}(\\d{{1,18}}){_CLOSE}")
_STRAY = re.compile(f"[{_OPEN}{_CLOSE}]")


def mark(delivery_id: int) -> str:
    """What stands in a text for the secret of this unit."""
    return f"{_OPEN}{delivery_id}{_CLOSE}"


def holds_marks(text: str) -> bool:
    """Whether a secret is to be put into this text."""
    return _OPEN in text


def without_marks(text: str) -> str:
    """`text` of somebody outside, who must not be able to write a mark."""
    return _STRAY.sub("", text) if _OPEN in text or _CLOSE in text else text


def reveal(text: str, customer_id: int) -> str:
    """The text with its secrets, as it is sent; a unit of another customer is left out."""
    return revealer(text, customer_id)(text)


def revealer(text: str, customer_id: int) -> Callable[[str], str]:
    """What `reveal` does to `text`, for any part of it, with one look into the database."""
    if _OPEN not in text:
        return without_marks
    found = _secrets([int(number) for number in _MARK.findall(text)], customer_id)

    def put_in(part: str) -> str:
        return without_marks(_MARK.sub(lambda match: found.get(int(match[1]), ""), part))

    return put_in


def mask(text: str) -> str:
    """The text as staff see it."""
    return without_marks(_MARK.sub("••••", text))


def _secrets(delivery_ids: list[int], customer_id: int) -> dict[int, str]:
    rows = db.session.execute(
        select(Delivery.id, Delivery.secret, LicenceKey.secret)
        .join(OrderLine, OrderLine.id == Delivery.line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .outerjoin(LicenceKey, LicenceKey.delivery_id == Delivery.id)
        .where(
            Delivery.id.in_(delivery_ids),
            Delivery.state == "delivered",
            Order.customer_id == customer_id,
        )
    )
    return {number: own or key or "" for number, own, key in rows}
