"""The rows of a turn, in statements that are built once: this is the path every message takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Update, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from salesbot import clock
from salesbot.database import db, table
from salesbot.messages import Choice, Media
from salesbot.models import Conversation, Customer, CustomerAddress, Message, ShopRevision

MOST_ATTEMPTS = 8
"""How often it is tried to send a message before it is given up."""

_CHAT = table(Conversation)
_CUSTOMER = table(Customer)
_ADDRESS = table(CustomerAddress)
_MESSAGE = table(Message)


class ChatRow(NamedTuple):
    """A chat as the turn finds it; `_CHAT_COLUMNS` stand in the same order."""

    id: int
    customer_id: int
    channel: str
    address: str
    answered_by: str
    person_wanted_at: datetime | None
    question: str | None
    question_plugin: str | None
    shown: list[dict[str, str]]
    shown_from: int
    notes: dict[str, Any]
    name: str
    language: str
    language_chosen: bool
    revision: int | None


@dataclass(frozen=True)
class Origin:
    """Where a message comes from: who said it, what it answers, how long the answer took to find."""

    plugin: str = ""
    reply_to_id: int | None = None
    took_ms: int | None = None


_CHAT_COLUMNS = (
    _CHAT.c.id,
    _CHAT.c.customer_id,
    _CHAT.c.channel,
    _CHAT.c.address,
    _CHAT.c.answered_by,
    _CHAT.c.person_wanted_at,
    _CHAT.c.question,
    _CHAT.c.question_plugin,
    _CHAT.c.shown,
    _CHAT.c.shown_from,
    _CHAT.c.notes,
    _CUSTOMER.c.name,
    _CUSTOMER.c.language,
    _CUSTOMER.c.language_chosen,
    select(ShopRevision.number).where(ShopRevision.id == 1).scalar_subquery().label("revision"),
)
_CHATS = select(*_CHAT_COLUMNS).join(_CUSTOMER, _CUSTOMER.c.id == _CHAT.c.customer_id)
_LOCK_CHAT = _CHATS.where(
    _CHAT.c.channel == bindparam("channel"), _CHAT.c.address == bindparam("address")
).with_for_update(of=_CHAT)
_CHAT_BY_ID = _CHATS.where(_CHAT.c.id == bindparam("id"))
_LOCK_CHAT_BY_ID = _CHAT_BY_ID.with_for_update(of=_CHAT)
_INBOUND = (
    "conversation_id",
    "provider_id",
    "state",
    "body",
    "choice",
    "media",
    "location",
    "created_at",
)
_ALL_INBOUND: dict[str, Any] = {
    "direction": "in",
    "in_answer": False,
    "choices": [],
    "style": "",
    "plugin": "",
    "error": "",
    "error_code": "",
    "attempts": 0,
}
"""What is the same in each, so that no column's default is worked out anew."""
_STORE_IN = {
    dialect.dialect.name: dialect.insert(_MESSAGE)
    .values({name: bindparam(name) for name in _INBOUND} | _ALL_INBOUND)
    .on_conflict_do_nothing(index_elements=[_MESSAGE.c.provider_id])
    .returning(_MESSAGE.c.id)
    for dialect in (sqlite, postgresql)
}
_STORE_OUT = insert(_MESSAGE).returning(_MESSAGE.c.id)
_WAITS = (
    select(_MESSAGE.c.id)
    .where(_MESSAGE.c.conversation_id == bindparam("chat_id"), _MESSAGE.c.send_at.is_not(None))
    .exists()
)
_RELEASE_HELD = (
    update(_MESSAGE)
    .where(_MESSAGE.c.conversation_id == bindparam("chat_id"), _MESSAGE.c.state == "held")
    .values(state="waiting", send_at=bindparam("now"))
)


@cache
def _save_chat(names: tuple[str, ...]) -> Update:
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    return update(_CHAT).where(_CHAT.c.id == bindparam("chat_id")).values(values).returning(_WAITS)


_ANSWERED = (
    select(_MESSAGE)
    .where(_MESSAGE.c.reply_to_id == bindparam("message_id"), _MESSAGE.c.in_answer)
    .order_by(_MESSAGE.c.id)
)
_BY_PROVIDER_ID = select(_MESSAGE.c.id, _MESSAGE.c.conversation_id, _MESSAGE.c.state).where(
    _MESSAGE.c.provider_id == bindparam("provider_id")
)


def lock_chat(
    connection: Connection, channel: str, address: str, name: str, language: Callable[[], str]
) -> ChatRow:
    """The chat of an address, locked until the transaction ends; made when it writes for the first time.

    `name` and `language` are what a new customer gets.
    """
    where = {"channel": channel, "address": address}
    row = connection.execute(_LOCK_CHAT, where).first()
    if row is None:
        _make_chat(connection, channel, address, name, language())
        row = connection.execute(_LOCK_CHAT, where).one()
    return ChatRow._make(row)


def lock_chat_by_id(connection: Connection, conversation_id: int) -> ChatRow:
    """A chat, locked until the transaction ends."""
    return ChatRow._make(connection.execute(_LOCK_CHAT_BY_ID, {"id": conversation_id}).one())


def look_at_chat(connection: Connection, conversation_id: int) -> ChatRow | None:
    """A chat as it is now, for a look of which nothing is kept: nobody waits for it. None when it is gone."""
    row = connection.execute(_CHAT_BY_ID, {"id": conversation_id}).first()
    return None if row is None else ChatRow._make(row)


def _make_chat(connection: Connection, channel: str, address: str, name: str, language: str) -> None:
    """A chat, and the customer behind its address when that is new too; two at once make one."""
    known = select(_ADDRESS.c.customer_id).where(_ADDRESS.c.channel == channel, _ADDRESS.c.address == address)
    upsert = {"sqlite": sqlite, "postgresql": postgresql}[connection.dialect.name].insert
    now = clock.now()
    customer_id = connection.execute(known).scalar()
    if customer_id is None:
        with connection.begin_nested() as attempt:
            customer_id = connection.execute(
                insert(_CUSTOMER)
                .values(name=name, language=language, language_chosen=False, created_at=now)
                .returning(_CUSTOMER.c.id)
            ).scalar_one()
            mine = connection.execute(
                upsert(_ADDRESS)
                .values(customer_id=customer_id, channel=channel, address=address, created_at=now)
                .on_conflict_do_nothing()
                .returning(_ADDRESS.c.id)
            ).first()
            if mine is None:
                attempt.rollback()
        if mine is None:
            customer_id = connection.execute(known).scalar_one()
    connection.execute(
        upsert(_CHAT)
        .values(
            customer_id=customer_id,
            channel=channel,
            address=address,
            answered_by="bot",
            shown=[],
            shown_from=0,
            notes={},
            created_at=now,
        )
        .on_conflict_do_nothing()
    )


def store_inbound(
    connection: Connection,
    chat: ChatRow,
    provider_id: str,
    *,
    state: str,
    body: str,
    choice: str | None,
    media: list[dict[str, str]],
    location: dict[str, Any] | None,
) -> int | None:
    """The id of the stored message, or None when this provider id is there already."""
    return connection.execute(
        _STORE_IN[connection.dialect.name],
        {
            "conversation_id": chat.id,
            "provider_id": provider_id,
            "state": state,
            "body": body,
            "choice": choice,
            "media": media,
            "location": location,
            "created_at": clock.now(),
        },
    ).scalar()


def find(connection: Connection, provider_id: str) -> Any:
    """The row (id, conversation_id, state) of the message with this provider id, or None."""
    return connection.execute(_BY_PROVIDER_ID, {"provider_id": provider_id}).first()


def store_outbound(
    connection: Connection,
    chat_id: int,
    *,
    body: str,
    choices: Iterable[Choice],
    media: Media | None,
    state: str,
    origin: Origin,
    style: str = "",
) -> int:
    """The id of the stored message; in state "answered" it never enters the outbox."""
    now = clock.now()
    stored: int = connection.execute(
        _STORE_OUT,
        {
            "conversation_id": chat_id,
            "direction": "out",
            "reply_to_id": origin.reply_to_id,
            "in_answer": state == "answered",
            "state": state,
            "body": body,
            "choices": as_json(choices),
            "style": style,
            "media": [asdict(media)] if media is not None else [],
            "plugin": origin.plugin,
            "took_ms": origin.took_ms,
            "error": "",
            "error_code": "",
            "attempts": 0,
            "send_at": None if state == "answered" else now,
            "created_at": now,
        },
    ).scalar_one()
    return stored


def as_json(choices: Iterable[Choice]) -> list[dict[str, str]]:
    """Choices as rows hold them."""
    return [{"id": choice.id, "title": choice.title, "detail": choice.detail} for choice in choices]


def answers_to(connection: Connection, message_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """The messages that were given as the answer to this one's request, in their order."""
    return connection.execute(_ANSWERED, {"message_id": message_id}).all()


def release_held(connection: Connection, chat_id: int) -> None:
    """Sends what had to wait for the customer to write again."""
    connection.execute(_RELEASE_HELD, {"chat_id": chat_id, "now": clock.now()})


def next_round(attempts: int) -> int:
    """What a message's attempts count on from when staff send it again.

    They never begin anew, so that receipts of an earlier round are known by their number.
    """
    return (attempts // MOST_ATTEMPTS + 1) * MOST_ATTEMPTS


def save_chat(connection: Connection, chat_id: int, values: dict[str, Any]) -> bool:
    """Remembers those columns of a locked chat that `values` names.

    True when something of it waits to be sent, so that nothing may overtake it: one statement
    answers that too, after the plugins, which may have put it there.
    """
    return bool(connection.execute(_save_chat(tuple(values)), {"chat_id": chat_id, **values}).scalar())


def window_is_open(last_inbound_at: datetime | None, hours: int | None) -> bool:
    """Whether free text may be sent: within `hours` of the customer's last message, or always."""
    if hours is None:
        return True
    return last_inbound_at is not None and clock.now() < last_inbound_at + timedelta(hours=hours)


def last_said(chat_id: int, count: int) -> list[tuple[str, str]]:
    """The plugin and the words of the last messages that went out in a chat, the newest first."""
    said = (
        select(Message.plugin, Message.body)
        .where(Message.conversation_id == chat_id, Message.direction == "out")
        .order_by(Message.id.desc())
        .limit(count)
    )
    return [(plugin, body) for plugin, body in db.session.execute(said)]
