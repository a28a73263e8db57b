"""Work that plugins put off."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from salesbot import clock
from salesbot.database import BigId, Model, UTCDateTime, state_type
from salesbot.models.conversations import Conversation


class Job(Model):
    """One job that waits, or that was given up; what is done is deleted, or waits for its next time.

    `name` is "plugin:rest"; `every` is in seconds, None for a job that runs once. `state` is
    waiting or failed. `asked`: it follows from what its chat's customer wrote.
    """

    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'failed')", name="state"),
        CheckConstraint("every > 0", name="every"),
        Index(
            "uq_job_periodic",
            "name",
            unique=True,
            sqlite_where=text("every IS NOT NULL"),
            postgresql_where=text("every IS NOT NULL"),
        ),
        Index("ix_job_due", "state", "due_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plugin: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    conversation_id: Mapped[int | None] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )
    state: Mapped[str] = mapped_column(state_type(), default="waiting")
    every: Mapped[int | None] = mapped_column()
    due_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    claimed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    runs: Mapped[int] = mapped_column(default=0)
    asked: Mapped[bool] = mapped_column(default=False, server_default=false())
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    conversation: Mapped[Conversation | None] = relationship()

    def __str__(self) -> str:
        return self.name
