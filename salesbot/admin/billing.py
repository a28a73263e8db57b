"""How many of this month's messages are on the bill, as far as the shop itself can know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select

from salesbot import clock
from salesbot.channels import twilio
from salesbot.extensions import db
from salesbot.models import Conversation, Message

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
        .where(Message.id > _last_before(began), Conversation.channel == twilio.NAME)
    ).one()
    return Month(*row)


def _last_before(moment: datetime) -> int:
    """The id of the last message before `moment`, in some twenty looks at the key.

    Ids grow with time, and an index for this alone would cost something with each message.
    """
    low, high = 0, db.session.scalar(select(func.max(Message.id))) or 0
    while low < high:
        middle = (low + high) // 2
        following = select(Message.id, Message.created_at).where(Message.id > middle)
        found = db.session.execute(following.order_by(Message.id).limit(1)).one()
        if found.created_at >= moment:
            high = middle
        else:
            low = found.id
    return low
