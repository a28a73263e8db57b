"""The shop's own words: in place of a sentence of the bot, as answers of its own, on lines of the menu."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from salesbot import clock
from salesbot.database import BigId, Model, UTCDateTime


class Wording(Model):
    """One change of a sentence: the newest counts, an empty `text` gives the bot its own words back.

    `package` is the code that says `sentence`, as it is written there; `who` changed it. Of a sentence
    that counts something, `form` is the number of its form in the language, 0 for the first.
    """

    __table_args__ = (Index("ix_wording_language_package", "language", "package"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    package: Mapped[str] = mapped_column(String(100))
    language: Mapped[str] = mapped_column(String(16))
    sentence: Mapped[str] = mapped_column(Text)
    form: Mapped[int] = mapped_column(default=0, server_default="0")
    text: Mapped[str] = mapped_column(Text, default="")
    who: Mapped[str] = mapped_column(String(120), default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    def __str__(self) -> str:
        return self.sentence[:60]


class QuickAnswer(Model):
    """What the shop answers to some words: phrases with a comma or a line break between them.

    `leads_to` is the id of a choice that stands under the answer, such as "product:7", and `button`
    its title where it has none of its own. `texts` holds words, text and button in other languages.
    """

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    words: Mapped[str] = mapped_column(String(500))
    text: Mapped[str] = mapped_column(String(1000))
    leads_to: Mapped[str] = mapped_column(String(200), default="", server_default="")
    button: Mapped[str] = mapped_column(String(24), default="", server_default="")
    active: Mapped[bool] = mapped_column(default=True)
    texts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    def __str__(self) -> str:
        return self.words[:60]


class MenuLine(Model):
    """A line of the menu that staff moved, renamed or hid; `titles` holds own titles by language."""

    choice: Mapped[str] = mapped_column(String(200), primary_key=True)
    position: Mapped[int] = mapped_column(default=0)
    hidden: Mapped[bool] = mapped_column(default=False)
    titles: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    def __str__(self) -> str:
        return self.choice


class NotNeeded(Model):
    """Words that staff don't want to see again among what was not understood; never the words themselves."""

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    def __str__(self) -> str:
        return self.digest[:8]
