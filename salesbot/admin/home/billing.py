"""How many of this month's messages are on the bill, as far as the shop itself can know."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, or_, select, text

from salesbot import clock
from salesbot.channels import twilio
from salesbot.extensions import db
from salesbot.models import Conversation, Message
from salesbot.models.conversations import IN_STATES, OF_TEMPLATE
from salesbot.services.numbered import last_before

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
    """What came and went on WhatsApp this month.

    What came and went in all is counted by the state's index alone; of it goes what is not WhatsApp,
    such as the simulator.
    """
    began = clock.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    since = Message.id > last_before(began, Message.id, Message.created_at)
    states = Message.state.in_((*IN_STATES, *_GONE_OUT))
    counted = select(Message.state, func.count()).where(since, states).group_by(Message.state)
    elsewhere = or_(Conversation.channel < twilio.NAME, Conversation.channel > twilio.NAME)
    # As expressions, or SQLite would read all messages of these states, and all chats for the templates.
    state, channel = func.coalesce(Message.state, ""), func.coalesce(Conversation.channel, "")
    chats = select(Conversation.id).where(elsewhere)
    others = select(Message.state, func.count()).where(
        since, state.in_((*IN_STATES, *_GONE_OUT)), Message.conversation_id.in_(chats)
    )
    numbers = Counter(dict(db.session.execute(counted).all()))
    numbers.subtract(dict(db.session.execute(others.group_by(Message.state)).all()))
    templates = (
        select(func.count())
        .select_from(Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(text(f"message.{OF_TEMPLATE}"), since, state.in_(_GONE_OUT))
        .where(channel == twilio.NAME)
    )
    return Month(
        sum(numbers[state] for state in IN_STATES),
        sum(numbers[state] for state in _GONE_OUT),
        db.session.scalar(templates) or 0,
    )
