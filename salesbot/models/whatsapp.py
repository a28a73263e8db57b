"""What the shop keeps at Twilio: templates for its buttons, and those that WhatsApp lets it send unasked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from salesbot import clock
from salesbot.database import BigId, Model, UTCDateTime, state_type


class ContentTemplate(Model):
    """A template for buttons or a list: `sid` is Twilio's id of it in this account."""

    __table_args__ = (UniqueConstraint("account", "shape"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account: Mapped[str] = mapped_column(String(34))
    shape: Mapped[str] = mapped_column(String(64))
    sid: Mapped[str] = mapped_column(String(34))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    def __str__(self) -> str:
        return self.shape


USES = ("delivery", "payment", "reminder")
"""What a template may be used for; one with no use is for staff alone."""


class MessageTemplate(Model):
    """Words that may be sent when a customer's last message is too old, once WhatsApp has approved them.

    In `text` stand places like {{1}}; `use` is one of `USES` or ""; `status` is Twilio's word:
    received, pending, approved, rejected, paused, disabled, or ours: gone.
    """

    __table_args__ = (UniqueConstraint("account", "sid"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account: Mapped[str] = mapped_column(String(34))
    sid: Mapped[str] = mapped_column(String(34))
    name: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    use: Mapped[str] = mapped_column(state_type(), default="")
    status: Mapped[str] = mapped_column(state_type(), default="received")
    reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    checked_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    def __str__(self) -> str:
        return self.name


class WebhookTrouble(Model):
    """What was last wrong with calls to our webhooks, one row a kind; no word of a customer stands in it."""

    kind: Mapped[str] = mapped_column(state_type(), primary_key=True)
    detail: Mapped[str] = mapped_column(String(300), default="")
    times: Mapped[int] = mapped_column(default=1)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    def __str__(self) -> str:
        return self.kind
