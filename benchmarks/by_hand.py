"""The same messages handled by hand: no plugins, no containment, only what must be done.

It stores the same rows as salesbot, in the same order and in one transaction, by statements that
are built once, and gives the same answers. It has the same duties: it checks the signature as
Twilio's library does, locks the chat, handles a message once and answers it alike when it comes
again, keeps silent where a person answers, notices a new name of the shop with the next message,
lets nothing overtake what waits to be sent, and logs a line. What it leaves out is what salesbot's
design is for: other plugins, languages, near misses, long texts, a customer's first message.
"""

from __future__ import annotations

import io
import logging
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, abort, request
from sqlalchemy import Connection, Engine, Row, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

from benchmarks.by_hand_goods import found, hello, shelf
from benchmarks.twilio_posts import ACCOUNT, PATH, PUBLIC_URL, TOKEN
from salesbot.database import table
from salesbot.models import Conversation, Customer, Message, ShopRevision, ShopSetting

log = logging.getLogger("by_hand")
log.setLevel("INFO")
log.propagate = False
log.addHandler(logging.StreamHandler(io.StringIO()))
log.handlers[0].setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))

_CHAT, _CUSTOMER, _MESSAGE = table(Conversation), table(Customer), table(Message)

_LOCK_CHAT = (
    select(
        *(_CHAT.c.id, _CHAT.c.answered_by, _CHAT.c.shown, _CHAT.c.notes, _CUSTOMER.c.name),
        select(ShopRevision.number).where(ShopRevision.id == 1).scalar_subquery().label("revision"),
    )
    .join(_CUSTOMER, _CUSTOMER.c.id == _CHAT.c.customer_id)
    .where(_CHAT.c.channel == "twilio", _CHAT.c.address == bindparam("address"))
    .with_for_update(of=_CHAT)
)
_IN = (
    *("conversation_id", "direction", "provider_id", "in_answer", "state", "body", "choice", "choices"),
    *("media", "location", "plugin", "error", "error_code", "attempts", "created_at"),
)
_STORE_IN = {
    dialect.dialect.name: dialect.insert(_MESSAGE)
    .values({name: bindparam(name) for name in _IN})
    .on_conflict_do_nothing(index_elements=[_MESSAGE.c.provider_id])
    .returning(_MESSAGE.c.id)
    for dialect in (sqlite, postgresql)
}
_STORE_OUT = insert(_MESSAGE).returning(_MESSAGE.c.id)
_ANSWER = select(_MESSAGE.c.id, _MESSAGE.c.body, _MESSAGE.c.media).where(
    _MESSAGE.c.in_answer,
    _MESSAGE.c.reply_to_id
    == select(_MESSAGE.c.id).where(_MESSAGE.c.provider_id == bindparam("sid")).scalar_subquery(),
)
_WAITS = (
    select(_MESSAGE.c.id)
    .where(_MESSAGE.c.conversation_id == bindparam("chat_id"), _MESSAGE.c.send_at.is_not(None))
    .exists()
)
_SHOP_NAME = select(ShopSetting.value).where(ShopSetting.name == "SHOP_NAME")
_SAVE_CHAT = (
    update(_CHAT)
    .where(_CHAT.c.id == bindparam("chat_id"))
    .values(
        {
            name: bindparam(name)
            for name in ("question", "question_plugin", "shown", "shown_from", "notes", "last_inbound_at")
        }
    )
    .returning(_WAITS)
)


class Shop:
    """The shop's name, read again when a setting has changed."""

    def __init__(self) -> None:
        self.revision, self.name = -1, ""

    def notice(self, connection: Connection, revision: int) -> None:
        """Called with each message."""
        if revision != self.revision:
            self.revision, self.name = revision, connection.execute(_SHOP_NAME).scalar_one()


def app(engine: Engine) -> Flask:
    """A WSGI app with one route; the customer's chat must be there already."""
    made = Flask("by_hand")
    validator = RequestValidator(TOKEN)
    shop = Shop()

    @made.post(PATH)
    def message() -> Response:
        form = request.form
        signature = request.headers.get("X-Twilio-Signature", "")
        if not validator.validate(PUBLIC_URL + PATH, form, signature) or form["AccountSid"] != ACCOUNT:
            abort(403)
        with engine.begin() as connection:
            said = _turn(connection, shop, form)
        log.info("message %s is answered with %d messages", form["MessageSid"], len(said))
        return Response(_twiml(said), mimetype="text/xml")

    return made


Said = tuple[int, str, str | None]


def _turn(connection: Connection, shop: Shop, form: Any) -> list[Said]:
    chat = connection.execute(_LOCK_CHAT, {"address": form["From"]}).one()
    shop.notice(connection, chat.revision or 0)
    now, text = datetime.now(UTC), form["Body"].replace("\x00", "")
    choice = _picked(text, chat.shown)
    store_in = _STORE_IN[connection.dialect.name]
    message_id = connection.execute(
        store_in, _row_in(chat.id, form["MessageSid"], text, choice, now)
    ).scalar()
    if message_id is None:
        again = connection.execute(_ANSWER, {"sid": form["MessageSid"]})
        return [(row.id, row.body, row.media[0]["url"] if row.media else None) for row in again]
    if chat.answered_by == "person":
        return []
    answer, choices, picture = _answer(connection, shop, chat, text, choice)
    waits = connection.execute(_SAVE_CHAT, _state(chat.id, chat.notes, choices, now)).scalar()
    body = "\n".join([answer, "", *[_line(number, each) for number, each in enumerate(choices, 1)]])
    row = _row_out(chat.id, message_id, body, choices, picture, now, waits=bool(waits))
    reply_id = connection.execute(_STORE_OUT, row).scalar_one()
    return [] if waits else [(reply_id, body, picture)]


def _picked(text: str, shown: list[dict[str, str]]) -> str | None:
    return shown[int(text) - 1]["id"] if text.isdecimal() and 0 < int(text) <= len(shown) else None


def _answer(connection: Connection, shop: Shop, chat: Row[Any], text: str, choice: str | None) -> Any:
    if choice is not None:
        return shelf(connection, int(choice.partition(":")[2]))
    return hello(connection, chat.name, shop.name) if text == "hi" else found(connection, text)


def _row_in(chat_id: int, sid: str, text: str, choice: str | None, now: datetime) -> dict[str, Any]:
    return {
        "conversation_id": chat_id,
        "direction": "in",
        "provider_id": sid,
        "in_answer": False,
        "state": "received",
        "body": text,
        "choice": choice,
        "choices": [],
        "media": [],
        "location": None,
        "plugin": "",
        "error": "",
        "error_code": "",
        "attempts": 0,
        "created_at": now,
    }


def _row_out(
    chat_id: int,
    message_id: int,
    body: str,
    choices: list[Any],
    picture: str | None,
    now: datetime,
    *,
    waits: bool,
) -> dict[str, Any]:
    return {
        "conversation_id": chat_id,
        "direction": "out",
        "reply_to_id": message_id,
        "in_answer": not waits,
        "state": "waiting" if waits else "answered",
        "body": body,
        "choices": choices,
        "media": [{"url": picture, "content_type": "image"}] if picture else [],
        "plugin": "by_hand",
        "error": "",
        "error_code": "",
        "attempts": 0,
        "send_at": now if waits else None,
        "created_at": now,
    }


def _state(chat_id: int, notes: dict[str, Any], choices: list[Any], now: datetime) -> dict[str, Any]:
    return {
        "chat_id": chat_id,
        "question": None,
        "question_plugin": None,
        "shown": choices,
        "shown_from": 0,
        "notes": notes,
        "last_inbound_at": now,
    }


def _line(number: int, choice: dict[str, str]) -> str:
    return f"{number}. {choice['title']}" + (f" – {choice['detail']}" if choice["detail"] else "")


def _twiml(said: list[Said]) -> str:
    response = MessagingResponse()
    for number, body, picture in said:
        status = f"{PUBLIC_URL}/webhooks/twilio/status?message={number}&attempt=0"
        verb = response.message(action=status, method="POST")
        verb.body(body)
        if picture:
            verb.media(picture)
    return str(response)
