"""Twilio's webhooks: a customer's message, and what became of ours."""

from __future__ import annotations

import logging
import time

from flask import Blueprint, Response, abort, current_app, g, request
from flask.globals import request_ctx
from sqlalchemy.exc import SQLAlchemyError

from salesbot import dispatcher, outbox, shop_state
from salesbot.channels import twilio
from salesbot.channels.twilio_api import account
from salesbot.errors import DatabaseBusy
from salesbot.extensions import csrf, db, in_transaction, reading
from salesbot.services import webhook_calls

log = logging.getLogger(__name__)

blueprint = Blueprint("chatbot", __name__, url_prefix="/webhooks/twilio")
csrf.exempt(blueprint)


@blueprint.before_request
def only_twilio() -> None:
    """Refuses whatever Twilio did not sign for our account, which then is `g.account`."""
    call = request_ctx.request
    with shop_state.as_last_seen():
        ours = g.account = account()
        if twilio.is_signed(call, ours) and twilio.is_for(call.form, ours):
            return
    # Staff may have typed another account a moment ago: the database is asked only when a call does not fit.
    with reading():
        shop_state.state()
        db.session.rollback()
    ours = g.account = account()
    if not twilio.is_signed(call, ours):
        log.warning("refused a request without a right signature for %s", call.path)
        _note(webhook_calls.REFUSED, twilio.address_of(call))
        abort(403)
    if not twilio.is_for(call.form, ours):
        log.warning("refused a signed request of another account")
        _note(webhook_calls.OTHER_ACCOUNT, call.form.get("AccountSid", ""))
        abort(403)


NOTE_EVERY = 10.0
"""Seconds between two notes of one kind by one process: strangers must not keep the database busy."""


def _note(kind: str, detail: str) -> None:
    """Tells whoever connects the shop what was wrong with a call."""
    noted: dict[str, float] = current_app.extensions.setdefault("salesbot.noted_calls", {})
    if time.monotonic() - noted.get(kind, float("-inf")) < NOTE_EVERY:
        return
    noted[kind] = time.monotonic()
    try:
        in_transaction(lambda: webhook_calls.note(kind, detail.replace("\x00", "")))
    except (SQLAlchemyError, DatabaseBusy) as exc:
        log.warning("what was wrong could not be noted: %s", type(exc).__name__)


@blueprint.post("/message")
def message() -> Response:
    """Handles one message and answers with TwiML."""
    form = request.form
    incoming = twilio.parse(form)
    number = form.get("To", "")
    if number not in {"", g.account.number}:
        _note(webhook_calls.OTHER_NUMBER, number)
    if incoming is None:
        log.error("a signed message lacks MessageSid or From")
        abort(400)
    try:
        answer = dispatcher.receive(incoming)
    except DatabaseBusy:
        log.exception("no turn at the database; Twilio may try again")
        abort(503)
    return Response(twilio.twiml(answer.messages), mimetype="text/xml")


@blueprint.post("/status")
def status() -> Response:
    """Takes a delivery receipt; one about a message that is not ours is passed over."""
    form = request.form
    message_id = _number("message")
    sid = form.get("MessageSid", "")
    if message_id is not None and sid:
        known = in_transaction(
            lambda: outbox.receipt(
                message_id,
                _number("attempt"),
                sid[:64],
                form.get("MessageStatus", ""),
                form.get("ErrorCode", "")[:16],
                sent_as=request.args.get("as", ""),
            ),
            repeatable=True,
        )
        if not known:
            log.warning("a receipt for a message that is not ours")
    return Response(status=204)


def _number(name: str) -> int | None:
    """A number that we wrote into the address."""
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
