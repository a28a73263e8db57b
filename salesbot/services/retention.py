"""Messages are kept as long as the shop says, and then deleted, a few at a time.

Orders, payments, deliveries and what customers agreed to are no messages and stay. So do messages that
still wait to be sent, and the picture that proves a payment.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, delete, exists, or_, select, update

from salesbot import clock
from salesbot.database import db
from salesbot.models import Conversation, ConversationEvent, Message, Payment, ShopSetting
from salesbot.services import attachments, shop
from salesbot.services.numbered import last_before

SETTING = "KEEP_MONTHS"
BATCH = 100
"""Messages in one transaction: it is over before anybody who writes has to wait for it."""
GRACE = timedelta(days=1)
"""After the setting was changed nothing is deleted for as long, because it may have been a slip."""


def cutoff() -> datetime | None:
    """Messages before this moment go; None while all are kept."""
    months = int(shop.setting(SETTING))
    if not months:
        return None
    changed_at = db.session.scalar(select(ShopSetting.changed_at).where(ShopSetting.name == SETTING))
    now = clock.now()
    if changed_at is not None and now < changed_at + GRACE:
        return None
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))


def is_due() -> bool:
    """Whether `delete_next` might find something."""
    before = cutoff()
    if before is None:
        return False
    return any(
        db.session.execute(some.limit(1)).first() is not None for some in (_messages(before), _events(before))
    )


def delete_next() -> int:
    """Deletes some messages, or else some notes, that are too old; how many. Flush only.

    Chats in which something happens at this moment are left for another time: nobody waits for this.
    """
    before = cutoff()
    if before is None:
        return 0
    found = db.session.execute(_messages(before).limit(BATCH)).all()
    if not found:
        return _delete_events(before)
    chats = _locked({row.conversation_id for row in found})
    going = [row for row in found if row.conversation_id in chats]
    numbers = [row.id for row in going]
    # A message may be answered by one that stays, or that goes in the same statement.
    db.session.execute(update(Message).where(Message.reply_to_id.in_(numbers)).values(reply_to_id=None))
    db.session.execute(delete(Message).where(Message.id.in_(numbers)))
    db.session.execute(update(Conversation).where(Conversation.id.in_(chats)).values(trimmed_at=clock.now()))
    quiet = or_(Conversation.last_inbound_at.is_(None), Conversation.last_inbound_at < before)
    db.session.execute(
        update(Conversation)
        .where(Conversation.id.in_(chats), quiet)
        .values(question=None, question_plugin=None, shown=[], shown_from=0, source=None)
    )
    db.session.flush()
    _remove_files(going)
    return len(going)


def _messages(before: datetime) -> Select[Any]:
    proves = exists(select(Payment.id).where(Payment.proof_id == Message.id))
    return (
        select(Message.id, Message.conversation_id, Message.media)
        .where(
            Message.id <= last_before(before, Message.id, Message.created_at),
            Message.created_at < before,
            Message.send_at.is_(None),
            ~proves,
        )
        .order_by(Message.id)
    )


def _events(before: datetime) -> Select[Any]:
    return (
        select(ConversationEvent.id)
        .where(
            ConversationEvent.id <= last_before(before, ConversationEvent.id, ConversationEvent.at),
            ConversationEvent.at < before,
        )
        .order_by(ConversationEvent.id)
    )


def _delete_events(before: datetime) -> int:
    numbers = db.session.scalars(_events(before).limit(BATCH)).all()
    db.session.execute(delete(ConversationEvent).where(ConversationEvent.id.in_(numbers)))
    return len(numbers)


def _locked(chats: set[int]) -> set[int]:
    """Those of these chats that nobody else holds, locked, as everywhere before a chat is touched."""
    free = select(Conversation.id).where(Conversation.id.in_(chats)).order_by(Conversation.id)
    return set(db.session.scalars(free.with_for_update(skip_locked=True)))


def _remove_files(going: Sequence[Row[Any]]) -> None:
    """The files of messages that are gone; if this is undone, the next try removes what is left."""
    attachments.remove(url for row in going for url in attachments.among(row.media))
