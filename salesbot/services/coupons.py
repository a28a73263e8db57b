"""What a coupon takes off, and whether it may be used (again)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import func, or_, select

from salesbot import clock
from salesbot.database import db
from salesbot.errors import CouponRefused
from salesbot.models import Coupon, Order, Product
from salesbot.services import orders

SHORTEST, LONGEST = 3, 40


def normal(code: str) -> str:
    """A code as it is stored: upper case, without spaces."""
    return "".join(code.split()).upper()


def is_code(words: str) -> bool:
    """Whether somebody typed the code of a coupon, used up or not."""
    code = normal(words)
    if not SHORTEST <= len(code) <= LONGEST:
        return False
    return db.session.scalar(select(Coupon.id).where(Coupon.code == code)) is not None


def discount(code: str, customer_id: int, goods: Mapping[Product, int]) -> tuple[Coupon, int]:
    """The coupon, locked, and the minor units that it takes off `goods` (products with quantities).

    CouponRefused says why it takes nothing off. The lock keeps two buyers from the last use.
    """
    coupon = db.session.scalar(select(Coupon).where(Coupon.code == normal(code)).with_for_update())
    if coupon is None or not coupon.active:
        raise CouponRefused("unknown")
    now = clock.now()
    if (coupon.starts_at and now < coupon.starts_at) or (coupon.ends_at and now >= coupon.ends_at):
        raise CouponRefused("not now")
    if not has_use(coupon, customer_id):
        raise CouponRefused("used up")
    counted = sum(product.price * count for product, count in goods.items() if counts(coupon, product))
    if not counted:
        raise CouponRefused("nothing")
    return coupon, _off(coupon, counted)


def counts(coupon: Coupon, product: Product) -> bool:
    """Whether the coupon is for this product."""
    return coupon.product_id in {None, product.id} and coupon.category_id in {None, product.category_id}


def has_use_for(coupon_id: int, customer_id: int) -> bool:
    """Whether a use is left for somebody whose order holds none any more; the coupon is locked then."""
    coupon = db.session.scalar(select(Coupon).where(Coupon.id == coupon_id).with_for_update())
    return coupon is not None and has_use(coupon, customer_id)


def has_use(coupon: Coupon, customer_id: int) -> bool:
    """Whether somebody may use it (again); only a lock keeps it so."""
    if coupon.uses_allowed is not None and _uses(coupon) >= coupon.uses_allowed:
        return False
    mine = coupon.uses_per_customer
    return mine is None or _uses(coupon, customer_id) < mine


def _off(coupon: Coupon, counted: int) -> int:
    if coupon.percent is not None:
        exact = Decimal(counted) * coupon.percent / 100
        return int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    return min(coupon.amount or 0, counted)


def _uses(coupon: Coupon, customer_id: int | None = None) -> int:
    """Orders with this coupon that were paid, or that hold it until they are."""
    used = select(func.count(Order.id)).where(
        Order.coupon_id == coupon.id,
        or_(Order.paid_at.is_not(None), orders.holding(clock.now())),
    )
    if customer_id is not None:
        used = used.where(Order.customer_id == customer_id)
    return db.session.scalar(used) or 0
