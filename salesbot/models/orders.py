"""What was bought: orders, their lines, and the timeline of what happened to them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from salesbot import clock
from salesbot.database import BigId, Model, Money, Percent, UTCDateTime, state_type
from salesbot.models.catalog import Product
from salesbot.models.conversations import Conversation
from salesbot.models.coupons import Coupon
from salesbot.models.customers import Customer

LOOK_AT_THIS = "look at this"
"""The word of the timeline by which salesbot asks for a person."""
LOOKED_AT = "looked at it"
"""The word by which a person says that they have been there."""
ASKS_TO_LOOK = f"what = '{LOOK_AT_THIS}'"
ORDER_STATES = ("pending", "paid", "fulfilled", "expired", "cancelled")


class Order(Model):
    """One purchase; money in minor units of `currency`. `total` is the lines' sum less `discount`.

    `expires_at` ends its hold on the stock; `opened_at` is when its buyer first looked at its page.

    A `tentative` one came from a link that somebody may only have looked at: until its page is opened
    or its payment begins it holds nothing, nobody is reminded of it, and nobody is told of its end.
    `source` is where its buyer came from: the name of the link's place, or the advertisement.
    While `frozen_at` is set, as during a dispute about its payment, nothing of it is handed over.
    """

    __table_args__ = (
        CheckConstraint("total >= 0", name="total_not_negative"),
        CheckConstraint("discount >= 0", name="discount_not_negative"),
        CheckConstraint(f"state IN {ORDER_STATES}", name="state"),
        CheckConstraint("state NOT IN ('paid', 'fulfilled') OR paid_at IS NOT NULL", name="paid_at"),
        Index("ix_order_state_expires_at", "state", "expires_at"),
        Index("ix_order_created_at", "created_at"),
        Index("ix_order_paid_at", "paid_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(16), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="RESTRICT"), index=True)
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversation.id", ondelete="RESTRICT"), index=True
    )
    state: Mapped[str] = mapped_column(state_type(), default="pending")
    currency: Mapped[str] = mapped_column(String(3))
    total: Mapped[int] = mapped_column(Money)
    discount: Mapped[int] = mapped_column(Money, default=0)
    coupon_id: Mapped[int | None] = mapped_column(ForeignKey("coupon.id", ondelete="RESTRICT"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    paid_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    fulfilled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    opened_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reminded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    tentative: Mapped[bool] = mapped_column(default=False, server_default=false())
    frozen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    source: Mapped[str] = mapped_column(String(120), default="", server_default="")
    source_details: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    coupon: Mapped[Coupon | None] = relationship()
    customer: Mapped[Customer] = relationship()
    conversation: Mapped[Conversation] = relationship()
    lines: Mapped[list[OrderLine]] = relationship(
        back_populates="order", order_by="OrderLine.position", cascade="all, delete-orphan"
    )
    events: Mapped[list[OrderEvent]] = relationship(back_populates="order", order_by="OrderEvent.id")

    def __str__(self) -> str:
        return self.number


class OrderLine(Model):
    """`quantity` of one product as it was when the order was placed.

    `discount` is this line's part of the order's. What is left of `amount` has the tax in it, at
    `tax_rate` percent.
    """

    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("unit_price >= 0", name="unit_price_not_negative"),
        CheckConstraint("amount = unit_price * quantity", name="amount"),
        CheckConstraint("discount BETWEEN 0 AND amount", name="discount"),
        UniqueConstraint("order_id", "position"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id", ondelete="RESTRICT"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="RESTRICT"), index=True)
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(state_type())
    options: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    unit_price: Mapped[int] = mapped_column(Money)
    quantity: Mapped[int]
    amount: Mapped[int] = mapped_column(Money)
    discount: Mapped[int] = mapped_column(Money, default=0)
    tax_rate: Mapped[Decimal | None] = mapped_column(Percent)

    order: Mapped[Order] = relationship(back_populates="lines")
    product: Mapped[Product] = relationship()

    def __str__(self) -> str:
        return f"{self.quantity} × {self.title}"


class OrderEvent(Model):
    """One line of an order's timeline: who did what, when and why."""

    __table_args__ = (
        # Few orders need somebody, and the first page asks for them.
        Index(
            "ix_order_event_look",
            "order_id",
            "id",
            sqlite_where=text(ASKS_TO_LOOK),
            postgresql_where=text(ASKS_TO_LOOK),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id", ondelete="RESTRICT"), index=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    who: Mapped[str] = mapped_column(String(120))
    what: Mapped[str] = mapped_column(String(64))
    why: Mapped[str] = mapped_column(Text, default="")

    order: Mapped[Order] = relationship(back_populates="events")

    def __str__(self) -> str:
        return f"{self.what} ({self.who})"
