"""What is known about a person: told, forgotten, or brought together; plugins' parts included."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select, update

from salesbot import asking, clock, messages, plugin_manager
from salesbot.asking import Failed
from salesbot.database import db
from salesbot.errors import SalesbotError, TransactionBroken, WrongState
from salesbot.migrations import of_plugins
from salesbot.models import (
    ALL,
    Consent,
    Conversation,
    ConversationEvent,
    Customer,
    CustomerAddress,
    Job,
    Message,
    Order,
    Payment,
    Refund,
    StockWait,
)
from salesbot.models.payments import SEEN_BY_STAFF
from salesbot.replies import checked_notes
from salesbot.services import attachments, customers, traces
from salesbot.services.secrets_in_text import mask

EXPORT = "salesbot_export_customer"
ERASE = "salesbot_erase_customer"
JOINED = "salesbot_customers_joined"
OPEN = frozenset({"pending", "paid"})
MONEY_MAY_TAKE = timedelta(days=7)
"""How long after somebody began to pay their money may still come."""


def find(words: str) -> Customer:
    """The customer with this number or address; SalesbotError when there is none."""
    by_address = select(CustomerAddress.customer_id).where(CustomerAddress.address == words)
    number = int(words) if words.isdecimal() and len(words) < 19 else db.session.scalar(by_address.limit(1))
    customer = None if number is None else db.session.get(Customer, number)
    if customer is None:
        raise SalesbotError(
            "there is no customer “{words}”: give a number, or an address as it is stored", words=words
        )
    return customer


def export(customer: Customer) -> dict[str, Any]:
    """Everything that is stored about a person, as JSON; what each plugin knows stands under its name."""
    chats = db.session.scalars(select(Conversation).where(Conversation.customer_id == customer.id)).all()
    orders = db.session.scalars(select(Order).where(Order.customer_id == customer.id).order_by(Order.id))
    agreed = db.session.scalars(select(Consent).where(Consent.customer_id == customer.id))
    return {
        "name": customer.name,
        "language": customer.language,
        "since": customer.created_at.isoformat(),
        "wants_nothing_unasked_since": _when(customer.stopped_at),
        "addresses": [address.address for address in customer.addresses],
        "agreed": [_agreed(one) for one in agreed],
        "older_messages_deleted": [_when(chat.trimmed_at) for chat in chats if chat.trimmed_at],
        "messages": [_message(message) for chat in chats for message in _messages(chat.id)],
        "notes": [_note(event) for chat in chats for event in _events(chat.id)],
        "labels": sorted({label.name for chat in chats for label in chat.labels}),
        "waits_for": [wait.product.title for chat in chats for wait in _waits(chat.id)],
        "orders": [_order(order) for order in orders],
        "plugins": _asked(EXPORT, customer, lambda said: checked_notes(dict(said))),
    }


def files(customer: Customer) -> list[str]:
    """The files in a person's chats that are kept here, as messages hold them."""
    chats = select(Conversation.id).where(Conversation.customer_id == customer.id)
    found = db.session.scalars(select(Message.media).where(Message.conversation_id.in_(chats)))
    return [url for media in found for url in attachments.among(media)]


def in_the_way(customer: Customer) -> list[tuple[Order, WrongState]]:
    """The orders that keep a person from being forgotten, with why: goods or money must still reach them."""
    own = Order.customer_id == customer.id
    going_back = select(Payment.order_id).join(Refund).where(Refund.state != "done")
    # Whoever began to pay with a provider may have left; what only staff see arrive waits for them.
    coming = select(Payment.order_id).where(
        Payment.state == "started",
        or_(Payment.created_at > clock.now() - MONEY_MAY_TAKE, Payment.method.in_(SEEN_BY_STAFF)),
    )
    reasons: tuple[tuple[ColumnElement[bool], Callable[[str], WrongState]], ...] = (
        (
            Order.state.in_(OPEN),
            lambda number: WrongState("order {number} is open; end it first", number=number),
        ),
        (
            Order.id.in_(going_back),
            lambda number: WrongState(
                "money of order {number} is on its way back; wait until it is there", number=number
            ),
        ),
        (
            Order.frozen_at.is_not(None),
            lambda number: WrongState(
                "the payment of order {number} is disputed; wait until that has ended", number=number
            ),
        ),
        (
            Order.id.in_(coming) & Order.paid_at.is_(None),
            lambda number: WrongState(
                "a payment of order {number} has begun; wait for it, or say that none came", number=number
            ),
        ),
    )
    found: dict[int, tuple[Order, WrongState]] = {}
    for reason, why in reasons:
        for order in db.session.scalars(select(Order).where(own, reason)):
            found.setdefault(order.id, (order, why(order.number)))
    return [found[number] for number in sorted(found)]


def _messages(conversation_id: int) -> list[Message]:
    found = select(Message).where(Message.conversation_id == conversation_id).order_by(Message.id)
    return list(db.session.scalars(found))


def _events(conversation_id: int) -> list[ConversationEvent]:
    found = select(ConversationEvent).where(ConversationEvent.conversation_id == conversation_id)
    return list(db.session.scalars(found.order_by(ConversationEvent.id)))


def _waits(conversation_id: int) -> list[StockWait]:
    return list(db.session.scalars(select(StockWait).where(StockWait.conversation_id == conversation_id)))


def _when(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def _message(message: Message) -> dict[str, Any]:
    return {
        "from": "them" if message.direction == "in" else "us",
        "at": message.created_at.isoformat(),
        "text": mask(message.body),
        "picked": message.choice,
        "media": message.media,
        "location": message.location,
    }


def _note(event: ConversationEvent) -> dict[str, Any]:
    return {"at": event.at.isoformat(), "by": event.who, "what": event.what, "text": event.text}


def _agreed(one: Consent) -> dict[str, Any]:
    return {
        "at": one.at.isoformat(),
        "what": one.what,
        "about": one.about,
        "wording": one.wording,
        "said": one.said,
        "language": one.language,
        "noted_by": one.who,
        "message": one.message_id,
    }


def _order(order: Order) -> dict[str, Any]:
    payments = db.session.scalars(select(Payment).where(Payment.order_id == order.id).order_by(Payment.id))
    return {
        "number": order.number,
        "state": order.state,
        "total": order.total,
        "currency": order.currency,
        "placed": order.created_at.isoformat(),
        "paid": _when(order.paid_at),
        "came_from": order.source,
        "came_from_details": order.source_details,
        "lines": [f"{line.quantity} × {line.title}" for line in order.lines],
        "payments": [
            {
                "method": payment.method,
                "state": payment.state,
                "amount": payment.amount,
                "at": payment.created_at.isoformat(),
            }
            for payment in payments
        ],
    }


def erase(customer: Customer) -> None:
    """Forgets who somebody is and what they wrote. Flush only; nothing is done when a plugin fails.

    Orders and payments stay, because a shop has to keep its books, and belong to nobody that can be
    named. WrongState while an order or its money is on its way.
    """
    own = Conversation.customer_id == customer.id
    # Chats are locked first, as everywhere: nobody buys or is answered meanwhile.
    chats = db.session.scalars(
        select(Conversation).where(own).order_by(Conversation.id).with_for_update()
    ).all()
    for _order, why in in_the_way(customer):
        raise why
    numbers = [chat.id for chat in chats]
    found = traces.of(customer, numbers, _models())
    _asked(ERASE, customer, lambda _said: None)
    kept_here = files(customer)
    _erase_chats(numbers)
    traces.erase(customer, numbers, found)
    for chat in chats:
        chat.address, chat.notes, chat.shown, chat.labels = chat.address_when_erased, {}, [], []
        chat.question = chat.question_plugin = chat.source = chat.person_wanted_at = None
        chat.answered_by = "bot"
    db.session.execute(update(Order).where(Order.customer_id == customer.id).values(source_details=None))
    for address in customer.addresses:
        address.address = f"erased-{address.id}"
    customer.name = ""
    db.session.flush()
    # Files go last, when nothing can fail any more but the commit; whoever repeats it finds none.
    attachments.remove(kept_here)
    db.session.expire_all()


def _models() -> list[type[Any]]:
    """All models of the shop and of its plugins."""
    own = [model for plugin in plugin_manager.current().plugins for model in of_plugins.models_of(plugin)]
    return [*ALL, *own]


def _erase_chats(numbers: Sequence[int]) -> None:
    """Empties messages; what waits to be sent is taken back, because nobody is there to get it."""
    mine = Message.conversation_id.in_(numbers)
    db.session.execute(delete(Message).where(mine, Message.state.in_(("waiting", "held"))))
    db.session.execute(
        update(Message)
        .where(mine)
        .values(
            body="",
            choice=None,
            choices=[],
            style="",
            template=None,
            about=None,
            media=[],
            location=None,
            error="",
        )
    )
    for model in (Job, StockWait):
        db.session.execute(delete(model).where(model.conversation_id.in_(numbers)))


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
    """What all plugins say, those that are switched off too: they hold rows all the same.

    SalesbotError when one of them fails; whatever it did goes with the caller's transaction.
    """
    found = {}
    arguments["customer"] = frozen(customer)
    plugins = plugin_manager.current().plugins
    asked = [(plugin, impl) for plugin in plugins for impl in plugin.implementations.get(hook, ())]
    # What was begun before is nobody's doing of those who are asked.
    db.session.flush()
    try:
        for plugin, said in asking.answers(asked, arguments, check):
            if isinstance(said, Failed):
                raise _failed(plugin.name, said.reason)
            if said:
                found[plugin.name] = said
    except TransactionBroken as exc:
        raise _failed(exc.plugin, exc.reason) from exc
    return found


def _failed(plugin: str, cause: str) -> SalesbotError:
    return SalesbotError(
        "nothing is changed, because plugin {plugin} failed: {cause}", plugin=plugin, cause=cause
    )
