"""The same messages handled by hand: no plugins, no containment, only what must be done.

It stores the same rows as salesbot, in the same order and in one transaction, by statements that
are built once, and gives the same answers. What salesbot costs beyond it is the price of its design.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, abort, request
from sqlalchemy import Connection, Engine, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

from benchmarks.by_hand_goods import found, hello, shelf
from benchmarks.twilio_posts import ACCOUNT, PATH, PUBLIC_URL, TOKEN
from salesbot.database import table
from salesbot.models import Conversation, Customer, Message

_CHAT, _CUSTOMER, _MESSAGE = table(Conversation), table(Customer), table(Message)

_LOCK_CHAT = (
    select(_CHAT.c.id, _CHAT.c.shown, _CHAT.c.notes, _CUSTOMER.c.name)
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
_SAVE_CHAT = (
    update(_CHAT)
    .where(_CHAT.c.id == bindparam("chat_id"))
    .values(
        {
            name: bindparam(name)
            for name in ("question", "question_plugin", "shown", "shown_from", "notes", "last_inbound_at")
        }
    )
)


def app(engine: Engine) -> Flask:
    """A WSGI app with one route; the customer's chat must be there already."""
    made = Flask("by_hand")
    validator = RequestValidator(TOKEN)
    store_in = _STORE_IN[engine.dialect.name]

    @made.post(PATH)
    def message() -> Response:
        form = request.form
        signature = request.headers.get("X-Twilio-Signature", "")
        if not validator.validate(PUBLIC_URL + PATH, form, signature) or form["AccountSid"] != ACCOUNT:
            abort(403)
        with engine.begin() as connection:
            chat = connection.execute(_LOCK_CHAT, {"address": form["From"]}).one()
            now = datetime.now(UTC)
            choice = _picked(form["Body"], chat.shown)
            message_id = connection.execute(store_in, _row_in(chat.id, form, choice, now)).scalar()
            if message_id is None:
                return Response("<Response/>", mimetype="text/xml")
            text, choices, picture = _answer(connection, chat.name, form["Body"], choice)
            body = "\n".join([text, "", *(_line(n, each) for n, each in enumerate(choices, 1))])
            row = _row_out(chat.id, message_id, body, choices, picture, now)
            reply_id = connection.execute(_STORE_OUT, row).scalar_one()
            connection.execute(_SAVE_CHAT, _state(chat.id, chat.notes, choices, now))
        return Response(_twiml(reply_id, body, picture), mimetype="text/xml")

    return made


def _picked(text: str, shown: list[dict[str, str]]) -> str | None:
    return shown[int(text) - 1]["id"] if text.isdecimal() and 0 < int(text) <= len(shown) else None


def _answer(connection: Connection, name: str, text: str, choice: str | None) -> Any:
    if choice is not None:
        return shelf(connection, int(choice.partition(":")[2]))
    return hello(connection, name) if text == "hi" else found(connection, text)


def _row_in(chat_id: int, form: Any, choice: str | None, now: datetime) -> dict[str, Any]:
    return {
        "conversation_id": chat_id,
        "direction": "in",
        "provider_id": form["MessageSid"],
        "in_answer": False,
        "state": "received",
        "body": form["Body"],
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
    chat_id: int, message_id: int, body: str, choices: list[Any], picture: str | None, now: datetime
) -> dict[str, Any]:
    return {
        "conversation_id": chat_id,
        "direction": "out",
        "reply_to_id": message_id,
        "in_answer": True,
        "state": "answered",
        "body": body,
        "choices": choices,
        "media": [{"url": picture, "content_type": "image"}] if picture else [],
        "plugin": "by_hand",
        "error": "",
        "error_code": "",
        "attempts": 0,
        "send_at": None,
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


def _twiml(reply_id: int, body: str, picture: str | None) -> str:
    response = MessagingResponse()
    status = f"{PUBLIC_URL}/webhooks/twilio/status?message={reply_id}"
    verb = response.message(action=status, method="POST")
    verb.body(body)
    if picture:
        verb.media(picture)
    return str(response)
