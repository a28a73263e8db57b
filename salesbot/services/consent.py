"""What a customer agreed to receive: how it is now, and every time that it was said."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from salesbot import clock
from salesbot.database import db
from salesbot.models import Consent, Customer, Message
from salesbot.texts import language

CUSTOMER = "customer"
_LONGEST = 500


def stop(
    customer_id: int, *, chat_id: int | None = None, wording: str = "", said: str = "", who: str = CUSTOMER
) -> None:
    """Nothing unasked from now on; what they paid for still comes. `wording` is what they are told.

    Said again it counts anew: what they asked for in between ends, too.
    """
    customer = db.session.get(Customer, customer_id)
    if customer is None:
        return
    customer.stopped_at = clock.now()
    note(customer_id, "stopped", chat_id=chat_id, wording=wording, said=said, who=who)


def start(
    customer_id: int, *, chat_id: int | None = None, wording: str = "", said: str = "", who: str = CUSTOMER
) -> bool:
    """Allows unasked messages again; False when they were not stopped."""
    customer = db.session.get(Customer, customer_id)
    if customer is None or customer.stopped_at is None:
        return False
    customer.stopped_at = None
    note(customer_id, "allowed", chat_id=chat_id, wording=wording, said=said, who=who)
    return True


def note(
    customer_id: int,
    what: str,
    *,
    chat_id: int | None = None,
    about: str = "",
    wording: str = "",
    said: str = "",
    who: str = CUSTOMER,
) -> None:
    """Keeps what somebody agreed to or refused, as a row of its own. Flush only.

    With `chat_id` the message that they just wrote there is its source, and `said` what stands in it.
    """
    message_id = None
    if chat_id is not None:
        message_id, said = _last_word(chat_id, said)
    db.session.add(
        Consent(
            customer_id=customer_id,
            what=what,
            about=about[:200],
            wording=wording[:_LONGEST],
            said=said[:_LONGEST],
            language=language() if who == CUSTOMER else "",
            who=who[:120],
            message_id=message_id,
        )
    )
    db.session.flush()


def history(customer_id: int, limit: int = 20) -> Sequence[Consent]:
    """What a customer said about it, the newest first."""
    own = select(Consent).where(Consent.customer_id == customer_id)
    return db.session.scalars(own.order_by(Consent.id.desc()).limit(limit)).all()


def _last_word(chat_id: int, said: str) -> tuple[int | None, str]:
    newest = db.session.execute(
        select(Message.id, Message.body)
        .where(Message.conversation_id == chat_id, Message.direction == "in")
        .order_by(Message.id.desc())
        .limit(1)
    ).first()
    return (None, said) if newest is None else (newest.id, said or newest.body)
