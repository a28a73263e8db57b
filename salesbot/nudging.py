"""One gentle question to who stopped in the middle of buying: once, inside the 24 hours."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Select, Text, cast, or_, select

from salesbot import clock, outbox
from salesbot.channels import registry
from salesbot.database import db
from salesbot.messages import Choice, Reply
from salesbot.models import Conversation, Customer, Order
from salesbot.services import catalog, shop
from salesbot.services.conversations import window_is_open
from salesbot.texts import speaking, translator
from salesbot.understanding import is_row_id

_ = translator("salesbot")

WINDOW = 24
"""Hours in which WhatsApp lets a shop write freely; other channels are spared later messages too."""
AGAIN = timedelta(days=7)
"""Nobody is asked twice in this time."""
LATE = timedelta(hours=1)
"""So much later than it was due nobody is asked any more, as after the worker stood still."""
_MARGIN = timedelta(minutes=15)


def nudge_next() -> bool:
    """Asks one customer whether to go on; False when there is none. Flush only.

    An order that waits to be paid has its own reminder, and who has ordered lately is left alone.
    """
    found = due()
    if found is None:
        return False
    chat = db.session.scalar(found.with_for_update(skip_locked=True, of=Conversation))
    if chat is None:
        return False
    chat.nudged_at = clock.now()
    db.session.flush()
    hours = registry.window_hours(chat.channel, chat.address) or WINDOW
    if window_is_open(chat.last_inbound_at, min(hours, WINDOW)):
        with speaking(chat.customer.language):
            item = catalog.item(_looked_at(chat))
            if item is not None and item.left != 0:
                outbox.say(chat.id, _question(item))
    return True


def due() -> Select[Conversation] | None:
    """Finds the chats that `nudge_next` might ask; None while the shop asks nobody."""
    minutes = int(shop.setting("NUDGE_MINUTES"))
    now, silence = clock.now(), timedelta(minutes=minutes)
    if not minutes or silence > timedelta(hours=WINDOW) - _MARGIN:
        return None
    ordered = select(Order.id).where(
        Order.conversation_id == Conversation.id, Order.created_at > now - timedelta(hours=WINDOW)
    )
    return (
        select(Conversation)
        .join(Customer, Customer.id == Conversation.customer_id)
        .where(
            Conversation.last_inbound_at <= now - silence,
            Conversation.last_inbound_at > now - silence - LATE,
            Conversation.answered_by == "bot",
            or_(Conversation.nudged_at.is_(None), Conversation.nudged_at < now - AGAIN),
            or_(
                Conversation.question_plugin == "checkout",
                cast(Conversation.shown, Text).like('%"buy:%'),
            ),
            Customer.stopped_at.is_(None),
            ~ordered.exists(),
        )
        .order_by(Conversation.last_inbound_at)
        .limit(1)
    )


def _question(item: catalog.Item) -> Reply:
    text = _("Still thinking about *{title}*? Is anything unclear? A person can help you too.")
    stop = _("Write “stop” if you want no such messages.")
    buy = _("Get it") if item.price == 0 else _("Buy")
    return Reply(
        f"{text.format(title=item.title)}\n\n{stop}",
        [
            Choice(f"buy:{item.id}", buy),
            Choice("person", _("Talk to a person")),
            Choice("menu", _("Menu")),
        ],
    )


def _looked_at(chat: Conversation) -> int:
    """The id of the product that a chat stopped at; 0 for none."""
    asked = chat.question or ""
    ids = [asked, *(choice["id"] for choice in chat.shown)]
    found = (number.rpartition(":")[2] for number in ids if number.startswith(("several:", "buy:")))
    return next((int(number) for number in found if is_row_id(number)), 0)
