"""Money: payments and refunds as rows of their own, and every event a provider has sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from salesbot import clock
from salesbot.database import BigId, Model, Money, UTCDateTime, state_type
from salesbot.models.conversations import Message
from salesbot.models.orders import Order

PAYMENT_STATES = ("started", "confirmed", "failed", "disputed")
REFUND_STATES = ("started", "done", "needs_staff")
SEEN_BY_STAFF = ("manual",)
"""Ways to pay whose money nobody but staff can see arrive."""


class Payment(Model):
    """One payment of an order; `reference` is the provider's, known at the latest when confirmed.

    `proof_id` is the message with the picture that a customer sent of their transfer.
    """

    __table_args__ = (
        UniqueConstraint("method", "reference"),
        Index("ix_payment_confirmed_at", "confirmed_at"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        CheckConstraint(f"state IN {PAYMENT_STATES}", name="state"),
        CheckConstraint(
            "state <> 'confirmed' OR (reference IS NOT NULL AND confirmed_at IS NOT NULL)",
            name="confirmed",
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id", ondelete="RESTRICT"), index=True)
    method: Mapped[str] = mapped_column(String(64))
    reference: Mapped[str | None] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(state_type(), default="started")
    proof_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="RESTRICT"), index=True)
    amount: Mapped[int] = mapped_column(Money)
    currency: Mapped[str] = mapped_column(String(3))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    order: Mapped[Order] = relationship()
    proof: Mapped[Message | None] = relationship()

    def __str__(self) -> str:
        return f"{self.method} {self.reference or ''}".strip()


class PaymentEvent(Model):
    """One event of a provider, stored once by its id, with what became of it."""

    __table_args__ = (UniqueConstraint("method", "event_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    method: Mapped[str] = mapped_column(String(64))
    event_id: Mapped[str] = mapped_column(String(255))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("order.id", ondelete="RESTRICT"), index=True)
    reference: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(state_type())
    amount: Mapped[int] = mapped_column(Money)
    currency: Mapped[str] = mapped_column(String(3))
    received_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    outcome: Mapped[str] = mapped_column(Text, default="")

    def __str__(self) -> str:
        return f"{self.method} {self.kind} {self.event_id}"


class Refund(Model):
    """Money given back from one payment; it never un-pays the order.

    started: a worker asks the provider; needs_staff: somebody must give it back by hand; done.
    `units` are the ids of the deliveries that end with it; `event_id` is the provider's report.
    """

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint(f"state IN {REFUND_STATES}", name="state"),
        CheckConstraint("state <> 'done' OR done_at IS NOT NULL", name="done_at"),
        Index("ix_refund_state_due_at", "state", "due_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id", ondelete="RESTRICT"), index=True)
    reference: Mapped[str | None] = mapped_column(String(255))
    event_id: Mapped[str | None] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(state_type(), default="started")
    amount: Mapped[int] = mapped_column(Money)
    currency: Mapped[str] = mapped_column(String(3))
    who: Mapped[str] = mapped_column(String(120), default="")
    why: Mapped[str] = mapped_column(Text, default="")
    units: Mapped[list[int]] = mapped_column(JSON, default=list)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    claimed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    payment: Mapped[Payment] = relationship()

    def __str__(self) -> str:
        return f"Refund {self.id}"
