"""The list of conversations: which of them, in which order, and what is shown of each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, union_all
from sqlalchemy.orm import joinedload, selectinload

from salesbot.database import db, holds
from salesbot.models import Conversation, ConversationLabel, Customer, Message, Order
from salesbot.models.conversations import TROUBLE

PAGE = 30
"""Conversations on one page of the list."""
LAST_PAGE = 1_000
"""Further back one searches: a database needs long to pass over more."""
LOOKED_THROUGH, NAMES = 20_000, 100_000
"""So many of the newest messages and customers are searched for words; more would take too long."""
FEW = 500
"""Chats that are looked up at once; a database is faster with these, and slower with more."""
SHOWS = ("all", "waiting", "unread", "mine", "unassigned", "person", "trouble")


@dataclass(frozen=True)
class Wanted:
    """What the list is to show: one of SHOWS, a label's id or 0, words to look for, a page from 0."""

    show: str = "all"
    label: int = 0
    words: str = ""
    page: int = 0


@dataclass(frozen=True)
class Listed:
    """Conversations with what the list shows of them, and whether there are more."""

    chats: Sequence[Conversation]
    newest: Mapping[int, Message]
    unread: Mapping[int, int]
    more: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)


def find(wanted: Wanted, staff_id: int) -> Listed:
    """One page of the list, for this member of staff; whoever wrote last comes first."""
    # First which ones, then what belongs to them: that is not looked up for those passed over.
    page = (
        select(Conversation.id)
        .where(*_conditions(wanted, staff_id))
        .order_by(Conversation.last_inbound_at.desc(), Conversation.id.desc())
        .offset(min(wanted.page, LAST_PAGE) * PAGE)
        .limit(PAGE + 1)
    )
    chosen = (
        select(Conversation)
        .where(Conversation.id.in_(page))
        .options(
            joinedload(Conversation.customer),
            joinedload(Conversation.assigned_to),
            selectinload(Conversation.labels),
        )
        .order_by(Conversation.last_inbound_at.desc(), Conversation.id.desc())
    )
    found = db.session.scalars(chosen).all()
    chats = found[:PAGE]
    return Listed(chats, _newest(chats), _unread(chats), len(found) > PAGE, _counts())


def _conditions(wanted: Wanted, staff_id: int) -> list[ColumnElement[bool]]:
    conditions: Mapping[str, ColumnElement[bool]] = {
        "waiting": Conversation.person_wanted_at.is_not(None),
        "unread": _is_unread(),
        "mine": Conversation.assigned_to_id == staff_id,
        "unassigned": Conversation.assigned_to_id.is_(None) & (Conversation.answered_by == "person"),
        "person": Conversation.answered_by == "person",
        "trouble": Conversation.id.in_(select(Message.conversation_id).where(Message.state.in_(TROUBLE))),
    }
    found = [conditions[wanted.show]] if wanted.show in conditions else []
    if wanted.label:
        labelled = select(ConversationLabel.conversation_id).where(ConversationLabel.label_id == wanted.label)
        found.append(Conversation.id.in_(labelled))
    if wanted.words:
        found.append(_holds(wanted.words))
    return found


def _is_unread() -> ColumnElement[bool]:
    return Conversation.last_inbound_at.is_not(None) & or_(
        Conversation.seen_at.is_(None), Conversation.last_inbound_at > Conversation.seen_at
    )


def _holds(words: str) -> ColumnElement[bool]:
    """A name, a number, an order's number, or words of one of the newest messages.

    What few chats hold is looked up here, each kind by itself. What many hold is left to the list, which
    walks from the newest chat on and soon has a page of them.
    """
    newest, last = db.session.execute(
        select(
            select(func.max(Message.id)).scalar_subquery(), select(func.max(Customer.id)).scalar_subquery()
        )
    ).one()
    said = select(Message.conversation_id).where(
        Message.id > (newest or 0) - LOOKED_THROUGH, holds(Message.body, words)
    )
    ordered = select(Order.conversation_id).where(Order.number == words.upper())
    holding: list[ColumnElement[bool]] = [Conversation.id.in_(said), Conversation.id.in_(ordered)]
    number = re.sub(r"[\s().+/-]", "", words)
    if number.isdecimal():
        holding.append(Conversation.address.contains(number.lstrip("0")))
    else:
        named = select(Customer.id).where(Customer.id > (last or 0) - NAMES, holds(Customer.name, words))
        holding.append(Conversation.customer_id.in_(named))
        if not any(letter.isspace() for letter in words):
            holding.append(holds(Conversation.address, words))
    some = [select(Conversation.id).where(one).limit(FEW + 1).subquery() for one in holding]
    found = set(db.session.scalars(union_all(*(select(one.c.id) for one in some))))
    return Conversation.id.in_(found) if len(found) <= FEW else or_(*holding)


def _newest(chats: Sequence[Conversation]) -> dict[int, Message]:
    """The newest message of each chat."""
    last = (
        select(func.max(Message.id))
        .where(Message.conversation_id.in_([chat.id for chat in chats]))
        .group_by(Message.conversation_id)
    )
    found = db.session.scalars(select(Message).where(Message.id.in_(last)))
    return {message.conversation_id: message for message in found}


def _unread(chats: Sequence[Conversation]) -> dict[int, int]:
    """How many messages of each chat came in since somebody looked."""
    unread = [chat.id for chat in chats if is_unread(chat.last_inbound_at, chat.seen_at)]
    if not unread:
        return {}
    rows: Any = db.session.execute(
        select(Message.conversation_id, func.count(Message.id))
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Message.conversation_id.in_(unread),
            Message.direction == "in",
            or_(Conversation.seen_at.is_(None), Message.created_at > Conversation.seen_at),
        )
        .group_by(Message.conversation_id)
    )
    return {chat: max(number, 1) for chat, number in rows}


def is_unread(last_inbound_at: datetime | None, seen_at: datetime | None) -> bool:
    """Whether the customer wrote since staff last looked."""
    return last_inbound_at is not None and (seen_at is None or last_inbound_at > seen_at)


def _counts() -> dict[str, int]:
    """How many conversations wait for somebody, by what shows them."""
    waiting = select(func.count(Conversation.id)).where(Conversation.person_wanted_at.is_not(None))
    trouble = select(func.count(Message.conversation_id.distinct())).where(Message.state.in_(TROUBLE))
    return {
        "waiting": db.session.scalar(waiting) or 0,
        "trouble": db.session.scalar(trouble) or 0,
    }
