"""Who works in the back office."""

from __future__ import annotations

from datetime import datetime

from flask_login import UserMixin
from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.security import check_password_hash, generate_password_hash

from salesbot import clock
from salesbot.database import BigId, Model, UTCDateTime, state_type

ROLES = ("owner", "manager", "agent", "viewer")


class StaffUser(Model, UserMixin):
    """A person with a sign-in. `epoch` goes up to end every session of theirs.

    `language` is the code of the one they read the back office in, `zone` the name of their time
    zone; "" for either leaves it to their browser.
    """

    __table_args__ = (CheckConstraint(f"role IN {ROLES}", name="role"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    email: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    role: Mapped[str] = mapped_column(state_type(), default="viewer")
    password_hash: Mapped[str] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    epoch: Mapped[int] = mapped_column(default=0)
    language: Mapped[str] = mapped_column(String(16), default="")
    zone: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    last_sign_in_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    def set_password(self, password: str) -> None:
        """Keeps a salted hash and ends this person's open sessions."""
        self.password_hash = generate_password_hash(password)
        self.end_sessions()

    def end_sessions(self) -> None:
        """Signs this person out everywhere."""
        self.epoch = (self.epoch or 0) + 1

    def has_password(self, password: str) -> bool:
        """Whether this is their password."""
        return check_password_hash(self.password_hash, password)

    @property
    def is_active(self) -> bool:
        """Whether they may sign in."""
        return self.active

    def get_id(self) -> str:
        """What the session cookie holds: it stops to fit when `epoch` goes up."""
        return f"{self.id}.{self.epoch}"

    def __str__(self) -> str:
        return self.name or self.email
