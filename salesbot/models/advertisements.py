"""Advertisements that lead into the chat, and what each is for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from salesbot import clock
from salesbot.database import BigId, Model, UTCDateTime


class Advertisement(Model):
    """One advertisement that somebody came by, or that staff typed in before anybody did.

    `key` is its id, or "words:" and its headline, folded, where the id is not known. `target` is the
    choice that whoever comes by it has made, such as "product:7"; "" while nobody has said.
    """

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    headline: Mapped[str] = mapped_column(String(500), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    url: Mapped[str] = mapped_column(String(500), default="")
    target: Mapped[str] = mapped_column(String(64), default="")
    came: Mapped[int] = mapped_column(default=0)
    last_came_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    def __str__(self) -> str:
        return self.headline or self.key
