"""What is left of a person outside their chats: the audit, news for staff, timelines of orders."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import delete, or_, select, tuple_, update

from salesbot.database import db
from salesbot.models import AuditEntry, Consent, ConversationEvent, Customer, Notice, Order, OrderEvent
from salesbot.services import inbox

_JOINED = re.compile(r"\((\d{1,18})\)")


def erase(customer: Customer, chats: Sequence[int]) -> None:
    """Takes a person's names and words out of it; that something happened, and who did it, stays."""
    events = db.session.scalars(
        select(ConversationEvent).where(ConversationEvent.conversation_id.in_(chats))
    ).all()
    joined = {
        number for event in events if event.what == inbox.JOINED for number in _JOINED.findall(event.text)
    }
    rows = {
        "customer": {str(customer.id), *joined},
        "customer_address": {str(address.id) for address in customer.addresses},
        "conversation": {str(number) for number in chats},
        "conversation_event": {str(event.id) for event in events},
    }
    pairs = [(name, row) for name, numbers in rows.items() for row in numbers]
    for begin in range(0, len(pairs), 400):
        some = tuple_(AuditEntry.model, AuditEntry.row).in_(pairs[begin : begin + 400])
        db.session.execute(update(AuditEntry).where(some).values(title="", changes={}))
    for event in events:
        event.text = ""
    pages = [f"/admin/conversation/details/?id={number}" for number in chats]
    about = [
        or_(Notice.address == page, Notice.address.startswith(f"{page}#", autoescape=True)) for page in pages
    ]
    if about:
        db.session.execute(delete(Notice).where(or_(*about)))
    own = select(Order.id).where(Order.customer_id == customer.id)
    db.session.execute(
        update(OrderEvent)
        .where(OrderEvent.order_id.in_(own), OrderEvent.what == "joined customers")
        .values(why="")
    )
    db.session.execute(delete(Consent).where(Consent.customer_id == customer.id))
    db.session.flush()
