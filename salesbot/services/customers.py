"""Customers across rows: one person who writes from several addresses."""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from salesbot.database import db
from salesbot.errors import WrongState
from salesbot.models import Consent, Conversation, Customer, CustomerAddress, Order
from salesbot.services import inbox, orders


def join(customer_id: int, other_id: int, *, who: str) -> Customer:
    """Makes two customers one: the addresses, chats and orders of the other belong to the first. Flush only.

    From then on each address gets again what was bought from any of them, so staff must be sure
    that it is one person. WrongState says why they can't be joined.
    """
    if customer_id == other_id:
        raise WrongState("this is the same customer")
    # Chats are locked first, as everywhere: nobody buys or is answered meanwhile.
    db.session.execute(
        select(Conversation.id)
        .where(Conversation.customer_id.in_((customer_id, other_id)))
        .order_by(Conversation.id)
        .with_for_update()
    ).all()
    locked = select(Customer).where(Customer.id.in_((customer_id, other_id))).order_by(Customer.id)
    found = {one.id: one for one in db.session.scalars(locked.with_for_update())}
    if len(found) != 2:
        raise WrongState("this customer does not exist")
    customer, other = found[customer_id], found[other_id]
    stopped = [moment for moment in (customer.stopped_at, other.stopped_at) if moment is not None]
    customer.stopped_at = max(stopped, default=None)
    customer.name = customer.name or other.name
    customer.created_at = min(customer.created_at, other.created_at)
    for order in db.session.scalars(select(Order).where(Order.customer_id == other_id).order_by(Order.id)):
        orders.note(order, who, "joined customers", f"it was bought by {other} ({other_id})")
    for chat_id in db.session.scalars(select(Conversation.id).where(Conversation.customer_id == other_id)):
        inbox.note(chat_id, who, inbox.JOINED, f"{other} ({other_id}) → {customer} ({customer_id})")
    for model in (CustomerAddress, Conversation, Consent, Order):
        db.session.execute(update(model).where(model.customer_id == other_id).values(customer_id=customer_id))
    db.session.flush()
    _remove(other_id)
    db.session.expire_all()
    return customer


def _remove(customer_id: int) -> None:
    """Removes a customer who has nothing left; one to whom a plugin's rows refer stays, empty."""
    try:
        with db.session.begin_nested():
            db.session.execute(delete(Customer).where(Customer.id == customer_id))
    except IntegrityError:
        return
