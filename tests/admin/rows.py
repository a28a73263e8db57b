"""Rows to look at: small helpers that make what a test speaks of, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

from salesbot import clock
from salesbot.extensions import db
from salesbot.models import (
    Category,
    Conversation,
    Customer,
    CustomerAddress,
    Delivery,
    Message,
    Order,
    OrderLine,
    Payment,
    Product,
)
from salesbot.models.conversations import OUTBOX_STATES
from salesbot.services import stock

_numbers = count(1)


def save(row: Any) -> Any:
    db.session.add(row)
    db.session.flush()
    return row


def category(**values: Any) -> Category:
    return save(Category(**{"title": f"Shelf {next(_numbers)}", **values}))


def product(**values: Any) -> Product:
    if "category" not in values and "category_id" not in values:
        values["category"] = category()
    return save(Product(**{"title": f"Thing {next(_numbers)}", "kind": "key", "price": 1900, **values}))


def stock_up(what: Product, keys: list[str]) -> None:
    stock.add_keys(what.id, keys)


def chat(name: str = "Ana", **values: Any) -> Conversation:
    number = next(_numbers)
    customer = save(Customer(name=name))
    address = f"whatsapp:+4915{number:09d}"
    save(CustomerAddress(customer_id=customer.id, channel="twilio", address=address))
    return save(
        Conversation(
            **{
                "customer_id": customer.id,
                "channel": "twilio",
                "address": address,
                "last_inbound_at": clock.now(),
                **values,
            }
        )
    )


def message(conversation: Conversation, direction: str, body: str = "hi", **values: Any) -> Message:
    state = "received" if direction == "in" else "delivered"
    if values.get("state") in OUTBOX_STATES:
        values.setdefault("send_at", clock.now())
    return save(
        Message(
            **{
                "conversation_id": conversation.id,
                "direction": direction,
                "state": state,
                "body": body,
                "provider_id": f"SM{next(_numbers)}",
                **values,
            }
        )
    )


def order(
    conversation: Conversation | None = None, what: Product | None = None, quantity: int = 1, **values: Any
) -> Order:
    conversation = conversation or chat()
    what = what or product()
    state = values.get("state", "pending")
    if state in {"paid", "fulfilled"}:
        values.setdefault("paid_at", clock.now())
    line = OrderLine(
        product_id=what.id,
        position=1,
        title=what.title,
        kind=what.kind,
        unit_price=what.price,
        quantity=quantity,
        amount=what.price * quantity,
    )
    return save(
        Order(
            **{
                "number": f"N{next(_numbers):06d}",
                "customer_id": conversation.customer_id,
                "conversation_id": conversation.id,
                "currency": "USD",
                "total": what.price * quantity,
                "expires_at": clock.now() + timedelta(hours=1),
                "lines": [line],
                **values,
            }
        )
    )


def payment(of: Order, **values: Any) -> Payment:
    if values.get("state") == "confirmed":
        values = {"reference": f"r{next(_numbers)}", "confirmed_at": clock.now(), **values}
    return save(
        Payment(
            **{
                "order_id": of.id,
                "method": "manual",
                "amount": of.total,
                "currency": of.currency,
                **values,
            }
        )
    )


def delivery(of: Order, **values: Any) -> Delivery:
    if values.get("state") == "delivered":
        values.setdefault("delivered_at", clock.now())
    return save(Delivery(**{"line_id": of.lines[0].id, "position": 1, **values}))
