"""What the buyer holds: one row for each unit that was sold."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from salesbot import clock
from salesbot.database import BigId, EncryptedText, Model, UTCDateTime, state_type
from salesbot.models.catalog import LicenceKey
from salesbot.models.orders import OrderLine

DELIVERY_STATES = ("due", "no_stock", "delivered", "failed", "revoked")
OPEN_STATES = ("due", "no_stock")


class Delivery(Model):
    """One unit: a key, a file right, a link, or what a plugin delivers.

    due: to be made by a plugin; no_stock: paid, and no key is there; failed: given up, staff must
    help. `downloads` counts bytes that a person asked for, up to `downloads_allowed`, until
    `expires_at`.
    """

    __table_args__ = (
        UniqueConstraint("line_id", "position"),
        CheckConstraint(f"state IN {DELIVERY_STATES}", name="state"),
        CheckConstraint("downloads >= 0 AND downloads <= downloads_allowed", name="downloads"),
        CheckConstraint("state <> 'delivered' OR delivered_at IS NOT NULL", name="delivered_at"),
        Index("ix_delivery_state_due_at", "state", "due_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id", ondelete="RESTRICT"))
    position: Mapped[int]
    state: Mapped[str] = mapped_column(state_type(), default="due")
    text: Mapped[str] = mapped_column(Text, default="")
    secret: Mapped[str | None] = mapped_column(EncryptedText)
    link: Mapped[str] = mapped_column(Text, default="")
    file: Mapped[str] = mapped_column(String(255), default="")
    file_name: Mapped[str] = mapped_column(String(255), default="")
    downloads: Mapped[int] = mapped_column(default=0)
    downloads_allowed: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    claimed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    error: Mapped[str] = mapped_column(Text, default="")
    delivered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    told_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    line: Mapped[OrderLine] = relationship()
    licence_key: Mapped[LicenceKey | None] = relationship(viewonly=True, uselist=False)

    def __str__(self) -> str:
        return f"Delivery {self.id}"
