"""The HTTP side of the stand-in for Twilio: which request goes to what, and answers in Twilio's form."""

from __future__ import annotations

import base64
import json
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from salesbot.testing import twilio_rules

if TYPE_CHECKING:
    from salesbot.testing.twilio import StandIn, Taken


class Handler(BaseHTTPRequestHandler):
    """One connection to the stand-in."""

    protocol_version = "HTTP/1.1"

    def __init__(self, stand_in: StandIn, *args: object) -> None:
        self._stand_in = stand_in
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """A medium that a customer sent, templates, or the account, for the account alone."""
        path = urlsplit(self.path).path
        if path.startswith("/v1/Content"):
            self._content("GET", "")
            return
        if self._about("GET", ""):
            return
        held = self._stand_in.media.get(path)
        if not self._is_ours():
            return
        if held is None:
            self._answer(404, refused(twilio_rules.Refusal(404, 20404, "Not found")))
        else:
            self._answer(200, *held)

    def do_DELETE(self) -> None:
        """A template that is not needed any more."""
        self._content("DELETE", "")

    def do_POST(self) -> None:
        """A new message, or a new template."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        if urlsplit(self.path).path.startswith("/v1/Content"):
            self._content("POST", body)
            return
        if self._about("POST", body):
            return
        form = parse_qs(body, keep_blank_values=True)
        expected = f"/2010-04-01/Accounts/{self._stand_in.account}/Messages.json"
        if urlsplit(self.path).path != expected:
            self._stand_in.problems.append(f"nothing is at {self.path}")
            self._answer(404, refused(twilio_rules.Refusal(404, 20404, "Not found")))
            return
        wait = self._stand_in.wait
        how, status, body = self._stand_in.taken(form, self.headers.get("Authorization", ""))
        if how == "hang":
            wait()
        if how == "answer":
            self._answer(status, body)
        else:
            self.close_connection = True

    def _content(self, method: str, body: str) -> None:
        if self._is_ours():
            status, answer = self._stand_in.contents.answer(method, self.path, body)
            self._answer(status, "" if answer is None else json.dumps(answer))

    def _about(self, method: str, body: str) -> bool:
        """Whether the request was about the account or its senders; it is answered then."""
        answer = self._stand_in.about.answer(method, self.path, body, self._stand_in.account)
        if answer is not None and self._is_ours():
            self._answer(answer[0], json.dumps(answer[1]))
        return answer is not None

    def _is_ours(self) -> bool:
        """Whether the request comes with the account's key; it is answered when it does not."""
        known = basic(self._stand_in.account, self._stand_in.token)
        if self.headers.get("Authorization", "") == known:
            return True
        self._answer(401, refused(twilio_rules.Refusal(401, 20003, "Authenticate")))
        return False

    def _answer(self, status: int, body: str | bytes, kind: str = "application/json") -> None:
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a test's output is its own."""


def basic(account: str, token: str) -> str:
    return "Basic " + base64.b64encode(f"{account}:{token}".encode()).decode()


def refused(refusal: twilio_rules.Refusal) -> str:
    more = f"https://www.twilio.com/docs/errors/{refusal.code}"
    return json.dumps(
        {"code": refusal.code, "message": refusal.message, "more_info": more, "status": refusal.status}
    )


def created(taken: Taken, stand_in: StandIn) -> str:
    return json.dumps(
        {
            "sid": taken.sid,
            "account_sid": stand_in.account,
            "to": taken.to,
            "from": stand_in.number,
            "body": taken.body,
            "status": "queued",
            "direction": "outbound-api",
            "num_media": "1" if taken.media_url else "0",
            "num_segments": "1",
            "api_version": "2010-04-01",
            "error_code": None,
            "error_message": None,
            "uri": f"/2010-04-01/Accounts/{stand_in.account}/Messages/{taken.sid}.json",
        }
    )
