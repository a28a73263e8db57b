"""What people changed in the back office."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from salesbot import clock
from salesbot.database import BigId, Model, UTCDateTime, state_type

AUDIT_WORDS = ("created", "changed", "deleted", "signed_in", "exported", "imported", "erased", "opened")


class AuditEntry(Model):
    """One row that somebody changed: who, when, from which address, and from what to what.

    `model` is the table's name and `row` the row's key in it; neither is a foreign key, because an
    entry outlives what it speaks of. `changes` maps a column to [before, after]; of a secret it only
    says that it changed.
    """

    __table_args__ = (Index("ix_audit_entry_model_row", "model", "row", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now, index=True)
    who: Mapped[str] = mapped_column(String(330))
    ip: Mapped[str] = mapped_column(String(45), default="")
    what: Mapped[str] = mapped_column(state_type())
    model: Mapped[str] = mapped_column(String(64))
    row: Mapped[str] = mapped_column(String(100), default="")
    title: Mapped[str] = mapped_column(String(200), default="")
    changes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    def __str__(self) -> str:
        return f"{self.what} {self.title}"
