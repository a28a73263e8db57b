"""Stamps and the coupons that full cards became."""

from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from salesbot import now
from salesbot.models import BigId, Coupon, Customer, Order, UTCDateTime, db


class Stamp(db.Model):
    """One paid order on a customer's card; `coupon_id` once the card was full and given in."""

    __tablename__ = "loyalty_stamp"
    __admin__ = {"many": "Stamps", "one": "stamp", "icon": "fa-stamp", "creates": False, "edits": False}

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id", ondelete="CASCADE"), unique=True)
    coupon_id: Mapped[int | None] = mapped_column(ForeignKey("coupon.id", ondelete="SET NULL"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    customer: Mapped[Customer] = relationship()
    order: Mapped[Order] = relationship()
    coupon: Mapped[Coupon | None] = relationship()


def open_stamps(customer_id):
    """The stamps on the card that a customer fills now, oldest first."""
    return db.session.scalars(
        select(Stamp).where(Stamp.customer_id == customer_id, Stamp.coupon_id.is_(None)).order_by(Stamp.id)
    ).all()


def coupons_of(customer_id):
    """The coupons that a customer's cards became, newest first."""
    return db.session.scalars(
        select(Coupon)
        .where(Coupon.id.in_(select(Stamp.coupon_id).where(Stamp.customer_id == customer_id)))
        .order_by(Coupon.id.desc())
    ).all()
