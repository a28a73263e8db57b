"""A simulated chat as a test file: the shop it needs, what was written, and what came back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from salesbot.extensions import db
from salesbot.models import Category, Conversation, Delivery, Message, Order, OrderLine, Product, ShopSetting
from salesbot.services import stock
from salesbot.services.saved_texts import plain

AT_ONCE = timedelta(seconds=10)
"""What comes unasked so soon belongs to what the customer did; reminders come much later."""
SETTINGS = (
    *("SHOP_NAME", "CURRENCY", "LANGUAGES", "TIMEZONE", "HOURS", "DAYS_OFF", "SELL_OUTSIDE_HOURS"),
    *("ORDER_MINUTES", "REMIND_MINUTES", "NUDGE_MINUTES", "QUIET_MINUTES", "DOWNLOADS", "DOWNLOAD_DAYS"),
    *("DOCUMENTS_IN_CHAT", "LOW_STOCK"),
)
"""What a chat may depend on and every customer may know; no other setting goes into a file."""
LINK, PLACEHOLDER = "https://course.example/1", "placeholder"
"""What stands for goods."""
_LINK = re.compile(r"https?://\S+")
MOST_KEYS = 200
"""Keys that the shop of a saved chat gets of one product at most."""


def as_test(chat: Conversation) -> str:
    """Python source that pytest runs by itself, in any folder."""
    messages = db.session.scalars(
        select(Message).where(Message.conversation_id == chat.id).order_by(Message.id)
    ).all()
    lines = [f"customer.name = {chat.customer.name!r}", *_shop(chat), *_steps(chat, messages)]
    body = "\n".join(f"    {line}" for line in lines)
    return (
        '"""A chat that was saved in the simulator; the shop in it is made anew for the test."""\n\n'
        "from salesbot.testing.saved import said\n\n\n"
        f"def test_a_saved_chat(customer, catalogue):\n{body}\n"
    )


def _shop(chat: Conversation) -> Iterable[str]:
    """Lines that make the shop's settings, categories and products, in the order of their ids."""
    settings = select(ShopSetting).where(ShopSetting.name.in_(SETTINGS))
    for setting in db.session.scalars(settings.order_by(ShopSetting.name)):
        yield f"catalogue.setting({setting.name!r}, {setting.value!r})"
    for category in db.session.scalars(select(Category).order_by(Category.id)):
        values = {"detail": category.detail, "position": category.position, "active": category.active}
        yield f"catalogue.category({category.title!r}{_named(values)})"
    products = db.session.scalars(select(Product).order_by(Product.id)).all()
    left = stock.available([product.id for product in products])
    sold = _sold_in(chat)
    for product in products:
        yield _product(product, (left[product.id] or 0) + sold.get(product.id, 0))


def _sold_in(chat: Conversation) -> dict[int, int]:
    """How many of each product went to this chat: they were there when it began."""
    rows = db.session.execute(
        select(OrderLine.product_id, func.count(Delivery.id))
        .join(Delivery, Delivery.line_id == OrderLine.id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.conversation_id == chat.id, Delivery.delivered_at.is_not(None))
        .group_by(OrderLine.product_id)
    )
    return dict(rows.all())


def _product(product: Product, keys: int) -> str:
    values: dict[str, object] = {
        "price": product.price,
        "category": product.category.title,
        "summary": product.summary,
        "description": product.description,
        "position": product.position,
        "active": product.active,
        "delivery_text": _LINK.sub(LINK, product.delivery_text),
    }
    if product.kind == "key":
        values["keys"] = min(keys, MOST_KEYS)
    elif product.kind == "file":
        values["file_name"] = product.file_name or "file.pdf"
    elif product.kind == "link":
        values["link"] = LINK
    else:
        values = {"kind": product.kind, **values, "options": _without_words(product.options)}
    making = product.kind if product.kind in {"key", "file", "link"} else "product"
    return f"catalogue.{making}({product.title!r}{_named(values)})"


def _without_words(options: Any) -> Any:
    """What a plugin is told about a product, without the words in it, which may be the goods."""
    if isinstance(options, dict):
        return {name: _without_words(value) for name, value in options.items()}
    if isinstance(options, list):
        return [_without_words(value) for value in options]
    return PLACEHOLDER if isinstance(options, str) and options else options


def _named(values: dict[str, object]) -> str:
    return "".join(
        f", {name}={value!r}" for name, value in values.items() if value or name in {"price", "active"}
    )


def _steps(chat: Conversation, messages: Sequence[Message]) -> Iterable[str]:
    """Each message of the customer, and each payment, with what came back because of it."""
    bought = select(Order.paid_at).where(Order.conversation_id == chat.id, Order.total > 0)
    paid = sorted(moment for moment in db.session.scalars(bought) if moment is not None)
    offered: dict[str, str] = {}
    act, since, heard = "", chat.created_at, list[Message]()
    for message in messages:
        if message.direction == "in":
            if act:
                yield _expect(act, heard)
            act, since, heard = _act(message, offered), message.created_at, []
        elif paid and message.reply_to_id is None and message.created_at >= paid[0]:
            yield _expect(act, heard)
            act, since, heard = "customer.pays()", message.created_at, [message]
            paid.pop(0)
        elif not message.sent_by and (message.reply_to_id or message.created_at - since < AT_ONCE):
            heard.append(message)
        if message.choices:
            offered = {choice["id"]: choice["title"] for choice in message.choices}
    if act:
        yield _expect(act, heard)


def _act(message: Message, offered: Mapping[str, str]) -> str:
    title = offered.get(message.choice or "")
    if title is not None and message.body in {"", title}:
        return f"customer.picks({title!r})"
    if message.choice and not message.body:
        return f"customer.taps({message.choice!r})"
    return f"customer.says({message.body!r})"


def _expect(act: str, replies: Sequence[Message]) -> str:
    texts = [repr(plain(reply.body)) for reply in replies]
    if not texts:
        return f"assert said({act}) == []"
    lines = "".join(f"        {text},\n" for text in texts)
    return f"assert said({act}) == [\n{lines}    ]"
