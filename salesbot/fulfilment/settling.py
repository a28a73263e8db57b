"""What follows when an order is paid: its units are made, and what is ready is handed over."""

from __future__ import annotations

from salesbot import clock
from salesbot.database import db
from salesbot.fulfilment import documents, downloads, telling
from salesbot.fulfilment.door import Changes
from salesbot.models import Delivery, Order, OrderLine
from salesbot.services import coupons, stock
from salesbot.texts import speaking


def paid(order: Order, *, who: str, why: str) -> None:
    """Marks a locked order as paid, makes its units, and tells the buyer what is ready."""
    stock.lock(line.product_id for line in order.lines)
    changes = Changes(order)
    changes.move("paid", who=who, why=why)
    units = [_make(line, position) for line in order.lines for position in range(1, line.quantity + 1)]
    finish(changes, units)


def finish(changes: Changes, units: list[Delivery]) -> None:
    """Tells the buyer about units that are ready, and ends the order when nothing is open any more."""
    order = changes.order
    ready = [unit for unit in units if unit.state == "delivered" and unit.told_at is None]
    for unit in ready:
        unit.told_at = clock.now()
    db.session.flush()
    still_open = telling.open_units(order.id)
    if not still_open:
        changes.move("fulfilled", who="salesbot", why="everything is delivered")
    # A provider's request and the worker speak no language of their own.
    with speaking(order.customer.language):
        handed = telling.reply_about(order, ready, still_open=still_open) if ready or still_open else None
    changes.tell(handed, "delivery" if ready else "payment")
    documents.send(order, ready)


def can_be_had(order: Order) -> bool:
    """Whether all that an order held and holds no more, its coupon's use too, is there again now."""
    wanted: dict[int, int] = {}
    for line in order.lines:
        wanted[line.product_id] = wanted.get(line.product_id, 0) + line.quantity
    stock.lock(wanted)
    left = stock.available(wanted)
    has_stock = all(found is None or found >= wanted[number] for number, found in left.items())
    return has_stock and (order.coupon_id is None or coupons.has_use_for(order.coupon_id, order.customer_id))


def _make(line: OrderLine, position: int) -> Delivery:
    """One unit, handed over at once where the core can do that itself."""
    unit = Delivery(line_id=line.id, position=position, state="due")
    db.session.add(unit)
    db.session.flush()
    if line.kind == "key":
        hand_over(unit, took_key=stock.take_key(line.product_id, unit.id))
    elif line.kind == "file":
        unit.file, unit.file_name = line.product.file, line.product.file_name
        downloads.allow(unit)
        hand_over(unit)
    elif line.kind == "link":
        unit.link = line.product.link
        hand_over(unit)
    return unit


def hand_over(unit: Delivery, *, took_key: bool = True) -> None:
    """Marks a unit as delivered, or as waiting for a key."""
    unit.state = "delivered" if took_key else "no_stock"
    if took_key:
        unit.delivered_at = clock.now()
    db.session.flush()
