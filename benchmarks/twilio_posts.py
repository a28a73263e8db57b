"""The posts that Twilio makes, signed beforehand so that making them is not measured."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator
from werkzeug.test import EnvironBuilder, run_wsgi_app

ACCOUNT = f"AC{'a' * 32}"
TOKEN = "benchmark-token"
PUBLIC_URL = "https://shop.example"
PATH = "/webhooks/twilio/message"
SETTINGS = {
    "PUBLIC_URL": PUBLIC_URL,
    "TWILIO_ACCOUNT_SID": ACCOUNT,
    "TWILIO_AUTH_TOKEN": TOKEN,
    "TWILIO_WHATSAPP_NUMBER": "+14155238886",
}

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Post:
    """One signed request: its body and its headers."""

    body: str
    signature: str

    def environ(self) -> dict[str, Any]:
        """What a WSGI server makes of it; each can be used once."""
        return EnvironBuilder(
            PATH,
            method="POST",
            base_url=PUBLIC_URL,
            data=self.body,
            content_type="application/x-www-form-urlencoded",
            headers={"X-Twilio-Signature": self.signature, "User-Agent": "TwilioProxy/1.1"},
        ).get_environ()


def post(text: str, customer: int = 0) -> Post:
    """A text message of one of the customers, with a MessageSid that was never used before."""
    sid = f"SM{next(_numbers):032x}"
    phone = f"49151{customer:08}"
    form = {
        "SmsMessageSid": sid,
        "NumMedia": "0",
        "ProfileName": "Ada",
        "MessageType": "text",
        "SmsSid": sid,
        "WaId": phone,
        "SmsStatus": "received",
        "Body": text,
        "To": f"whatsapp:{SETTINGS['TWILIO_WHATSAPP_NUMBER']}",
        "NumSegments": "1",
        "ReferralNumMedia": "0",
        "MessageSid": sid,
        "AccountSid": ACCOUNT,
        "From": f"whatsapp:+{phone}",
        "ApiVersion": "2010-04-01",
    }
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC_URL + PATH, form)
    return Post(urlencode(form), signature)


def posts(text: str, count: int, customers: int = 1) -> Iterator[Post]:
    """`count` such messages, from `customers` in turn."""
    return (post(text, number % customers) for number in range(count))


def answer(app: Any, environ: dict[str, Any]) -> str:
    """The body that the app answers with; RuntimeError unless it is a 200."""
    chunks, status, _headers = run_wsgi_app(app, environ)
    body = b"".join(chunks).decode()
    if not status.startswith("200"):
        raise RuntimeError(f"answered {status}: {body[:200]}")
    return body
