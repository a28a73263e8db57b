"""WhatsApp through Twilio: its form to our values, replies to TwiML, unasked messages by REST."""

from __future__ import annotations

import hmac
import html
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twilio.request_validator import RequestValidator, get_signature_algorithm

from salesbot.channels import Incoming, Outgoing, twilio_content, twilio_templates
from salesbot.channels.render import sendable
from salesbot.channels.twilio_api import Account, account, call, client
from salesbot.errors import ButtonsRefused, NotSent, SendUnknown
from salesbot.messages import Location, Media
from salesbot.public_address import base_url

if TYPE_CHECKING:
    from flask import Request

log = logging.getLogger(__name__)

NAME = "twilio"
RETRY_SETTINGS = "#rc=3&rp=ct,rt,5xx"


def is_signed(request: Request, ours: Account) -> bool:
    """Whether Twilio signed this request with one of our tokens; whatever is odd about it is a no."""
    tokens = ours.tokens
    headers, environ = request.headers, request.environ
    signature = headers.get("X-Twilio-Signature", "")
    if not tokens or not signature:
        return False
    query = environ.get("QUERY_STRING", "")
    path = request.path + (f"?{query}" if query else "")
    # A proxy's prefix may be part of PUBLIC_URL or of SCRIPT_NAME.
    address = base_url()
    urls = {address + path, address + environ.get("SCRIPT_NAME", "") + path}
    settings = headers.get("X-Twilio-Webhooks-Signature-Settings")
    try:
        algorithm = get_signature_algorithm(settings)
        validators = [*map(RequestValidator, tokens)]
        if request.is_json:
            body: Any = request.get_data(as_text=True)
        else:
            body = request.form
            # Nearly always the signature is of this very address. `validate` works out two for each.
            for validator in validators:
                made = validator.compute_signature(address + path, body, algorithm)
                if hmac.compare_digest(made.encode(), signature.encode()):
                    return True
        return any(
            validator.validate(url, body, signature, algorithm) for validator in validators for url in urls
        )
    except Exception as exc:  # noqa: BLE001 - the validator raises many things for odd requests
        log.warning("a signature could not be checked: %s", type(exc).__name__)
        return False


def address_of(request: Request) -> str:
    """The address for which we expect a signature of this request."""
    return base_url() + request.path


def is_for(form: Mapping[str, str], ours: Account) -> bool:
    """Whether the request speaks of our account."""
    return bool(ours.sid) and form.get("AccountSid") == ours.sid


def parse(form: Mapping[str, str]) -> Incoming | None:
    """The message in a webhook's form, or None when it has no sender or no id."""
    sid, sender = form.get("MessageSid", "")[:64], form.get("From", "")
    if not sid or not sender or len(sender) > 200:
        return None
    media = tuple(
        Media(form[f"MediaUrl{n}"], form.get(f"MediaContentType{n}", ""))
        for n in range(_whole(form.get("NumMedia")))
        if f"MediaUrl{n}" in form
    )
    return Incoming(
        channel=NAME,
        address=sender.replace("\x00", ""),
        provider_id=sid.replace("\x00", ""),
        text=form.get("Body", "").replace("\x00", ""),
        tapped=next((form[name] for name in ("ButtonPayload", "ListId") if form.get(name)), None),
        media=media,
        location=_location(form),
        name=form.get("ProfileName", "").replace("\x00", "")[:200],
        advertisement=_advertisement(form),
    )


REFERRAL = {
    "ReferralHeadline": "headline",
    "ReferralBody": "text",
    "ReferralSourceType": "type",
    "ReferralSourceId": "source_id",
    "ReferralSourceUrl": "url",
    "ReferralCtwaClid": "click_id",
}


def _advertisement(form: Mapping[str, str]) -> dict[str, str] | None:
    """What Twilio says of the advertisement that was tapped; other fields of it come without one too."""
    if "ReferralSourceId" not in form and "ReferralCtwaClid" not in form:
        return None
    said = {ours: form.get(theirs, "").replace("\x00", "")[:500] for theirs, ours in REFERRAL.items()}
    return {name: text for name, text in said.items() if text} or None


def _whole(text: str | None) -> int:
    return min(int(text), 10) if text and text.isascii() and text.isdecimal() and len(text) < 9 else 0


def _location(form: Mapping[str, str]) -> Location | None:
    if "Latitude" not in form:
        return None
    try:
        latitude, longitude = float(form["Latitude"]), float(form["Longitude"])
    except (KeyError, ValueError):
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    label, address = form.get("Label", ""), form.get("Address", "")
    return Location(latitude, longitude, label.replace("\x00", ""), address.replace("\x00", ""))


def status_url(message: Outgoing) -> str:
    """Where Twilio reports what became of our message: our own id, which attempt this was, and as what."""
    sent_as = f"&as={message.style}" if message.style else ""
    return f"{base_url()}/webhooks/twilio/status?message={message.id}&attempt={message.attempt}{sent_as}"


def twiml(messages: Sequence[Outgoing]) -> str:
    """The answer to a webhook that makes Twilio send these messages."""
    verbs = "".join(map(_verb, messages))
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{verbs}</Response>'


def _verb(message: Outgoing) -> str:
    action = html.escape(status_url(message))
    body = html.escape(sendable(message.text), quote=False)
    media = f"<Media>{html.escape(message.media_url)}</Media>" if message.media_url else ""
    return f'<Message action="{action}" method="POST"><Body>{body}</Body>{media}</Message>'


class TwilioChannel:
    """Sends by Twilio's REST API with a timeout, and says of each failure whether to try again."""

    name = NAME
    window_hours: int | None = 24
    answers_with_buttons = False  # TwiML knows no templates

    def send(self, message: Outgoing) -> str | None:
        """The sid of the message that Twilio has taken on."""
        of = account()
        if message.template_sid:
            return _send(of, message, twilio_templates.sending(message))
        if message.style:
            return _send_choices(of, message)
        values: dict[str, Any] = {"body": message.text} if message.text else {}
        if message.media_url:
            values["media_url"] = [message.media_url]
        return _send(of, message, values)


def _send(of: Account, message: Outgoing, values: dict[str, Any]) -> str:
    messages = client(of).messages
    sent = call(
        lambda: messages.create(
            to=message.address,
            from_=of.number,
            status_callback=status_url(message) + RETRY_SETTINGS,
            **values,
        )
    )
    return str(sent.sid)


_GONE = frozenset({"21654", "21655", "21656", "20404", "404"})
"""Codes of a template that is not there, or does not fit what fills it."""
_NOT_FOR_BUTTONS = frozenset(
    {
        *("20003", "21211", "21408", "21606", "21608", "21610", "63003", "63007", "63014", "63015"),
        *("63016", "63024", "63032", "63051", "not_connected"),
    }
)
"""Codes that speak of the account or the address: the same words without buttons fail alike."""


def _send_choices(of: Account, message: Outgoing) -> str:
    """Sends buttons or a list; ButtonsRefused when numbered lines may fare better."""
    shape = twilio_content.shape_of(message)
    again = True
    while True:
        try:
            sid = twilio_content.sid_of(shape, of)
        except SendUnknown as exc:
            raise ButtonsRefused(f"the template could not be made: {exc}") from exc
        except NotSent as exc:
            raise _without_buttons(exc) from exc
        values = {"content_sid": sid, "content_variables": twilio_content.variables(shape, message)}
        try:
            return _send(of, message, values)
        except NotSent as exc:
            if exc.code in _GONE and again:
                again = False
                twilio_content.forget(shape, of, sid)
                continue
            raise _without_buttons(exc) from exc


def _without_buttons(exc: NotSent) -> NotSent:
    """What a refusal of buttons means for the message."""
    if exc.retry_in is not None or exc.code in _NOT_FOR_BUTTONS:
        return exc
    return ButtonsRefused(exc.reason, code=exc.code)
