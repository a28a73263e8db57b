"""How many of this month's messages are on the bill, as far as the shop itself can know."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, func, select

from salesbot import clock
from salesbot.channels import twilio
from salesbot.extensions import db
from salesbot.models import Conversation, Message
from salesbot.services.retention import last_before

FREE = 1_000
"""Messages that WhatsApp leaves free for each number and month, templates not counted."""
_GONE_OUT = ("answered", "queued", "sent", "delivered", "read")


@dataclass(frozen=True)
class Month:
    """Messages on WhatsApp since the month began, in UTC; `templates` are among `sent`."""

    came: int
    sent: int
    templates: int

    @property
    def billed(self) -> int:
        """What WhatsApp counts: templates, and whatever else is more than it leaves free."""
        return self.templates + max(0, self.sent - self.templates - FREE)


def this_month() -> Month:
    """What came and went on WhatsApp this month."""
    began = clock.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    out = and_(Message.direction == "out", Message.state.in_(_GONE_OUT))
    row = db.session.execute(
        select(
            func.count().filter(Message.direction == "in"),
            func.count().filter(out),
            func.count().filter(out, Message.style == "template"),
        )
        .select_from(Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Message.id > last_before(began, Message.id, Message.created_at),
            Conversation.channel == twilio.NAME,
        )
    ).one()
    return Month(*row)
