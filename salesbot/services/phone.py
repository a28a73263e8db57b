"""What a simulated phone shows: the chat as the customer reads it, and its newest order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import select

from salesbot import money
from salesbot.database import db
from salesbot.models import Conversation, Message, Order, OrderEvent
from salesbot.models.conversations import OUTBOX_STATES
from salesbot.services import attachments, links, pages, uploads
from salesbot.services.secrets_in_text import reveal
from salesbot.texts import speaking, translator

_ = translator("salesbot")

MOST = 200
"""Messages in one answer; a phone that has been away longer asks again."""
_NOT_THERE = ("failed", "undelivered", "unknown")
_EVENTS = 30


def screen(channel: str, address: str, after: int = 0) -> dict[str, Any]:
    """The messages with an id above `after`, as JSON, where to go on, and the newest order.

    What waits in the outbox has not reached the phone: it is left out, and `cursor` stays before
    it so that the next question finds it.
    """
    chat = db.session.scalar(
        select(Conversation).where(Conversation.channel == channel, Conversation.address == address)
    )
    if chat is None:
        return {"messages": [], "cursor": after, "order": None}
    found = db.session.scalars(
        select(Message)
        .where(Message.conversation_id == chat.id, Message.id > after)
        .order_by(Message.id)
        .limit(MOST)
    ).all()
    waiting = [message.id for message in found if message.state in OUTBOX_STATES]
    cursor = waiting[0] - 1 if waiting else found[-1].id if found else after
    there = [m for m in found if m.state not in OUTBOX_STATES and m.state not in _NOT_THERE]
    with speaking(chat.customer.language):
        order = db.session.scalar(
            select(Order).where(Order.conversation_id == chat.id).order_by(Order.id.desc()).limit(1)
        )
        return {
            "messages": [_message(message, chat.customer_id) for message in there],
            "cursor": cursor,
            "order": None if order is None else _order(order),
        }


def _message(message: Message, customer_id: int) -> dict[str, Any]:
    mine = message.direction == "in"
    medium = message.media[0] if message.media else None
    return {
        "id": message.id,
        "mine": mine,
        "text": message.body if mine else reveal(message.body, customer_id),
        "media_url": None if medium is None else _near(medium["url"]),
        "media_type": None if medium is None else medium["content_type"],
        "choices": [] if mine else message.choices,
        "style": message.style or "numbers",
        "state": message.state,
        "at": message.created_at.isoformat(),
        "plugin": message.plugin,
    }


def _near(url: str) -> str:
    """The address of a cover or file of ours on this server, under whatever name the browser knows it."""
    delivery_id = links.stored_file_id(url)
    if delivery_id is not None:
        return links.file_path(delivery_id)
    if attachments.is_attachment(url):
        return attachments.path(url)
    name = re.fullmatch(r".*/media/([^/]+)", urlsplit(url).path)
    if name and (uploads.covers_folder() / unquote(name[1])).is_file():
        return f"/media/{name[1]}"
    return url


def _order(order: Order) -> dict[str, Any]:
    language = order.customer.language
    labels = {
        "pending": _("To pay"),
        "paid": _("Paid"),
        "fulfilled": _("Delivered"),
        "expired": _("Time is up"),
        "cancelled": _("Cancelled"),
    }
    return {
        "number": order.number,
        "state": order.state,
        "state_label": labels[order.state],
        "lines": [
            {
                "title": line.title,
                "quantity": line.quantity,
                "amount": money.show(line.amount, order.currency, language),
            }
            for line in order.lines
        ],
        "total": money.show(order.total, order.currency, language),
        "pay_url": links.pay_url(order.id),
        "deliveries": [{"title": goods.title, "url": goods.url} for goods in pages.goods_of(order)],
        "timeline": _timeline(order.events[-_EVENTS:]),
    }


def _timeline(events: Sequence[OrderEvent]) -> list[dict[str, str]]:
    """What happened, in a customer's words; what only staff need is left out."""
    told = []
    for event in events:
        words = _in_words(event.what)
        if words:
            told.append({"at": event.at.isoformat(), "text": words})
    return told


def _in_words(what: str) -> str:
    """An event of the timeline as its buyer would say it; "" for what only staff need."""
    if what == "placed":
        return _("Ordered")
    if what == "payment started":
        return _("Payment started")
    endings = {
        "paid": _("Paid"),
        "fulfilled": _("Delivered"),
        "expired": _("The time was up"),
        "cancelled": _("Cancelled"),
    }
    _old, arrow, new = what.partition(" → ")
    return endings.get(new, "") if arrow else ""
