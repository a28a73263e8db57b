"""What is left of a person outside their chats: the audit, news for staff, timelines of orders."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, cast, delete, inspect, or_, select, tuple_, update

from salesbot.database import db
from salesbot.models import (
    AuditEntry,
    Consent,
    Conversation,
    ConversationEvent,
    Customer,
    Notice,
    Order,
    OrderEvent,
    Payment,
    Refund,
)
from salesbot.models.orders import LOOKED_AT
from salesbot.services import inbox

_JOINED = re.compile(r"\((\d{1,18})\)")
_TYPED = ("joined customers", "found no money", "asked for a refund", LOOKED_AT)
"""Lines of an order's timeline whose reason staff may have typed."""


@dataclass(frozen=True)
class Traces:
    """What in the audit is about somebody: rows by table and key, and words that are theirs alone."""

    rows: frozenset[tuple[str, str]]
    parents: dict[str, frozenset[int]]
    links: dict[str, dict[str, str]]  # by table: column -> the table of `parents` it refers to
    words: tuple[str, ...]


def of(customer: Customer, chats: Sequence[int], models: Iterable[type[Any]]) -> Traces:
    """Looks for the traces of a person, while their rows are still there.

    Whatever refers to a customer or a chat is about a person, in tables of plugins too. Orders are
    the shop's books: what was done with them stays.
    """
    events = db.session.scalars(
        select(ConversationEvent).where(ConversationEvent.conversation_id.in_(chats))
    ).all()
    joined = {
        int(number)
        for event in events
        if event.what == inbox.JOINED
        for number in _JOINED.findall(event.text)
    }
    parents = {
        Customer.__tablename__: frozenset({customer.id, *joined}),
        Conversation.__tablename__: frozenset(chats),
    }
    rows = {(name, str(number)) for name, numbers in parents.items() for number in numbers}
    links: dict[str, dict[str, str]] = {}
    for model in models:
        mapper = inspect(model)
        links[model.__tablename__] = found = {
            attribute.key: key.column.table.name
            for attribute in mapper.column_attrs
            for key in attribute.columns[0].foreign_keys
            if key.column.table.name in parents and model is not Order
        }
        if found:
            about = or_(*(getattr(model, name).in_(parents[table]) for name, table in found.items()))
            keys = select(*mapper.primary_key).where(about)
            rows |= {(model.__tablename__, ",".join(map(str, key))) for key in db.session.execute(keys)}
    addresses = {one.address for one in customer.addresses}
    return Traces(
        frozenset(rows), parents, {name: one for name, one in links.items() if one}, tuple(addresses)
    )


def erase(customer: Customer, chats: Sequence[int], traces: Traces) -> None:
    """Takes a person's names and words out of it; that something happened, and who did it, stays."""
    _erase_entries(traces)
    db.session.execute(
        update(ConversationEvent).where(ConversationEvent.conversation_id.in_(chats)).values(text="")
    )
    pages = [f"/admin/conversation/details/?id={number}" for number in chats]
    about = [
        or_(Notice.address == page, Notice.address.startswith(f"{page}#", autoescape=True)) for page in pages
    ]
    if about:
        db.session.execute(delete(Notice).where(or_(*about)))
    own = select(Order.id).where(Order.customer_id == customer.id)
    typed = OrderEvent.what.in_(_TYPED), OrderEvent.who != "salesbot"
    db.session.execute(update(OrderEvent).where(OrderEvent.order_id.in_(own), *typed).values(why=""))
    theirs = Refund.payment_id.in_(select(Payment.id).where(Payment.order_id.in_(own)))
    db.session.execute(update(Refund).where(theirs, Refund.who != "salesbot").values(why=""))
    db.session.execute(delete(Consent).where(Consent.customer_id == customer.id))
    db.session.flush()


def _erase_entries(traces: Traces) -> None:
    pairs = sorted(traces.rows)
    for begin in range(0, len(pairs), 400):
        _empty(tuple_(AuditEntry.model, AuditEntry.row).in_(pairs[begin : begin + 400]))
    # A statement that made several rows at once knew no keys.
    without = select(AuditEntry.id, AuditEntry.model, AuditEntry.changes)
    for entry in db.session.execute(
        without.where(AuditEntry.row == "", AuditEntry.model.in_(traces.links))
    ).all():
        for column, parent in traces.links[entry.model].items():
            if set(entry.changes.get(column, ())) & traces.parents[parent]:
                _empty(AuditEntry.id == entry.id)
    for word in traces.words:
        said = AuditEntry.title, cast(AuditEntry.changes, Text)
        _empty(or_(*(column.contains(word, autoescape=True) for column in said)))


def _empty(which: Any) -> None:
    db.session.execute(update(AuditEntry).where(which).values(title="", changes={}))
