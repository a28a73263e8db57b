"""What stands on a receipt, in the customer's language and money, as plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_percent
from sqlalchemy import select

from salesbot import money
from salesbot.database import db
from salesbot.locales import locale_of
from salesbot.models import Customer, Order, Payment, Refund
from salesbot.services import shop, taxes


@dataclass(frozen=True)
class Line:
    """One product; `each` is its price where there are several, `tax_rate` is "" where nothing is taxed."""

    title: str
    quantity: int
    each: str
    tax_rate: str
    amount: str


@dataclass(frozen=True)
class Tax:
    """What was sold at one rate; `rate` is "" for what is not taxed."""

    rate: str
    net: str
    tax: str
    gross: str


@dataclass(frozen=True)
class Moved:
    """Money that came in or went back: when, by which way, how much."""

    day: str
    how: str
    amount: str


@dataclass(frozen=True)
class Receipt:
    """A paid order. `taxes` and `discount` are empty where there are none."""

    shop_name: str
    shop_address: str
    number: str
    paid_at: datetime
    day: str
    customer: str
    language: str
    lines: tuple[Line, ...]
    subtotal: str
    discount: str
    coupon: str
    total: str
    taxes: tuple[Tax, ...]
    payments: tuple[Moved, ...]
    refunds: tuple[Moved, ...]


def language_of(order_id: int) -> str | None:
    """The language of an order's receipt, None when there is no such order."""
    return db.session.scalar(
        select(Customer.language).join(Order, Order.customer_id == Customer.id).where(Order.id == order_id)
    )


def receipt(order_id: int, titles: Mapping[str, str]) -> Receipt | None:
    """The receipt of an order, None while it is not paid; `titles` names the ways to pay."""
    order = db.session.get(Order, order_id)
    if order is None or order.paid_at is None:
        return None
    language = order.customer.language

    def show(amount: int) -> str:
        return money.show(amount, order.currency, language)

    taxed = taxes.by_rate((line.tax_rate, line.amount - line.discount) for line in order.lines)
    return Receipt(
        shop_name=shop.setting("SHOP_NAME"),
        shop_address=shop.setting("SHOP_ADDRESS"),
        number=order.number,
        paid_at=order.paid_at,
        day=_day(order.paid_at, language),
        customer=order.customer.name,
        language=language,
        lines=tuple(
            Line(
                title=line.title,
                quantity=line.quantity,
                each=show(line.unit_price),
                tax_rate=_rate(line.tax_rate, language),
                amount=show(line.amount),
            )
            for line in order.lines
        ),
        subtotal=show(sum(line.amount for line in order.lines)),
        discount=show(-order.discount) if order.discount else "",
        coupon=order.coupon.code if order.coupon is not None else "",
        total=show(order.total),
        taxes=tuple(
            Tax(_rate(one.rate, language), show(one.net), show(one.tax), show(one.gross)) for one in taxed
        ),
        payments=_payments(order, language, titles),
        refunds=_refunds(order, language, titles),
    )


def _payments(order: Order, language: str, titles: Mapping[str, str]) -> tuple[Moved, ...]:
    found = db.session.scalars(
        select(Payment)
        .where(Payment.order_id == order.id, Payment.state.in_(("confirmed", "disputed")))
        .order_by(Payment.id)
    )
    return tuple(
        Moved(
            _day(payment.confirmed_at or payment.created_at, language),
            titles.get(payment.method, payment.method),
            money.show(payment.amount, payment.currency, language),
        )
        for payment in found
    )


def _refunds(order: Order, language: str, titles: Mapping[str, str]) -> tuple[Moved, ...]:
    found = db.session.scalars(
        select(Refund)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Payment.order_id == order.id, Refund.state == "done")
        .order_by(Refund.id)
    )
    return tuple(
        Moved(
            _day(refund.done_at or refund.created_at, language),
            titles.get(refund.payment.method, refund.payment.method),
            money.show(-refund.amount, refund.currency, language),
        )
        for refund in found
    )


def _day(moment: datetime, language: str) -> str:
    return format_date(moment, "long", locale=locale_of(language))


def _rate(rate: Decimal | None, language: str) -> str:
    if rate is None:
        return ""
    return format_percent(rate / 100, locale=locale_of(language), decimal_quantization=False)
