"""Who wants to hear when a product is there again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from salesbot import clock
from salesbot.database import BigId, Model, UTCDateTime
from salesbot.models.catalog import Product
from salesbot.models.conversations import Conversation


class StockWait(Model):
    """One chat that asked to be told when a sold-out product is back; `told_at` ends it."""

    __table_args__ = (
        UniqueConstraint("product_id", "conversation_id"),
        Index(
            "ix_stock_wait_open",
            "product_id",
            "id",
            sqlite_where=text("told_at IS NULL"),
            postgresql_where=text("told_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="RESTRICT"))
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversation.id", ondelete="RESTRICT"), index=True
    )
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    told_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    product: Mapped[Product] = relationship()
    conversation: Mapped[Conversation] = relationship()

    def __str__(self) -> str:
        return f"Chat {self.conversation_id} waits for {self.product}"
