"""WhatsApp through Twilio: its form to our values, replies to TwiML, unasked messages by REST."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flask import current_app
from twilio.request_validator import RequestValidator, get_signature_algorithm

from salesbot.channels import Incoming, Outgoing
from salesbot.channels.render import sendable
from salesbot.errors import NotSent, SendUnknown
from salesbot.messages import Location, Media
from salesbot.public_address import base_url

if TYPE_CHECKING:
    from flask import Request
    from twilio.rest import Client

log = logging.getLogger(__name__)

NAME = "twilio"
TIMEOUT = 10.0
RETRY_SETTINGS = "#rc=3&rp=ct,rt,5xx"
PAUSE = 2.0
BUSY_PAUSE = 10.0

_PAUSES = {20429: BUSY_PAUSE, 63017: BUSY_PAUSE, 63018: 60.0, 63038: 3600.0}
"""Codes of "too much at once" (facts of Twilio's error list) and how many seconds to wait."""


def is_signed(request: Request) -> bool:
    """Whether Twilio signed this request with one of our tokens; whatever is odd about it is a no."""
    tokens: list[str] = current_app.config["TWILIO_AUTH_TOKEN"]
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
        body: Any = request.get_data(as_text=True) if request.is_json else request.form
        algorithm = get_signature_algorithm(settings)
        return any(
            RequestValidator(token).validate(url, body, signature, algorithm)
            for token in tokens
            for url in urls
        )
    except Exception as exc:  # noqa: BLE001 - the validator raises many things for odd requests
        log.warning("a signature could not be checked: %s", type(exc).__name__)
        return False


def is_ours(form: Mapping[str, str]) -> bool:
    """Whether the request speaks of our account."""
    account: str = current_app.config["TWILIO_ACCOUNT_SID"]
    return bool(account) and form.get("AccountSid") == account


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
        tapped=form.get("ButtonPayload") or form.get("ListId") or None,
        media=media,
        location=_location(form),
        name=form.get("ProfileName", "").replace("\x00", "")[:200],
    )


def _whole(text: str | None) -> int:
    return min(int(text), 10) if text and text.isascii() and text.isdecimal() and len(text) < 9 else 0


def _location(form: Mapping[str, str]) -> Location | None:
    try:
        latitude, longitude = float(form["Latitude"]), float(form["Longitude"])
    except (KeyError, ValueError):
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    label, address = form.get("Label", ""), form.get("Address", "")
    return Location(latitude, longitude, label.replace("\x00", ""), address.replace("\x00", ""))


def status_url(message_id: int) -> str:
    """Where Twilio reports what became of our message; it holds our own id."""
    return f"{base_url()}/webhooks/twilio/status?message={message_id}"


def twiml(messages: Sequence[Outgoing]) -> str:
    """The answer to a webhook that makes Twilio send these messages."""
    from twilio.twiml.messaging_response import MessagingResponse  # noqa: PLC0415 - only where it is used

    response = MessagingResponse()
    for message in messages:
        verb = response.message(action=status_url(message.id), method="POST")
        verb.body(sendable(message.text))
        if message.media_url:
            verb.media(message.media_url)
    return str(response)


class TwilioChannel:
    """Sends by Twilio's REST API with a timeout, and says of each failure whether to try again."""

    name = NAME
    window_hours: int | None = 24

    def send(self, message: Outgoing) -> str | None:
        """The sid of the message that Twilio has taken on."""
        import requests  # noqa: PLC0415 - these two cost a quarter of a second at start
        from twilio.base.exceptions import TwilioException, TwilioRestException  # noqa: PLC0415

        values: dict[str, Any] = {"body": message.text} if message.text else {}
        if message.media_url:
            values["media_url"] = [message.media_url]
        try:
            sent = client().messages.create(
                to=message.address,
                from_=current_app.config["TWILIO_WHATSAPP_NUMBER"],
                status_callback=status_url(message.id) + RETRY_SETTINGS,
                **values,
            )
        except TwilioRestException as exc:
            raise _refused(exc.status, exc.code, exc.msg) from exc
        except (requests.exceptions.ConnectTimeout, requests.exceptions.SSLError) as exc:
            raise NotSent("Twilio can't be reached", retry_in=PAUSE) from exc
        except requests.exceptions.ConnectionError as exc:
            if _never_connected(exc):
                raise NotSent("Twilio can't be reached", retry_in=PAUSE) from exc
            raise SendUnknown("the connection to Twilio broke off") from exc
        except requests.exceptions.RequestException as exc:
            raise SendUnknown(f"no answer from Twilio: {type(exc).__name__}") from exc
        except TwilioException as exc:
            raise SendUnknown(f"Twilio's answer can't be read: {type(exc).__name__}") from exc
        return str(sent.sid)


def _refused(status: int, code: int | None, reason: str) -> NotSent:
    number = code or 0
    pause = _PAUSES.get(number)
    if pause is None and (status == 429 or status >= 500):
        pause = BUSY_PAUSE if status == 429 else PAUSE
    return NotSent(f"Twilio answered {status}: {reason}", code=str(number or status), retry_in=pause)


def _never_connected(exc: BaseException) -> bool:
    """Whether the connection was refused or the name not found, so that nothing can have been sent."""
    from urllib3.exceptions import NewConnectionError  # noqa: PLC0415 - comes with requests

    reason = getattr(exc.args[0] if exc.args else None, "reason", None)
    return isinstance(reason, NewConnectionError)


def client() -> Client:
    """Twilio's client for this shop's account, at `TWILIO_API_URL` when that is set."""
    config = current_app.config
    if not config["TWILIO_ACCOUNT_SID"] or not config["TWILIO_WHATSAPP_NUMBER"]:
        raise NotSent("no Twilio account is connected", code="not_connected")
    account = (config["TWILIO_ACCOUNT_SID"], config["TWILIO_AUTH_TOKEN"][0], config["TWILIO_API_URL"])
    # Threads must not share one: the SDK keeps the last response in the HTTP client for a moment,
    # so that one thread could read the answer to another's message.
    if getattr(_of_thread, "account", None) != account:
        _of_thread.client = _new_client(*account)
        _of_thread.account = account
    found: Client = _of_thread.client
    return found


_of_thread = threading.local()


def _new_client(account: str, token: str, stand_in: str) -> Client:
    from twilio.rest import Client  # noqa: PLC0415 - costs 0.14 s and 20 MB where nothing is sent

    from salesbot.channels.twilio_http import client_for  # noqa: PLC0415 - as above

    return Client(account, token, http_client=client_for(stand_in, TIMEOUT))
