"""Waiting for a sold-out product: asked for in the chat, told once when it is back."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Select, func, select

from salesbot import clock
from salesbot.database import db
from salesbot.models import Category, Conversation, Customer, LicenceKey, Product, StockWait
from salesbot.services import catalog, conversations, stock

RECENTLY = timedelta(days=1)


def ask(product_id: int, conversation_id: int) -> None:
    """This chat wants to be told once when the product can be bought again."""
    wait = db.session.scalar(
        select(StockWait).where(
            StockWait.product_id == product_id, StockWait.conversation_id == conversation_id
        )
    )
    if wait is None:
        wait = StockWait(product_id=product_id, conversation_id=conversation_id)
        db.session.add(wait)
    wait.asked_at, wait.told_at = clock.now(), None
    db.session.flush()


def next_to_tell() -> StockWait | None:
    """Who has waited longest for something that is there now, locked; marked as told.

    No more people are told than there are units, so that few come in vain.
    """
    for found in db.session.scalars(due().limit(50)).all():
        left = stock.available([found.product_id])[found.product_id] or 0
        if left <= _told_recently(found.product_id):
            continue
        # The chat first, as everywhere: a turn that asks to be told holds it and then wants this row.
        conversations.lock_chat_by_id(db.session.connection(), found.conversation_id)
        again = due().where(StockWait.id == found.id).with_for_update(of=StockWait)
        wait = db.session.scalar(again.execution_options(populate_existing=True))
        if wait is not None:
            wait.told_at = clock.now()
            db.session.flush()
            return wait
    return None


def due() -> Select[StockWait]:
    """Waits whose product has an unsold key, in chats that may be written to now.

    Who asked after their last "stop" wants this one message, and was promised it.
    """
    has_key = select(LicenceKey.id).where(
        LicenceKey.product_id == StockWait.product_id, LicenceKey.delivery_id.is_(None)
    )
    return (
        select(StockWait)
        .join(Product, Product.id == StockWait.product_id)
        .join(Category, Category.id == Product.category_id)
        .join(Conversation, Conversation.id == StockWait.conversation_id)
        .join(Customer, Customer.id == Conversation.customer_id)
        .where(
            StockWait.told_at.is_(None),
            catalog.FOR_SALE,
            has_key.exists(),
            Customer.stopped_at.is_(None) | (StockWait.asked_at > Customer.stopped_at),
            Conversation.answered_by == "bot",
            (Conversation.channel != "twilio")
            | (Conversation.last_inbound_at > clock.now() - timedelta(hours=24)),
        )
        .order_by(StockWait.asked_at, StockWait.id)
    )


def _told_recently(product_id: int) -> int:
    told = select(func.count(StockWait.id)).where(
        StockWait.product_id == product_id, StockWait.told_at > clock.now() - RECENTLY
    )
    return db.session.scalar(told) or 0
