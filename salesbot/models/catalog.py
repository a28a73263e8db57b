"""What the shop sells: categories, products, and the licence keys in stock."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from salesbot import clock
from salesbot.database import BigId, EncryptedText, Model, Money, Percent, UTCDateTime, state_type

BUILT_IN_KINDS = ("key", "file", "link")


class Category(Model):
    """A shelf of the shop. `texts` holds its title and detail in other languages, by code and name."""

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    title: Mapped[str] = mapped_column(String(120), unique=True)
    detail: Mapped[str] = mapped_column(String(200), default="")
    texts: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON, default=dict)
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)

    products: Mapped[list[Product]] = relationship(back_populates="category", order_by="Product.position")

    def __str__(self) -> str:
        return self.title


class Product(Model):
    """One thing for sale. `price` in minor units of the shop's currency, with the tax in it.

    `kind` is a word: "key", "file" and "link" are the core's; any other is a plugin's. `cover` and
    `file` are names in the instance folder's uploads; `file_name` is what the customer sees.
    `tax_rate` is a percentage, None where nothing is taxed. `delivery_text` is what the buyer reads
    in the chat in place of our own words (see `salesbot.services.delivery_texts`). `texts` holds
    title, summary and description in other languages, by code and name; what is missing there is
    read as it stands here.
    """

    __table_args__ = (
        CheckConstraint("price >= 0", name="price_not_negative"),
        CheckConstraint("tax_rate BETWEEN 0 AND 99999", name="tax_rate"),
        Index("ix_product_category_id_position", "category_id", "position", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id", ondelete="RESTRICT"))
    kind: Mapped[str] = mapped_column(state_type())
    title: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(String(200), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    texts: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON, default=dict)
    price: Mapped[int] = mapped_column(Money)
    tax_rate: Mapped[Decimal | None] = mapped_column(Percent)
    cover: Mapped[str] = mapped_column(String(255), default="")
    file: Mapped[str] = mapped_column(String(255), default="")
    file_name: Mapped[str] = mapped_column(String(255), default="")
    link: Mapped[str] = mapped_column(Text, default="")
    delivery_text: Mapped[str] = mapped_column(Text, default="")
    options: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    category: Mapped[Category] = relationship(back_populates="products")

    def __str__(self) -> str:
        return self.title


class LicenceKey(Model):
    """One key of a product, encrypted; sold when `delivery_id` says to which unit it belongs.

    `digest` is a keyed hash that finds equal keys; `hint` is what staff see of it.
    """

    __table_args__ = (
        UniqueConstraint("product_id", "digest"),
        Index(
            "ix_licence_key_unsold",
            "product_id",
            "id",
            sqlite_where=text("delivery_id IS NULL"),
            postgresql_where=text("delivery_id IS NULL"),
        ),
        # Without the unsold ones: SQLite takes a unique index for the best way to find them, and would
        # read all unsold keys of the shop for one product's.
        Index(
            "uq_licence_key_delivery_id",
            "delivery_id",
            unique=True,
            sqlite_where=text("delivery_id IS NOT NULL"),
            postgresql_where=text("delivery_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="RESTRICT"))
    secret: Mapped[str] = mapped_column(EncryptedText)
    digest: Mapped[str] = mapped_column(String(64))
    hint: Mapped[str] = mapped_column(String(16))
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("delivery.id", ondelete="RESTRICT"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    product: Mapped[Product] = relationship()

    def __str__(self) -> str:
        return self.hint
