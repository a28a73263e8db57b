"""What the customer's pages show, as plain values: an order to pay, what a line delivered."""

from __future__ import annotations

from dataclasses import dataclass

from babel.dates import format_date
from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute

from salesbot import clock, messages, money
from salesbot.database import db, vault
from salesbot.errors import BadLink
from salesbot.locales import locale_of
from salesbot.models import Customer, Delivery, Order, OrderLine, Product
from salesbot.models.deliveries import OPEN_STATES
from salesbot.services import coupons, delivery_texts, links, orders, shop, stock

_COURSE = "course"


@dataclass(frozen=True)
class Line:
    """An order line as people read it; `cover` is the name of its picture."""

    title: str
    quantity: int
    unit_price: str
    amount: str
    cover: str


@dataclass(frozen=True)
class Goods:
    """A line that has something to hold, and the page on which it is."""

    title: str
    url: str


@dataclass(frozen=True)
class OrderPage:
    """An order for its pay page. `state` is "expired" as soon as its time is over."""

    frozen: messages.Order
    number: str
    state: str
    language: str
    channel: str
    total: str
    coupon: str
    discount: str
    lines: tuple[Line, ...]
    seconds_left: int
    goods: tuple[Goods, ...]
    receipt_url: str
    opened: bool


@dataclass(frozen=True)
class UnitView:
    """One unit on its delivery page; `left` downloads until the day `until`."""

    position: int
    waiting: bool = False
    gone: bool = False
    held: bool = False
    secret: str = ""
    text: str = ""
    link: str = ""
    file_name: str = ""
    left: int = 0
    until: str = ""
    can_download: bool = False


@dataclass(frozen=True)
class DeliveryPage:
    """A paid order line for its delivery page; `text` is what the seller says to it."""

    order_number: str
    title: str
    cover: str
    language: str
    channel: str
    text: str
    units: tuple[UnitView, ...]


def order_page(order_id: int) -> OrderPage | None:
    """The order as its buyer sees it, or None when there is none."""
    order = db.session.get(Order, order_id)
    if order is None:
        return None
    language = order.customer.language
    left = (order.expires_at - clock.now()).total_seconds()
    is_over = order.state == "pending" and (left <= 0 or _is_gone(order))
    if order.tentative and not is_over:
        left = 60 * shop.setting("ORDER_MINUTES")  # it begins when the page is opened, which is now
    return OrderPage(
        frozen=orders.frozen(order),
        number=order.number,
        state="expired" if is_over else order.state,
        language=language,
        channel=order.conversation.channel,
        total=money.show(order.total, order.currency, language),
        coupon=order.coupon.code if order.coupon is not None else "",
        discount=money.show(-order.discount, order.currency, language) if order.discount else "",
        lines=tuple(_line(line, order.currency, language) for line in order.lines),
        seconds_left=max(0, int(left)) if order.state == "pending" else 0,
        goods=goods_of(order),
        receipt_url=f"{links.pay_url(order.id)}/receipt" if order.paid_at is not None else "",
        opened=order.opened_at is not None,
    )


def _is_gone(order: Order) -> bool:
    """Whether others have meanwhile taken what this order does not hold, its coupon's use too."""
    if not order.tentative:
        return False
    if order.coupon is not None and not coupons.has_use(order.coupon, order.customer_id):
        return True
    wanted = {line.product_id: line.quantity for line in order.lines}
    found = stock.available(wanted)
    return any(left is not None and left < wanted[number] for number, left in found.items())


def goods_of(order: Order) -> tuple[Goods, ...]:
    """The lines of an order of which at least one unit is delivered."""
    delivered = select(Delivery.line_id).where(Delivery.state == "delivered")
    found = set(
        db.session.scalars(
            select(OrderLine.id).where(OrderLine.order_id == order.id, OrderLine.id.in_(delivered))
        )
    )
    return tuple(Goods(line.title, links.delivery_url(line.id)) for line in order.lines if line.id in found)


def delivery_page(line_id: int) -> DeliveryPage | None:
    """A line with what it delivered, or None while it is not paid."""
    line = db.session.get(OrderLine, line_id)
    if line is None or line.order.paid_at is None:
        return None
    language = line.order.customer.language
    found = db.session.scalars(
        select(Delivery).where(Delivery.line_id == line.id).order_by(Delivery.position)
    )
    units = tuple(_unit(unit, language) for unit in found)
    return DeliveryPage(
        order_number=line.order.number,
        title=line.title,
        cover=line.product.cover,
        language=language,
        channel=line.order.conversation.channel,
        text=_own_words(line, units),
        units=units,
    )


def _own_words(line: OrderLine, units: tuple[UnitView, ...]) -> str:
    """The product's delivery text, as soon as there is something that it can speak of."""
    if all(unit.waiting or unit.gone or unit.held for unit in units):
        return ""
    return delivery_texts.for_line(
        line,
        keys=[unit.secret for unit in units if unit.secret],
        addresses=list(dict.fromkeys(unit.link for unit in units if unit.link)),
    )


def language_of(word: str) -> str | None:
    """The language of the customer whom a word in an address is for; None when it names nobody."""
    named = select(Customer.language).join(Order, Order.customer_id == Customer.id)
    line = named.join(OrderLine, OrderLine.order_id == Order.id)
    unit = line.join(Delivery, Delivery.line_id == OrderLine.id)
    ways: tuple[tuple[str, Select[str], InstrumentedAttribute[int]], ...] = (
        (links.PAY, named, Order.id),
        (links.DELIVERY, line, OrderLine.id),
        (links.DOWNLOAD, unit, Delivery.id),
    )
    for purpose, whose, key in ways:
        try:
            value = links.opened(purpose, word)
        except BadLink:
            continue
        number = value[0] if isinstance(value, list) else value
        return db.session.scalar(whose.where(key == number))
    return None


def unit_id(line_id: int, position: int) -> int | None:
    """The id of one unit of a line."""
    return db.session.scalar(
        select(Delivery.id).where(Delivery.line_id == line_id, Delivery.position == position)
    )


def course_path(product_id: int) -> str:
    """The private page of a course whose text is in its product's options."""
    return f"/course/{vault.sign(_COURSE, product_id)}"


def course(word: str) -> Product | None:
    """The product that a course link is for; BadLink when it was not made here."""
    return db.session.get(Product, vault.unsign(_COURSE, word))


def _line(line: OrderLine, currency: str, language: str) -> Line:
    return Line(
        title=line.title,
        quantity=line.quantity,
        unit_price=money.show(line.unit_price, currency, language),
        amount=money.show(line.amount, currency, language),
        cover=line.product.cover,
    )


def _unit(unit: Delivery, language: str) -> UnitView:
    if unit.state == "revoked":
        return UnitView(unit.position, gone=True)
    if unit.line.order.frozen_at is not None:
        return UnitView(unit.position, held=True)
    if unit.state != "delivered":
        return UnitView(unit.position, waiting=unit.state in (*OPEN_STATES, "failed"))
    key = unit.licence_key
    left = unit.downloads_allowed - unit.downloads
    is_over = unit.expires_at is not None and unit.expires_at <= clock.now()
    return UnitView(
        unit.position,
        secret=unit.secret or (key.secret if key is not None else ""),
        text=unit.text,
        link=links.absolute(unit.link) if unit.link else "",
        file_name=unit.file_name if unit.file else "",
        left=left,
        until=format_date(unit.expires_at, "long", locale=locale_of(language)) if unit.expires_at else "",
        can_download=bool(unit.file) and left > 0 and not is_over,
    )
