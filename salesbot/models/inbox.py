"""What staff add to a chat: labels, notes and what they did, ready answers, and who is looking."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from salesbot import clock
from salesbot.database import BigId, Model, UTCDateTime, state_type

TONES = ("calm", "good", "warn", "bad")


class Label(Model):
    """A word that staff stick on chats, such as "wholesale"."""

    __table_args__ = (CheckConstraint(f"tone IN {TONES}", name="tone"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    tone: Mapped[str] = mapped_column(state_type(), default="calm")

    def __str__(self) -> str:
        return self.name


class ConversationLabel(Model):
    """One label on one chat."""

    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True
    )
    label_id: Mapped[int] = mapped_column(
        ForeignKey("label.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class ConversationEvent(Model):
    """A line between the messages that only staff see: a note, or what somebody did with the chat.

    `what` is "note" for words of staff in `text`, else one of `salesbot.services.inbox`.
    """

    __table_args__ = (Index("ix_conversation_event_conversation_id_id", "conversation_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    who: Mapped[str] = mapped_column(String(120))
    what: Mapped[str] = mapped_column(state_type())
    text: Mapped[str] = mapped_column(Text, default="")

    def __str__(self) -> str:
        return f"{self.what} ({self.who})"


class CannedReply(Model):
    """Words that staff send often; places such as {name} are filled when one is chosen."""

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    title: Mapped[str] = mapped_column(String(80), unique=True)
    text: Mapped[str] = mapped_column(Text)

    def __str__(self) -> str:
        return self.title


class Presence(Model):
    """The chat that a member of staff has in front of them, and when their page last said so."""

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id", ondelete="CASCADE"), primary_key=True)
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    writing: Mapped[bool] = mapped_column(default=False)
