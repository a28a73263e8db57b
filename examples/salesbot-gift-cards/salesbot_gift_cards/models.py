"""Gift cards and every movement of their money; a balance is the sum of its entries."""

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    String,
    UniqueConstraint,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from salesbot import now
from salesbot.models import (
    BigId,
    Customer,
    Delivery,
    EncryptedText,
    Money,
    Order,
    OrderLine,
    UTCDateTime,
    db,
)

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class GiftCard(db.Model):
    """A card. Its code rests encrypted; `digest` finds it again, `hint` is what staff see of it.

    `made_for` is the key of the unit that it was sold as, "" for one that staff gave away.
    """

    __tablename__ = "gift_cards_card"
    __admin__ = {
        "many": "Gift cards",
        "one": "gift card",
        "icon": "fa-gift",
        "creates": False,
        "edits": False,
        "deletes": False,
        "never": ("digest", "made_for"),
        "search": ("hint",),
    }

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(EncryptedText)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(8))
    currency: Mapped[str] = mapped_column(String(3))
    made_for: Mapped[str | None] = mapped_column(String(80), unique=True)
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    holder: Mapped[Customer | None] = relationship()

    def __str__(self):
        return self.hint


class Entry(db.Model):
    """Money that came onto a card (more than 0) or left it; `key` keeps it from happening twice."""

    __tablename__ = "gift_cards_entry"
    __table_args__ = (CheckConstraint("amount <> 0", name="amount"), UniqueConstraint("card_id", "key"))
    __admin__ = {"many": "Gift card entries", "creates": False, "edits": False, "deletes": False}

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    card_id: Mapped[int] = mapped_column(ForeignKey("gift_cards_card.id", ondelete="RESTRICT"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("order.id", ondelete="RESTRICT"), index=True)
    key: Mapped[str] = mapped_column(String(80))
    amount: Mapped[int] = mapped_column(Money)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    card: Mapped[GiftCard] = relationship()
    order: Mapped[Order | None] = relationship()


def digest(code):
    """What a code is found by, however it was typed."""
    plain = "".join(letter for letter in code.upper() if letter in LETTERS)
    return hashlib.sha256(plain.encode()).hexdigest()


def issue(amount, currency, *, made_for=None):
    """A new card with `amount` minor units on it; the same one for the same unit. Flush only."""
    known = made_for and db.session.scalar(select(GiftCard).where(GiftCard.made_for == made_for))
    if known:
        return known
    letters = "".join(secrets.choice(LETTERS) for _number in range(16))
    code = "-".join(letters[place : place + 4] for place in range(0, 16, 4))
    card = GiftCard(
        code=code, digest=digest(code), hint=f"…{code[-4:]}", currency=currency, made_for=made_for
    )
    db.session.add(card)
    db.session.flush()
    move(card, amount, "issued")
    return card


def move(card, amount, key, order_id=None):
    """Money onto a card, or off it with less than 0; once for each key. Flush only."""
    known = db.session.scalar(select(Entry.id).where(Entry.card_id == card.id, Entry.key == key))
    if known is None and amount:
        db.session.add(Entry(card_id=card.id, amount=amount, key=key, order_id=order_id))
        db.session.flush()


# The unit that a card was sold as is the buyer's until its money goes back, and rests while a bank asks.
IS_GOOD = or_(
    GiftCard.made_for.is_(None),
    select(Delivery.id)
    .join(OrderLine, OrderLine.id == Delivery.line_id)
    .join(Order, Order.id == OrderLine.order_id)
    .where(
        Delivery.id == cast(func.substr(GiftCard.made_for, len("unit-") + 1), BigInteger),
        Delivery.state == "delivered",
        Order.frozen_at.is_(None),
    )
    .correlate(GiftCard)
    .exists(),
)


def is_good(card):
    """Whether a card may be paid with; what is on one that may not counts nowhere."""
    return db.session.scalar(select(GiftCard.id).where(GiftCard.id == card.id, IS_GOOD)) is not None


def balance(card):
    """Minor units that are left on a card, good or not."""
    return db.session.scalar(select(func.coalesce(func.sum(Entry.amount), 0)).where(Entry.card_id == card.id))


def cards_of(customer_id, currency):
    """The cards that a customer may pay with, locked, the oldest first."""
    return db.session.scalars(
        select(GiftCard)
        .where(GiftCard.holder_id == customer_id, GiftCard.currency == currency, IS_GOOD)
        .order_by(GiftCard.id)
        .with_for_update()
    ).all()


def credit(customer_id, currency):
    """Minor units that a customer may spend, on all cards together."""
    return db.session.scalar(
        select(func.coalesce(func.sum(Entry.amount), 0))
        .join(GiftCard)
        .where(GiftCard.holder_id == customer_id, GiftCard.currency == currency, IS_GOOD)
    )
