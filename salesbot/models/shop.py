"""The shop's own settings and the state of its plugins."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from salesbot import clock
from salesbot.database import BigId, EncryptedText, Model, UTCDateTime


class ShopSetting(Model):
    """A setting typed in the back office; a secret one rests encrypted in `secret`."""

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    value: Mapped[str] = mapped_column(Text, default="")
    secret: Mapped[str | None] = mapped_column(EncryptedText)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now, onupdate=clock.now)

    def __str__(self) -> str:
        return self.name


class ShopRevision(Model):
    """A number that goes up with each change of settings or plugins, so that processes notice."""

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(default=0)


class WorkerBeat(Model):
    """A worker that runs says so now and then; `name` is its machine and process."""

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    def __str__(self) -> str:
        return self.name


class PluginState(Model):
    """Whether a plugin is switched off here, and why."""

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    enabled: Mapped[bool] = mapped_column(default=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    by_itself: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now, onupdate=clock.now)

    def __str__(self) -> str:
        return self.name


class PluginUsage(Model):
    """How often a plugin was called by all processes, and its slowest call; a few seconds behind."""

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    calls: Mapped[int] = mapped_column(BigInteger, default=0)
    slowest_ms: Mapped[int] = mapped_column(default=0)
    slowest_hook: Mapped[str] = mapped_column(String(100), default="")
    slowest_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    def __str__(self) -> str:
        return self.name


class PluginFailure(Model):
    """One call of a plugin that went wrong: the cause for staff and developers, no customer's words."""

    __table_args__ = (Index("ix_plugin_failure_plugin_at", "plugin", "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plugin: Mapped[str] = mapped_column(String(100))
    hook: Mapped[str] = mapped_column(String(100))
    error: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    def __str__(self) -> str:
        return f"{self.plugin}: {self.hook}"
