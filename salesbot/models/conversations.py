"""What was said: a chat with its state, and every message that came in or went out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from salesbot import clock
from salesbot.database import BigId, Model, UTCDateTime, state_type
from salesbot.models.customers import Customer
from salesbot.models.inbox import Label
from salesbot.models.staff import StaffUser

IN_STATES = ("received", "unhandled")
OUTBOX_STATES = ("waiting", "held", "sending")
"""waiting: to be sent; held: until the customer writes again; sending: a worker has it."""
PROVIDER_STATES = ("queued", "sent", "delivered", "read", "undelivered", "failed")
OUT_STATES = ("answered", *OUTBOX_STATES, "unknown", *PROVIDER_STATES)
"""answered: given to the provider as the answer to its request; unknown: nobody can tell."""
TROUBLE = ("unhandled", "unknown", "failed", "undelivered")
"""What the bot could not answer, and what did not, or not surely, arrive."""


IN_OUTBOX: dict[str, Any] = {
    "sqlite_where": text("send_at IS NOT NULL"),
    "postgresql_where": text("send_at IS NOT NULL"),
}
"""A message has a time to be sent exactly while it is in the outbox, which keeps these indexes small."""


PICKS = "(substr(choice, 1, 8) = 'product:' OR substr(choice, 1, 4) = 'buy:')"
NOT_FOUND = "plugin = 'fallback'"
OF_TEMPLATE = "style = 'template'"
"""What the first page counts, as its small indexes have it; a query must say it in the same words."""


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


WAITS_FOR_PERSON: dict[str, Any] = {
    "sqlite_where": text("person_wanted_at IS NOT NULL"),
    "postgresql_where": text("person_wanted_at IS NOT NULL"),
}
WITH_PERSON: dict[str, Any] = {
    "sqlite_where": text("answered_by = 'person'"),
    "postgresql_where": text("answered_by = 'person'"),
}
"""Of many chats few wait for a person or are answered by one."""


class Conversation(Model):
    """One customer on one channel: who answers, the open question, what the chat shows.

    `person_wanted_at` says since when somebody waits for a person, `staff_at` when a person last
    took the chat or wrote in it, `seen_at` when staff last looked at it, `nudged_at` when the bot last
    asked by itself whether to go on buying. `source` is the link or advertisement that they came by last,
    with its `name` and when. `trimmed_at` is when older messages were last deleted, because the shop keeps
    them only so long.
    """

    __table_args__ = (
        UniqueConstraint("channel", "address"),
        CheckConstraint(_one_of("answered_by", ("bot", "person")), name="answered_by"),
        Index("ix_conversation_last_inbound_at", "last_inbound_at"),
        Index("ix_conversation_person_wanted_at", "person_wanted_at", **WAITS_FOR_PERSON),
        Index("ix_conversation_with_person", "staff_at", **WITH_PERSON),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="RESTRICT"), index=True)
    channel: Mapped[str] = mapped_column(state_type())
    address: Mapped[str] = mapped_column(String(200))
    answered_by: Mapped[str] = mapped_column(state_type(), default="bot")
    person_wanted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    question: Mapped[str | None] = mapped_column(String(200))
    question_plugin: Mapped[str | None] = mapped_column(String(100))
    shown: Mapped[list[Any]] = mapped_column(JSON, default=list)
    shown_from: Mapped[int] = mapped_column(default=0)
    notes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    source: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    last_inbound_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    staff_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    trimmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    nudged_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    assigned_to_id: Mapped[int | None] = mapped_column(
        ForeignKey("staff_user.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    customer: Mapped[Customer] = relationship()
    assigned_to: Mapped[StaffUser | None] = relationship()
    labels: Mapped[list[Label]] = relationship(secondary="conversation_label", order_by="Label.name")

    @property
    def address_when_erased(self) -> str:
        """What stands in place of the address once its person is forgotten."""
        return f"erased-{self.id}"

    @property
    def is_erased(self) -> bool:
        """Whether its person is forgotten: nobody gets what is sent to it."""
        return self.address == self.address_when_erased

    def __str__(self) -> str:
        return f"{self.channel} {self.address}"


class Message(Model):
    """One message, in or out, stored once by the provider's id.

    A message that goes out is its own outbox row. `body` is the text as the customer reads it,
    except that secrets stand in it as marks (see `salesbot.services.secrets_in_text`); `choices`
    are what it offers, and `style` says how: as numbered lines in the body, as buttons, or as a list;
    the style "template" is words that WhatsApp has approved, and `template` holds their `sid` and `values`.
    `about` is the `use` and `order` of a message that a template may stand in for. `reply_to_id` is
    the message it answers; `in_answer` says that it was given as the answer to the provider's request,
    and is given again when that request comes again.
    `sent_by` is who of the staff wrote it; `took_ms` how long the plugins needed for their answer.
    """

    __table_args__ = (
        CheckConstraint(_one_of("direction", ("in", "out")), name="direction"),
        CheckConstraint(
            f"(direction = 'in' AND {_one_of('state', IN_STATES)})"
            f" OR (direction = 'out' AND {_one_of('state', OUT_STATES)})",
            name="state",
        ),
        Index("ix_message_conversation_id_id", "conversation_id", "id"),
        CheckConstraint(
            f"({_one_of('state', OUTBOX_STATES)}) = (send_at IS NOT NULL)", name="send_at_in_outbox"
        ),
        Index("ix_message_due", "send_at", **IN_OUTBOX),
        Index("ix_message_waiting", "conversation_id", "id", **IN_OUTBOX),
        Index("ix_message_state_id", "state", "id"),
        Index(
            "ix_message_pick",
            "created_at",
            "choice",
            "conversation_id",
            sqlite_where=text(PICKS),
            postgresql_where=text(PICKS),
        ),
        Index(
            "ix_message_not_found",
            "created_at",
            sqlite_where=text(NOT_FOUND),
            postgresql_where=text(NOT_FOUND),
        ),
        Index(
            "ix_message_template",
            "id",
            sqlite_where=text(OF_TEMPLATE),
            postgresql_where=text(OF_TEMPLATE),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="RESTRICT"))
    direction: Mapped[str] = mapped_column(String(3))
    provider_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    reply_to_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="RESTRICT"), index=True)
    in_answer: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(state_type())
    body: Mapped[str] = mapped_column(Text, default="")
    choice: Mapped[str | None] = mapped_column(String(200))
    choices: Mapped[list[Any]] = mapped_column(JSON, default=list)
    style: Mapped[str] = mapped_column(state_type(), default="", server_default="")
    template: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    about: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    media: Mapped[list[Any]] = mapped_column(JSON, default=list)
    location: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    plugin: Mapped[str] = mapped_column(String(100), default="")
    sent_by: Mapped[str | None] = mapped_column(String(120))
    took_ms: Mapped[int | None]
    error: Mapped[str] = mapped_column(Text, default="")
    error_code: Mapped[str] = mapped_column(String(16), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    send_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    claimed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    conversation: Mapped[Conversation] = relationship()

    def __str__(self) -> str:
        return f"Message {self.id}"
