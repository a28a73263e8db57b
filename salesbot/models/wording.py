"""The shop's own words in place of a sentence that the bot says."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from salesbot import clock
from salesbot.database import BigId, Model, UTCDateTime


class Wording(Model):
    """One change of a sentence: the newest counts, an empty `text` gives the bot its own words back.

    `package` is the code that says `sentence`, as it is written there; `who` changed it.
    """

    __table_args__ = (Index("ix_wording_language_package", "language", "package"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    package: Mapped[str] = mapped_column(String(100))
    language: Mapped[str] = mapped_column(String(16))
    sentence: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text, default="")
    who: Mapped[str] = mapped_column(String(120), default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    def __str__(self) -> str:
        return self.sentence[:60]
