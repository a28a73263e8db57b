"""Ready answers: words that staff send often, with places that are filled for each chat."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import select

from salesbot.database import db
from salesbot.models import CannedReply, Conversation, Order
from salesbot.services import shop

PLACES = ("name", "staff", "shop", "order", "product")
_PLACE = re.compile(rf"\{{({'|'.join(PLACES)})\}}")


@dataclass(frozen=True)
class Ready:
    """A ready answer, filled for one chat."""

    id: int
    title: str
    text: str


def for_chat(chat: Conversation, staff: str) -> list[Ready]:
    """All ready answers as they would be sent to this chat by `staff`.

    A place for which there is nothing stays as it is, so that whoever sends it notices.
    """
    stored = db.session.scalars(select(CannedReply).order_by(CannedReply.title)).all()
    if not stored:
        return []
    order = db.session.scalar(
        select(Order).where(Order.customer_id == chat.customer_id).order_by(Order.id.desc()).limit(1)
    )
    values = {
        "name": chat.customer.name,
        "staff": staff,
        "shop": str(shop.setting("SHOP_NAME")),
        "order": order.number if order is not None else "",
        "product": order.lines[0].title if order is not None and order.lines else "",
    }
    return [Ready(reply.id, reply.title, _filled(reply.text, values)) for reply in stored]


def _filled(text: str, values: dict[str, str]) -> str:
    return _PLACE.sub(lambda found: values[found[1]] or found[0], text)
