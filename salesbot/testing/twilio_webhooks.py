"""Twilio's side of the webhooks: bodies in its form, signed by its own validator, sent to a shop."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPResponse
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen
from xml.etree import ElementTree as ET

from flask import Flask
from twilio.request_validator import RequestValidator

from salesbot.channels import Incoming
from salesbot.channels.twilio import REFERRAL

FORM = "application/x-www-form-urlencoded"
PATIENCE = 30.0

Form = Mapping[str, str]


@dataclass(frozen=True)
class Said:
    """One `<Message>` of an answer; `action` is where its receipts go."""

    text: str
    media_url: str | None = None
    action: str = ""


@dataclass(frozen=True)
class Answer:
    """What a webhook answered."""

    status: int
    body: str = ""
    content_type: str = ""
    messages: tuple[Said, ...] = field(default=())

    @property
    def text(self) -> str:
        """All messages as one text."""
        return "\n\n".join(message.text for message in self.messages)


def sid(prefix: str = "SM") -> str:
    """A fresh id in Twilio's form."""
    return prefix + secrets.token_hex(16)


def message_form(incoming: Incoming, account: str, number: str) -> dict[str, str]:
    """The parameters that Twilio sends for a message on WhatsApp."""
    digits = incoming.address.removeprefix("whatsapp:+")
    form = {
        "SmsMessageSid": incoming.provider_id,
        "NumMedia": str(len(incoming.media)),
        "ProfileName": incoming.name,
        "MessageType": "text",
        "SmsSid": incoming.provider_id,
        "SmsStatus": "received",
        "Body": incoming.text,
        "To": number,
        "NumSegments": "1",
        "ReferralNumMedia": "0",
        "MessageSid": incoming.provider_id,
        "AccountSid": account,
        "From": incoming.address,
        "ApiVersion": "2010-04-01",
    }
    if digits.isdecimal():
        form["WaId"] = digits
    if incoming.tapped:
        form |= {"ButtonPayload": incoming.tapped, "ButtonText": incoming.text, "MessageType": "button"}
    if said := incoming.advertisement:
        form |= {theirs: said[ours] for theirs, ours in REFERRAL.items() if ours in said}
    for position, medium in enumerate(incoming.media):
        form |= {f"MediaUrl{position}": medium.url, f"MediaContentType{position}": medium.content_type}
    if incoming.location:
        place = incoming.location
        form |= {"Latitude": str(place.latitude), "Longitude": str(place.longitude)}
        form |= {"Label": place.label, "Address": place.address, "MessageType": "location"}
    return form


def status_form(message_sid: str, status: str, account: str, error_code: str = "") -> dict[str, str]:
    """The parameters of a receipt."""
    form = {
        "SmsSid": message_sid,
        "SmsStatus": status,
        "MessageStatus": status,
        "ChannelPrefix": "whatsapp",
        "MessageSid": message_sid,
        "AccountSid": account,
        "ApiVersion": "2010-04-01",
    }
    if status == "read":
        form["EventType"] = "READ"
    if error_code:
        form |= {"ErrorCode": error_code, "ChannelStatusMessage": f"Channel error {error_code}"}
    return form


def signature(url: str, form: Form | Mapping[str, list[str]], token: str) -> str:
    """Twilio's word that it sends this form to this address."""
    return str(RequestValidator(token).compute_signature(url, form))


def post(target: Flask | str, url: str, form: Form, token: str) -> Answer:
    """Posts a signed form to the public address `url`, as far as it is served by `target`.

    `target` is an app, or the address of a running shop such as "http://127.0.0.1:5000". As Twilio
    does, a fragment (its own settings for retries) is neither signed nor sent.
    """
    url = url.partition("#")[0]
    return post_body(target, url, urlencode(form), {"X-Twilio-Signature": signature(url, form, token)})


def post_body(
    target: Flask | str, url: str, body: str, headers: Mapping[str, str], content_type: str = FORM
) -> Answer:
    """Posts a body as it is."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    if isinstance(target, Flask):
        answer = target.test_client().post(
            path, data=body, headers=dict(headers), content_type=content_type, buffered=True
        )
        return _read(answer.status_code, answer.get_data(as_text=True), answer.content_type or "")
    request = Request(  # noqa: S310 - an address of this machine, given by a test
        target.rstrip("/") + path,
        data=body.encode(),
        headers={**headers, "Content-Type": content_type},
        method="POST",
    )
    try:
        with urlopen(request, timeout=PATIENCE) as response:  # noqa: S310 - as above
            return _from_http(response)
    except HTTPError as exc:
        with exc:
            return Answer(exc.code, exc.read().decode("utf-8", "replace"))


def _from_http(response: HTTPResponse) -> Answer:
    return _read(response.status, response.read().decode(), response.headers.get("Content-Type", ""))


def _read(status: int, body: str, content_type: str) -> Answer:
    said: tuple[Said, ...] = ()
    if status == 200 and "xml" in content_type:
        try:
            root = ET.fromstring(body)  # noqa: S314 - the answer of the shop under test
        except ET.ParseError:
            return Answer(status, body, content_type)
        said = tuple(
            Said(
                "".join(part.text or "" for part in verb.findall("Body")),
                next((part.text for part in verb.findall("Media")), None),
                verb.get("action", ""),
            )
            for verb in root.findall("Message")
        )
    return Answer(status, body, content_type, said)


def our_id(callback: str) -> int:
    """The shop's own id of a message, in the address for its receipts; 0 when there is none."""
    found = parse_qs(urlsplit(callback).query).get("message", [""])[0]
    return int(found) if found.isdecimal() else 0
