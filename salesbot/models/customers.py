"""Who buys: a person and the addresses they write from."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from salesbot import clock
from salesbot.database import BigId, Model, UTCDateTime, state_type


class Customer(Model):
    """A person; `stopped_at` is when they last said that they want nothing that they don't ask for.

    `language` is guessed from what they write, until they have chosen one.
    """

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    language: Mapped[str] = mapped_column(String(16), default="en")
    language_chosen: Mapped[bool] = mapped_column(default=False)
    stopped_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    addresses: Mapped[list[CustomerAddress]] = relationship(back_populates="customer")

    def __str__(self) -> str:
        return self.name or f"Customer {self.id}"


class CustomerAddress(Model):
    """Where a person writes from, exactly as it came: `whatsapp:+4915…`, `whatsapp:DE.abc…`."""

    __table_args__ = (UniqueConstraint("channel", "address"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="RESTRICT"), index=True)
    channel: Mapped[str] = mapped_column(state_type())
    address: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    customer: Mapped[Customer] = relationship(back_populates="addresses")

    def __str__(self) -> str:
        return self.address
