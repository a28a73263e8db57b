"""Units on their way to the buyer: made by plugins, filled from new stock, given again."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, Select, select

from salesbot import clock, outbox, plugin_manager
from salesbot.asking import said_by
from salesbot.calls import Implementation
from salesbot.database import db, in_transaction
from salesbot.errors import WrongState
from salesbot.fulfilment import downloads, returned, settling, telling
from salesbot.fulfilment.door import Changes
from salesbot.fulfilment.methods import outside
from salesbot.messages import Choice, Customer, Delivered, NeedsStaff, Reply, Unit
from salesbot.models import Delivery, LicenceKey, Order, OrderLine
from salesbot.services import orders, stock, waiting
from salesbot.texts import speaking, translator

log = logging.getLogger(__name__)
_ = translator("salesbot")

HOOK = "salesbot_deliver"
MOST_ATTEMPTS = 6
CLAIM = timedelta(minutes=5)
"""How long one process has a unit for itself."""
_ON_HOLD = (
    select(Order.id)
    .join(OrderLine, OrderLine.order_id == Order.id)
    .where(OrderLine.id == Delivery.line_id, Order.frozen_at.is_not(None))
    .correlate(Delivery)
    .exists()
)


def deliver_next() -> bool:
    """Lets plugins make one unit that is due; False when none is. Does its own transactions."""
    claimed = in_transaction(_claim)
    if claimed is None:
        return False
    made, problem = _ask(claimed)
    in_transaction(lambda: _made(claimed, made, problem))
    return True


def _ask(unit: Unit) -> tuple[Delivered | NeedsStaff | None, str]:
    """What the first plugin that knows this kind makes of a unit; else why none did, for staff."""
    problem = f"no plugin delivers the kind {unit.kind!r}"
    for plugin, impl in plugin_manager.current().in_order(HOOK):
        silence: list[str] = []

        def ask(
            impl: Implementation = impl, silence: list[str] = silence
        ) -> tuple[Delivered | NeedsStaff | None]:
            try:
                with speaking(unit.customer.language):
                    return (returned.unit(impl(unit=unit), HOOK),)
            except (ConnectionError, TimeoutError) as exc:
                silence.append(f": {said_by(exc)}")
                raise

        answer = outside(plugin, HOOK, ask)
        if answer is None:
            problem = f"plugin {plugin.name} failed" if not silence else f"plugin {plugin.name}{silence[0]}"
        elif answer[0] is not None:
            return answer[0], ""
    return None, problem


def _claim() -> Unit | None:
    now = clock.now()
    delivery = db.session.scalar(
        select(Delivery)
        .where(
            *_due(now),
            (Delivery.claimed_at.is_(None)) | (Delivery.claimed_at < now - CLAIM),
        )
        .order_by(Delivery.due_at, Delivery.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if delivery is None:
        return None
    delivery.claimed_at = now
    delivery.attempts += 1
    order = orders.frozen(delivery.line.order)
    line = orders.frozen_line(delivery.line)
    return Unit(
        key=f"unit-{delivery.id}",
        kind=delivery.line.kind,
        product=line.product,
        order=order,
        customer=Customer(
            order.customer.id, order.customer.name, order.customer.language, order.customer.address
        ),
        options=dict(delivery.line.options),
    )


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What is true of units that plugins are to make at this moment: not while their order is on hold."""
    return (Delivery.state == "due", Delivery.due_at <= now, ~_ON_HOLD)


def _made(unit: Unit, made: Delivered | NeedsStaff | None, problem: str) -> None:
    order = orders.locked(unit.order.id)
    delivery = db.session.get(Delivery, int(unit.key.removeprefix("unit-")), with_for_update=True)
    if order is None or delivery is None or delivery.state != "due":
        return
    delivery.claimed_at = None
    if order.frozen_at is not None and isinstance(made, Delivered):
        delivery.attempts -= 1  # the plugin did its part; it gives the same for this key when the hold ends
        db.session.flush()
        return
    if not isinstance(made, Delivered):
        delivery.error = problem = problem if made is None else made.why
        delivery.due_at = clock.now() + timedelta(seconds=15 * 4 ** (delivery.attempts - 1))
        if made is not None or delivery.attempts >= MOST_ATTEMPTS:
            delivery.state = "failed"
            orders.note(order, "salesbot", "a delivery failed", problem)
            log.error("delivery %s is given up: %s", delivery.id, problem)
        db.session.flush()
        return
    delivery.text, delivery.secret, delivery.link = made.text, made.secret, made.link or ""
    delivery.error = ""
    if made.file:
        delivery.file, delivery.file_name = str(made.file), Path(made.file).name
        downloads.allow(delivery)
    settling.hand_over(delivery)
    with speaking(order.customer.language):
        settling.finish(Changes(order), [delivery])


def try_again(delivery_id: int, *, who: str) -> None:
    """Staff have put right what kept a unit from being made: it is due again, from the start. Flush only."""
    order_id = db.session.scalar(
        select(OrderLine.order_id)
        .join(Delivery, Delivery.line_id == OrderLine.id)
        .where(Delivery.id == delivery_id)
    )
    order = orders.locked(order_id) if order_id is not None else None
    delivery = db.session.get(Delivery, delivery_id, with_for_update=True)
    if order is None or delivery is None or delivery.state != "failed":
        raise WrongState("nothing of this failed")
    delivery.state, delivery.attempts, delivery.due_at = "due", 0, clock.now()
    orders.note(order, who, "had a delivery tried again", delivery.line.title)
    db.session.flush()


def fill_waiting() -> bool:
    """Gives new keys to one paid order that waits for them; False when none can be helped. Flush only."""
    order_id = db.session.scalar(to_fill().order_by(Delivery.id).limit(1))
    order = orders.locked(order_id) if order_id is not None else None
    if order is None or order.frozen_at is not None:
        return False
    stock.lock(line.product_id for line in order.lines)
    filled = []
    for delivery in _units(order.id, ("no_stock",)):
        if stock.take_key(delivery.line.product_id, delivery.id):
            settling.hand_over(delivery)
            filled.append(delivery)
    if filled:
        settling.finish(Changes(order), filled)
    return bool(filled)


def to_fill() -> Select[int]:
    """The orders, by id, that wait for keys of which there are some now."""
    unsold = select(LicenceKey.id).where(
        LicenceKey.product_id == OrderLine.product_id, LicenceKey.delivery_id.is_(None)
    )
    return (
        select(OrderLine.order_id)
        .join(Delivery, Delivery.line_id == OrderLine.id)
        .where(Delivery.state == "no_stock", ~_ON_HOLD, unsold.exists())
    )


def due() -> Select[int]:
    """Finds something when `deliver_next` might."""
    return select(Delivery.id).where(*_due(clock.now()))


def tell_next() -> bool:
    """Tells one chat that a product it waits for is back; False when there is none. Flush only."""
    wait = waiting.next_to_tell()
    if wait is None:
        return False
    with speaking(wait.conversation.customer.language):
        outbox.say(wait.conversation_id, telling.back_in_stock(wait.product))
    return True


def _units(order_id: int, states: tuple[str, ...]) -> list[Delivery]:
    return list(
        db.session.scalars(
            select(Delivery)
            .join(OrderLine, OrderLine.id == Delivery.line_id)
            .where(OrderLine.order_id == order_id, Delivery.state.in_(states))
            .order_by(OrderLine.position, Delivery.position)
        )
    )


def delivery_reply(order_id: int, customer_id: int) -> Reply | None:
    """All that was delivered of an order, to be given again; None when it is not this customer's."""
    order = db.session.get(Order, order_id)
    if order is None or order.customer_id != customer_id or order.paid_at is None:
        return None
    if order.frozen_at is not None or order.state == "cancelled":
        return _nothing_now(order)
    units = _units(order.id, ("delivered",))
    for unit in units:
        downloads.renew_if_needed(unit)
    paragraphs = [_("Your order {number}:").format(number=order.number), *telling.goods(units)]
    if telling.open_units(order.id):
        paragraphs.append(_("The rest takes a moment. It comes to this chat by itself."))
    return Reply("\n\n".join(paragraphs), telling.ways_on())


def _nothing_now(order: Order) -> Reply:
    if order.state == "cancelled":
        text = _("Order {number} has ended, and its money went back to you.")
    else:
        text = _(
            "Order {number} is on hold, because its payment is being checked. A person can tell you more."
        )
    return Reply(
        text.format(number=order.number), [Choice("person", _("Talk to a person")), *telling.ways_on()]
    )


def resend(order_id: int, *, who: str) -> None:
    """Staff send all that was delivered of an order once more. Flush only."""
    order = orders.locked(order_id)
    if order is None:
        raise WrongState("this order does not exist")
    with speaking(order.customer.language):
        reply = delivery_reply(order_id, order.customer_id)
    if reply is None:
        raise WrongState("nothing of this order is delivered yet")
    orders.note(order, who, "sent it again")
    outbox.say(order.conversation_id, reply, use="delivery", order=order.id)
