"""Coupons: codes that make an order cheaper."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from salesbot import clock
from salesbot.database import BigId, Model, Money, UTCDateTime
from salesbot.models.catalog import Category, Product


class Coupon(Model):
    """A code that takes off `percent`, or `amount` minor units, for everything or for one part.

    `uses_allowed` counts unpaid orders too while they live, so that the last use is held like stock.
    """

    __table_args__ = (
        CheckConstraint("(percent IS NULL) <> (amount IS NULL)", name="percent_or_amount"),
        CheckConstraint("percent BETWEEN 1 AND 100", name="percent"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("product_id IS NULL OR category_id IS NULL", name="one_part"),
        CheckConstraint("uses_allowed >= 0", name="uses_allowed"),
        CheckConstraint("uses_per_customer > 0", name="uses_per_customer"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    percent: Mapped[int | None]
    amount: Mapped[int | None] = mapped_column(Money)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id", ondelete="RESTRICT"))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id", ondelete="RESTRICT"))
    starts_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    uses_allowed: Mapped[int | None]
    uses_per_customer: Mapped[int | None]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    product: Mapped[Product | None] = relationship()
    category: Mapped[Category | None] = relationship()

    def __str__(self) -> str:
        return self.code
