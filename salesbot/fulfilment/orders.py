"""Placing, cancelling and expiring orders: what holds stock and what frees it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Select, select

from salesbot import clock, money, outbox
from salesbot.channels import registry
from salesbot.database import db
from salesbot.errors import NotForSale, OutOfStock, WrongState
from salesbot.fulfilment import refunds, settling, telling
from salesbot.fulfilment.door import Changes, is_payable
from salesbot.models import Category, Coupon, Order, OrderLine, Product
from salesbot.services import catalog, coupons, orders, shop, shop_links, stock, templates
from salesbot.services.conversations import window_is_open
from salesbot.texts import speaking

MOST_OF_ONE = 100
"""Units of one product in one order."""


def place(
    customer_id: int,
    conversation_id: int,
    items: Sequence[tuple[int, int]],
    *,
    who: str = "customer",
    coupon: str | None = None,
    tentative: bool = False,
) -> Order:
    """A new order for (product id, quantity) pairs at today's prices, holding its stock.

    A `tentative` one holds nothing until `firm` is called for it.

    Raises OutOfStock, NotForSale, and CouponRefused for a `coupon` code that takes nothing off. A
    total of 0 is paid at once. Flushes, never commits.
    """
    wanted = _added_up(items)
    stock.lock(wanted)
    products = _for_sale(wanted)
    left = stock.available(wanted)
    for product_id, quantity in wanted.items():
        available = left[product_id]
        if available is not None and available < quantity:
            raise OutOfStock(catalog.title_of(products[product_id]), available)
    taken_off, discount = None, 0
    if coupon:
        goods = {products[product_id]: quantity for product_id, quantity in wanted.items()}
        taken_off, discount = coupons.discount(coupon, customer_id, goods)
    lines = [
        _line(position, products[product_id], quantity)
        for position, (product_id, quantity) in enumerate(wanted.items(), 1)
    ]
    if taken_off is not None:
        _take_off(lines, taken_off, discount, products)
    source, source_details = shop_links.source_of_order(conversation_id)
    order = Order(
        number=_fresh_number(),
        customer_id=customer_id,
        conversation_id=conversation_id,
        currency=shop.setting("CURRENCY"),
        total=sum(line.amount for line in lines) - discount,
        discount=discount,
        coupon=taken_off,
        expires_at=clock.now() + timedelta(minutes=shop.setting("ORDER_MINUTES")),
        lines=lines,
        tentative=tentative,
        source=source,
        source_details=source_details,
    )
    db.session.add(order)
    db.session.flush()
    orders.note(order, who, "placed")
    if order.total == 0:
        settling.paid(order, who="salesbot", why="it costs nothing")
    db.session.flush()
    return order


def opened(order_id: int) -> None:
    """The buyer looks at the order's page: the first time is noted, and they mean it. Flush only."""
    if orders.locked(order_id) is not None:
        orders.opened(order_id)
        firm(order_id)


def firm(order_id: int) -> bool:
    """Makes a tentative order one that holds its goods, for the usual time from now. Flush only.

    False when that can't be, because others have the goods meanwhile.
    """
    order = orders.locked(order_id)
    if order is None or not order.tentative or not is_payable(order):
        return True
    if not settling.can_be_had(order):
        return False
    order.tentative = False
    order.expires_at = clock.now() + timedelta(minutes=shop.setting("ORDER_MINUTES"))
    db.session.flush()
    return True


def cancel(order_id: int, *, who: str, why: str = "") -> None:
    """Ends an order that is not paid and frees its stock; one that has ended stays as it is."""
    order = orders.locked(order_id)
    if order is None:
        raise WrongState("this order does not exist")
    if order.state in {"expired", "cancelled"}:
        return
    if order.state != "pending":
        raise WrongState(
            "order {number} is {old}; it can't be cancelled", number=order.number, old=order.state
        )
    changes = Changes(order)
    changes.move("cancelled", who=who, why=why)
    changes.tell()
    refunds.give_back_all(order, why="the order was cancelled before it was paid in full")


def expire_next() -> bool:
    """Expires one unpaid order whose time is over; False when there is none. Flushes only."""
    now = clock.now()
    overdue = db.session.scalar(
        select(Order.id).where(Order.state == "pending", Order.expires_at <= now).order_by(Order.id).limit(1)
    )
    order = orders.locked(overdue) if overdue is not None else None
    if order is None:
        return False
    if order.state == "pending" and order.expires_at <= now:
        changes = Changes(order)
        changes.move("expired", who="salesbot", why="not paid in time")
        changes.tell(quietly=order.tentative)
        refunds.give_back_all(order, why="the order was not paid in full in time")
    return True


def remind_next() -> bool:
    """Reminds one buyer of an order that will end soon, once; False when there is none. Flush only.

    Nobody is reminded who said "stop", who talks to a person, or outside the 24-hour window.
    """
    number = db.session.scalar(to_remind())
    order = orders.locked(number) if number is not None else None
    if order is None:
        return False
    if order.state != "pending" or order.reminded_at is not None:
        return True
    order.reminded_at = clock.now()
    chat = order.conversation
    hours = registry.window_hours(chat.channel, chat.address)
    welcome = order.customer.stopped_at is None and chat.answered_by == "bot"
    if welcome and window_is_open(chat.last_inbound_at, hours):
        with speaking(order.customer.language):
            outbox.say(chat.id, telling.reminder(order))
        orders.note(order, "salesbot", orders.REMINDED)
    elif welcome and (template := templates.for_use("reminder", order.customer.language)) is not None:
        outbox.say_template(chat.id, template, templates.values_for(order))
        orders.note(order, "salesbot", orders.REMINDED, "with a template")
    db.session.flush()
    return True


def to_remind() -> Select[int]:
    """What `remind_next` might find."""
    now = clock.now()
    before = timedelta(minutes=shop.setting("REMIND_MINUTES"))
    return (
        select(Order.id)
        .where(
            Order.state == "pending",
            ~Order.tentative,
            Order.reminded_at.is_(None),
            Order.expires_at > now,
            Order.expires_at <= now + before,
            Order.created_at < now - before,
        )
        .order_by(Order.id)
        .limit(1)
    )


def overdue() -> Select[int]:
    """Finds something when `expire_next` might."""
    return select(Order.id).where(Order.state == "pending", Order.expires_at <= clock.now())


def _added_up(items: Sequence[tuple[int, int]]) -> dict[int, int]:
    wanted: dict[int, int] = {}
    for product_id, quantity in items:
        wanted[product_id] = wanted.get(product_id, 0) + quantity
    if not wanted:
        raise WrongState("an order needs at least one product")
    if not all(1 <= quantity <= MOST_OF_ONE for quantity in wanted.values()):
        raise WrongState("a quantity is from 1 to {most}", most=MOST_OF_ONE)
    return wanted


def _for_sale(wanted: dict[int, int]) -> dict[int, Product]:
    found = {
        product.id: product
        for product in db.session.scalars(
            select(Product)
            .join(Category, Category.id == Product.category_id)
            .where(Product.id.in_(wanted), catalog.FOR_SALE)
            .execution_options(populate_existing=True)
        )
    }
    missing = [product_id for product_id in wanted if product_id not in found]
    if missing:
        raise NotForSale(f"product {missing[0]} is not for sale")
    return found


def _fresh_number() -> str:
    while True:
        number = orders.new_number()
        if db.session.scalar(select(Order.id).where(Order.number == number)) is None:
            return number


def _line(position: int, product: Product, quantity: int) -> OrderLine:
    return OrderLine(
        product_id=product.id,
        position=position,
        title=catalog.title_of(product),
        kind=product.kind,
        options=dict(product.options),
        unit_price=product.price,
        quantity=quantity,
        amount=product.price * quantity,
        tax_rate=product.tax_rate,
    )


def _take_off(lines: list[OrderLine], coupon: Coupon, discount: int, products: dict[int, Product]) -> None:
    """Gives each line that the coupon is for its part of the discount, by which its tax shrinks."""
    counted = [line.amount if coupons.counts(coupon, products[line.product_id]) else 0 for line in lines]
    for line, part in zip(lines, money.spread(discount, counted), strict=True):
        line.discount = part
