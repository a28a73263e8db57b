"""What customers agreed to receive, and what they refused."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from salesbot import clock
from salesbot.database import BigId, Model, UTCDateTime, state_type
from salesbot.models.customers import Customer

CONSENT_WORDS = ("stopped", "allowed", "stock")
"""stopped: nothing unasked; allowed: unasked messages again; stock: to hear when something is back."""


class Consent(Model):
    """One time that somebody said what they want to receive; rows are added and never changed.

    `wording` is what the shop said to it, in `language`, `said` what they wrote or tapped, `about` the
    product that it is about. `who` is "customer", or the member of staff who noted it. `message_id`
    is no foreign key: this outlives the message that it came with.
    """

    __table_args__ = (
        CheckConstraint(f"what IN {CONSENT_WORDS}", name="what"),
        Index("ix_consent_customer_id_id", "customer_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="RESTRICT"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    what: Mapped[str] = mapped_column(state_type())
    about: Mapped[str] = mapped_column(String(200), default="")
    wording: Mapped[str] = mapped_column(Text, default="")
    said: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(String(16), default="")
    who: Mapped[str] = mapped_column(String(120))
    message_id: Mapped[int | None] = mapped_column(BigInteger)

    customer: Mapped[Customer] = relationship()

    def __str__(self) -> str:
        return f"{self.what} {self.about}".strip()
