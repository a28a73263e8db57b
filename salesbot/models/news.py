"""News for staff: what happened, who wants to hear of what, on which devices, and what they were told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from salesbot import clock
from salesbot.database import BigId, EncryptedText, Model, UTCDateTime, state_type
from salesbot.models.staff import StaffUser

NEWS_KINDS = ("person", "failed", "payment", "stock")
MAIL_STATES = ("due", "sending", "sent", "dropped", "failed")
PUSH_STATES = ("due", "sent", "dropped", "failed")


class Notice(Model):
    """Something that staff should hear of, once: `key` says what, `about` whom or what by name."""

    __table_args__ = (CheckConstraint(f"kind IN {NEWS_KINDS}", name="kind"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(state_type())
    key: Mapped[str] = mapped_column(String(120), unique=True)
    about: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    def __str__(self) -> str:
        return self.key


class NewsChoice(Model):
    """What a member of staff wants to hear of, and how; minutes of the day in their zone are quiet."""

    __table_args__ = (
        CheckConstraint("quiet_from BETWEEN 0 AND 1439", name="quiet_from"),
        CheckConstraint("quiet_to BETWEEN 0 AND 1439", name="quiet_to"),
    )

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id", ondelete="CASCADE"), primary_key=True)
    person: Mapped[bool] = mapped_column(default=True)
    failed: Mapped[bool] = mapped_column(default=True)
    payment: Mapped[bool] = mapped_column(default=True)
    stock: Mapped[bool] = mapped_column(default=True)
    sound: Mapped[bool] = mapped_column(default=True)
    email: Mapped[bool] = mapped_column(default=False)
    quiet_from: Mapped[int | None]
    quiet_to: Mapped[int | None]
    zone: Mapped[str] = mapped_column(String(64), default="UTC")

    staff: Mapped[StaffUser] = relationship()


class NoticeMail(Model):
    """One notice to one person by e-mail; what is once "sending" is never sent again by itself."""

    __table_args__ = (
        CheckConstraint(f"state IN {MAIL_STATES}", name="state"),
        Index("ix_notice_mail_state_due_at", "state", "due_at"),
    )

    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id", ondelete="CASCADE"), primary_key=True)
    staff_id: Mapped[int] = mapped_column(
        ForeignKey("staff_user.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    state: Mapped[str] = mapped_column(state_type(), default="due")
    due_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    attempts: Mapped[int] = mapped_column(default=0)

    notice: Mapped[Notice] = relationship()


class PushDevice(Model):
    """A browser of a member of staff that takes Web Push: where to send, and for which keys.

    It counts while its `epoch` is that of its owner: signing out everywhere ends it too.
    """

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id", ondelete="CASCADE"), index=True)
    epoch: Mapped[int] = mapped_column(default=0)
    endpoint: Mapped[str] = mapped_column(String(1000), unique=True)
    p256dh: Mapped[str] = mapped_column(String(100))
    auth: Mapped[str] = mapped_column(EncryptedText)
    name: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    told_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    staff: Mapped[StaffUser] = relationship()

    def __str__(self) -> str:
        return self.name


class NoticePush(Model):
    """One notice to one device, or a test without a notice.

    Whoever sends it puts `due_at` off first, so that another try follows should they die. Trying
    twice is harmless: a device shows what carries the same tag once.
    """

    __table_args__ = (
        CheckConstraint(f"state IN {PUSH_STATES}", name="state"),
        UniqueConstraint("notice_id", "device_id"),
        Index("ix_notice_push_state_due_at", "state", "due_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id", ondelete="CASCADE"))
    device_id: Mapped[int] = mapped_column(ForeignKey("push_device.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(state_type(), default="due")
    due_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    attempts: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(String(200), default="")

    notice: Mapped[Notice | None] = relationship()
    device: Mapped[PushDevice] = relationship()
