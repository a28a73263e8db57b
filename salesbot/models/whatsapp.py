"""What the shop keeps at Twilio: the templates that its buttons and lists are filled into."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from salesbot import clock
from salesbot.database import BigId, Model, UTCDateTime


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
