"""Fills a shop with goods, in a word each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import select

from salesbot import plugin_manager
from salesbot.database import db, transaction
from salesbot.models import Category, Product
from salesbot.options import BY_NAME
from salesbot.services import shop, stock, uploads


@dataclass(frozen=True)
class Goods:
    """A product as it was put on the shelf; `price` in minor units."""

    id: int
    category_id: int
    title: str
    price: int


class Catalogue:
    """Puts categories, products and keys into one shop, and commits them."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def category(self, title: str = "Goods", **columns: Any) -> int:
        """The id of the category with this title, made when it is not there."""
        with self._app.app_context(), transaction():
            return self._category(title, **columns)

    def key(self, title: str, *, price: int = 1000, keys: int | Iterable[str] = 0, **columns: Any) -> Goods:
        """A product that is a licence key; `keys` are the keys in stock, or how many to make up."""
        goods = self.product(title, kind="key", price=price, **columns)
        lines = [f"{title[:8].upper()}-{n:04}" for n in range(1, keys + 1)] if isinstance(keys, int) else keys
        self.stock(goods, lines)
        return goods

    def file(
        self,
        title: str,
        *,
        price: int = 1000,
        content: bytes = b"read me",
        file_name: str = "book.pdf",
        **columns: Any,
    ) -> Goods:
        """A product that is a download."""
        with self._app.app_context():
            kept = uploads.keep_file(content, file_name)
        return self.product(title, kind="file", price=price, file=kept, file_name=file_name, **columns)

    def link(
        self, title: str, *, price: int = 1000, link: str = "https://course.example/1", **columns: Any
    ) -> Goods:
        """A product that is a private address."""
        return self.product(title, kind="link", price=price, link=link, **columns)

    def product(
        self, title: str, *, kind: str, price: int = 1000, category: str = "Goods", **columns: Any
    ) -> Goods:
        """A product of any kind, in the category with this title."""
        with self._app.app_context(), transaction():
            product = Product(
                category_id=self._category(category), title=title, kind=kind, price=price, **columns
            )
            db.session.add(product)
            db.session.flush()
            return Goods(product.id, product.category_id, title, price)

    def stock(self, goods: Goods, keys: Iterable[str]) -> None:
        """Puts more keys of a product in stock."""
        with self._app.app_context(), transaction():
            stock.add_keys(goods.id, list(keys))

    def change(self, goods: Goods, **columns: Any) -> None:
        """Changes a product as staff would: `change(book, price=2500)`, `change(book, active=False)`."""
        with self._app.app_context(), transaction():
            product = db.session.get_one(Product, goods.id)
            for name, value in columns.items():
                setattr(product, name, value)

    def setting(self, name: str, value: str) -> None:
        """Types a setting of the shop, or of a plugin as "plugin.setting"; a secret one is kept encrypted."""
        plugin, _dot, own = name.partition(".")
        with self._app.app_context(), transaction():
            declared = plugin_manager.current().settings.get(plugin, ())
            secret = any(one.name == own and one.secret for one in declared)
            shop.save(name, value, secret=secret or (name in BY_NAME and BY_NAME[name].secret))

    def left(self, goods: Goods) -> int | None:
        """How many of a product can be sold now; None where there is no end to them."""
        with self._app.app_context():
            found = stock.available([goods.id])[goods.id]
            db.session.rollback()
            return found

    def _category(self, title: str, **columns: Any) -> int:
        category = db.session.scalar(select(Category).where(Category.title == title))
        if category is None:
            category = Category(title=title, **columns)
            db.session.add(category)
            db.session.flush()
        return category.id
