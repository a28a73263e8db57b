"""What the handler written by hand says: text, choices and a picture, for the demo shop only."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, or_, select

from benchmarks.twilio_posts import PUBLIC_URL
from salesbot import clock
from salesbot.database import table
from salesbot.models import Category, Delivery, LicenceKey, Order, OrderLine, Product

_CATEGORY, _PRODUCT, _KEY = table(Category), table(Product), table(LicenceKey)
_ORDER, _LINE, _DELIVERY = table(Order), table(OrderLine), table(Delivery)

Said = tuple[str, list[dict[str, str]], str | None]

_FOR_SALE = and_(
    _PRODUCT.c.active,
    _CATEGORY.c.active,
    or_(_PRODUCT.c.kind != "file", _PRODUCT.c.file != ""),
    or_(_PRODUCT.c.kind != "link", _PRODUCT.c.link != ""),
)
_SHELVES = (
    select(_CATEGORY.c.id, _CATEGORY.c.title)
    .where(
        _CATEGORY.c.active,
        select(_PRODUCT.c.id).where(_PRODUCT.c.category_id == _CATEGORY.c.id, _FOR_SALE).exists(),
    )
    .order_by(_CATEGORY.c.position, _CATEGORY.c.id)
)
_UNSOLD = (
    select(func.count(_KEY.c.id))
    .where(_KEY.c.product_id == _PRODUCT.c.id, _KEY.c.delivery_id.is_(None))
    .scalar_subquery()
)
_HELD = (
    select(func.coalesce(func.sum(_LINE.c.quantity), 0))
    .join(_ORDER, _ORDER.c.id == _LINE.c.order_id)
    .where(
        _LINE.c.product_id == _PRODUCT.c.id,
        _ORDER.c.state == "pending",
        _ORDER.c.expires_at > bindparam("now"),
    )
    .scalar_subquery()
)
_OWED = (
    select(func.count(_DELIVERY.c.id))
    .join(_LINE, _LINE.c.id == _DELIVERY.c.line_id)
    .where(_LINE.c.product_id == _PRODUCT.c.id, _DELIVERY.c.state == "no_stock")
    .scalar_subquery()
)
_GOODS = (
    select(
        _PRODUCT.c.id,
        _PRODUCT.c.category_id,
        _PRODUCT.c.kind,
        _PRODUCT.c.title,
        _PRODUCT.c.description,
        _PRODUCT.c.price,
        _PRODUCT.c.cover,
        _CATEGORY.c.title.label("shelf"),
        (_UNSOLD - _HELD - _OWED).label("left"),
    )
    .join(_CATEGORY, _CATEGORY.c.id == _PRODUCT.c.category_id)
    .where(_FOR_SALE)
    .order_by(_PRODUCT.c.position, _PRODUCT.c.id)
)
_ON_SHELF = _GOODS.where(_PRODUCT.c.category_id == bindparam("shelf"))
_EVERYTHING = func.lower(_PRODUCT.c.title + " " + _PRODUCT.c.summary + " " + _PRODUCT.c.description)
_WITH_WORDS = _GOODS.where(
    _EVERYTHING.contains(bindparam("first")), _EVERYTHING.contains(bindparam("second"))
)
_MENU = {"id": "menu", "title": "Menu", "detail": ""}


def hello(connection: Connection, name: str, shop: str) -> Said:
    """The greeting with the main menu."""
    shelves = [
        {"id": f"category:{row.id}", "title": row.title, "detail": ""} for row in connection.execute(_SHELVES)
    ]
    orders = {"id": "orders", "title": "My orders", "detail": ""}
    person = {"id": "person", "title": "Talk to a person", "detail": ""}
    text = f"Hi {name}! 👋 Welcome to {shop}. What would you like?"
    return text, [*shelves, orders, person], None


def shelf(connection: Connection, category_id: int) -> Said:
    """A category's products."""
    rows = connection.execute(_ON_SHELF, {"shelf": category_id, "now": clock.now()}).all()
    lines = [{"id": f"product:{row.id}", "title": row.title, "detail": _price(row)} for row in rows]
    return f"*{rows[0].shelf}*", [*lines, _MENU], None


def found(connection: Connection, words: str) -> Said:
    """The one product that two words find, letter by letter."""
    first, second = words.split()
    row = connection.execute(_WITH_WORDS, {"first": first, "second": second, "now": clock.now()}).one()
    get = "You get a link here in the chat to download it, right after you pay."
    choices = [
        {"id": f"buy:{row.id}", "title": "Buy", "detail": ""},
        {"id": f"checkout:several:{row.id}", "title": "Buy several", "detail": ""},
        {"id": f"category:{row.category_id}", "title": "Back to the list", "detail": ""},
        _MENU,
    ]
    text = f"*{row.title}* – {_price(row)}\n\n{row.description}\n\n{get}"
    return text, choices, f"{PUBLIC_URL}/media/{row.cover}"


def _price(row: Any) -> str:
    return "sold out" if row.kind == "key" and row.left <= 0 else f"${row.price / 100:.2f}"
