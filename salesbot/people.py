"""What is known about a person: told, forgotten, or brought together; plugins' parts included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import delete, select, update

from salesbot import messages, plugin_manager
from salesbot.database import db
from salesbot.errors import SalesbotError, WrongState
from salesbot.models import (
    Conversation,
    ConversationEvent,
    Customer,
    CustomerAddress,
    Job,
    Message,
    Order,
    StockWait,
)
from salesbot.plugin_manager import invoke
from salesbot.replies import checked_notes
from salesbot.services import customers

EXPORT = "salesbot_export_customer"
ERASE = "salesbot_erase_customer"
JOINED = "salesbot_customers_joined"
OPEN = frozenset({"pending", "paid"})


def find(words: str) -> Customer:
    """The customer with this number or address; SalesbotError when there is none."""
    by_address = select(CustomerAddress.customer_id).where(CustomerAddress.address == words)
    number = int(words) if words.isdecimal() and len(words) < 19 else db.session.scalar(by_address.limit(1))
    customer = None if number is None else db.session.get(Customer, number)
    if customer is None:
        raise SalesbotError(f"there is no customer {words!r}: give a number, or an address as it is stored")
    return customer


def export(customer: Customer) -> dict[str, Any]:
    """Everything that is stored about a person, as JSON; what each plugin knows stands under its name."""
    chats = db.session.scalars(select(Conversation).where(Conversation.customer_id == customer.id)).all()
    orders = db.session.scalars(select(Order).where(Order.customer_id == customer.id).order_by(Order.id))
    return {
        "name": customer.name,
        "language": customer.language,
        "since": customer.created_at.isoformat(),
        "addresses": [address.address for address in customer.addresses],
        "messages": [_message(message) for chat in chats for message in _messages(chat.id)],
        "orders": [
            {
                "number": order.number,
                "state": order.state,
                "total": order.total,
                "currency": order.currency,
                "placed": order.created_at.isoformat(),
                "came_from": order.source,
                "lines": [f"{line.quantity} × {line.title}" for line in order.lines],
            }
            for order in orders
        ],
        "plugins": _asked(EXPORT, customer, lambda said: checked_notes(dict(said or {}))),
    }


def _messages(conversation_id: int) -> list[Message]:
    found = select(Message).where(Message.conversation_id == conversation_id).order_by(Message.id)
    return list(db.session.scalars(found))


def _message(message: Message) -> dict[str, Any]:
    return {
        "from": "them" if message.direction == "in" else "us",
        "text": message.body,
        "media": message.media,
        "location": message.location,
    }


def erase(customer: Customer) -> None:
    """Forgets who somebody is and what they wrote. Flush only; nothing is done when a plugin fails.

    Orders and payments stay, because a shop has to keep its books, and belong to nobody that can be
    named. WrongState while an order is open.
    """
    still_open = db.session.scalar(
        select(Order.number).where(Order.customer_id == customer.id, Order.state.in_(OPEN)).limit(1)
    )
    if still_open:
        raise WrongState(f"order {still_open} is open; end it first")
    _asked(ERASE, customer, lambda _said: None)
    chats = select(Conversation.id).where(Conversation.customer_id == customer.id).scalar_subquery()
    db.session.execute(
        update(Message)
        .where(Message.conversation_id.in_(chats))
        .values(
            body="", choice=None, choices=[], style="", template=None, about=None, media=[], location=None
        )
    )
    db.session.execute(
        update(ConversationEvent).where(ConversationEvent.conversation_id.in_(chats)).values(text="")
    )
    db.session.execute(delete(Job).where(Job.conversation_id.in_(chats)))
    db.session.execute(delete(StockWait).where(StockWait.conversation_id.in_(chats)))
    for chat in db.session.scalars(select(Conversation).where(Conversation.customer_id == customer.id)):
        chat.address, chat.notes, chat.shown = f"erased-{chat.id}", {}, []
        chat.question = chat.question_plugin = chat.source = None
    db.session.execute(update(Order).where(Order.customer_id == customer.id).values(source_details=None))
    for address in customer.addresses:
        address.address = f"erased-{address.id}"
    customer.name = ""
    db.session.flush()
    db.session.expire_all()


def join(customer_id: int, other_id: int, *, who: str) -> Customer:
    """Makes two customers one, for plugins too; the other is there no more. Flush only.

    WrongState says why they can't be joined.
    """
    found = [db.session.get(Customer, number) for number in (customer_id, other_id)]
    if customer_id != other_id and found[0] is not None and found[1] is not None:
        _asked(JOINED, found[0], lambda _said: None, other=frozen(found[1]))
    return customers.join(customer_id, other_id, who=who)


def frozen(customer: Customer) -> messages.Customer:
    """The customer as plugins get one; the address is that of their first chat."""
    address = customer.addresses[0].address if customer.addresses else ""
    return messages.Customer(customer.id, customer.name, customer.language, address)


def _asked(
    hook: str, customer: Customer, check: Callable[[Any], Any], **arguments: Any
) -> dict[str, dict[str, Any]]:
    """What all plugins say, those that are switched off too: they hold rows all the same."""
    found = {}
    arguments["customer"] = frozen(customer)
    for plugin in plugin_manager.current().plugins:
        for impl in plugin.implementations.get(hook, ()):
            try:
                said = check(invoke(impl, arguments))
                db.session.flush()
            except Exception as exc:
                cause = plugin_manager.cause(exc, plugin)
                raise SalesbotError(
                    f"nothing is changed, because plugin {plugin.name} failed: {cause}"
                ) from exc
            if said:
                found[plugin.name] = said
    return found
