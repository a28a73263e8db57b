"""A stand-in for Stripe on this machine: takes API calls, shows a page to pay on, reports to a shop.

In a test, use `StandIn` as a context manager. By hand, `python -m salesbot.testing.stripe` runs one
beside a shop and says what to set.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field, fields
from functools import partial
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from flask import Flask

from salesbot.testing import stripe_rules
from salesbot.testing.stripe_rules import Refusal
from salesbot.testing.stripe_things import Account, Thing, sign

KEY = "sk_test_standin"
SECRET = "whsec_standin"  # noqa: S105 - opens nothing but this stand-in
PATH = "/webhooks/payments/stripe"
PATIENCE = 30.0


@dataclass(frozen=True)
class Asked:
    """One request that came in, and how it was answered; `replayed` by what its key had brought."""

    path: str
    key: str
    params: dict[str, Any]
    status: int
    replayed: bool = False


@dataclass
class StandIn:
    """Stripe, as far as the shop sees it.

    What a customer or the bank does stands on `account`: `account.pays(session)`; its events go out
    with `deliver()`. `asked` holds every request, and `problems` those that Stripe does not know.
    """

    key: str = KEY
    secrets: list[str] = field(default_factory=lambda: [SECRET])
    target: Flask | str | None = None
    account: Account = field(default_factory=Account)
    asked: list[Asked] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    port: int = 0
    _answers: dict[tuple[str, str], tuple[str, int, Thing]] = field(default_factory=dict)
    _next: deque[tuple[str, int]] = field(default_factory=deque)
    _delivered: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _released: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), partial(_Handler, self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        self.account.url = self.url
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def reset(self) -> None:
        """Forgets everything and behaves again; whatever still hangs is let go."""
        self._released.set()
        new = type(self)(port=self.port)
        with self._lock:
            for each in fields(self):
                if each.name != "_lock":
                    setattr(self, each.name, getattr(new, each.name))
            self.account.url = self.url

    @property
    def url(self) -> str:
        """For `STRIPE_API_URL`."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def newest(self) -> str:
        """The id of the session that was made last."""
        return next(reversed(self.account.sessions))

    # How it answers the next requests; all of these may be called several times, in order.

    def refuses(self, status: int, *, times: int = 1) -> None:
        """Answers with this HTTP status, such as 429 or 500, and does nothing."""
        self._next.extend([("refuse", status)] * times)

    def hangs(self, *, times: int = 1) -> None:
        """Does what was asked and never answers."""
        self._next.extend([("hang", 0)] * times)

    def hangs_up(self, *, times: int = 1) -> None:
        """Does what was asked and closes the connection."""
        self._next.extend([("hang up", 0)] * times)

    # What it sends to the shop.

    def deliver(self) -> list[int]:
        """Sends all events that were not sent yet, in order; how each was answered."""
        with self._lock:
            waiting, self._delivered = self.account.events[self._delivered :], len(self.account.events)
        return [self.send(event) for event in waiting]

    def send(self, event: Thing | bytes, *, secret: str = "", at: float | None = None) -> int:
        """Sends one event (again), signed now or `at` another time; the status of the answer.

        While a secret is replaced, each event is signed with both. Bytes are sent as they are.
        """
        body = event if isinstance(event, bytes) else json.dumps(event, indent=2).encode()
        header = sign(body, [secret] if secret else self.secrets, at)
        return self.post(body, {"Stripe-Signature": header})

    def post(self, body: bytes, headers: dict[str, str]) -> int:
        """Posts any body to where the shop takes Stripe's events; the status of the answer."""
        headers = {"Content-Type": "application/json; charset=utf-8", **headers}
        if self.target is None:
            raise AssertionError("no shop to send to: set target")
        if isinstance(self.target, Flask):
            return self.target.test_client().post(PATH, data=body, headers=headers).status_code
        request = Request(  # noqa: S310 - an address of this machine, given by a test
            self.target.rstrip("/") + PATH, data=body, headers=headers, method="POST"
        )
        try:
            with urlopen(request, timeout=PATIENCE) as response:  # noqa: S310 - as above
                return int(response.status)
        except HTTPError as exc:
            exc.close()
            return exc.code

    # What it does with a request.

    def answer(self, method: str, path: str, body: str, headers: Any) -> tuple[str, int, Thing, bool]:
        """How to answer an API call: a word, the status, the JSON, and whether it is a replay."""
        params = stripe_rules.form(body)
        key = headers.get("Idempotency-Key", "")
        with self._lock:
            how, status = self._next.popleft() if self._next else ("answer", 0)
            if how == "refuse":
                refusal = Refusal(status, "refused by the test", "api_error")
                done = (status, refusal.body, False)
            elif headers.get("Authorization") != f"Bearer {self.key}":
                done = (401, Refusal(401, "Invalid API Key provided").body, False)
            else:
                done = self._once(method, path, params, key)
            self.asked.append(Asked(path, key, params, done[0], replayed=done[2]))
        return ("answer" if how == "refuse" else how), *done

    def _once(self, method: str, path: str, params: Thing, key: str) -> tuple[int, Thing, bool]:
        """Does it, or says again what the same key brought; parameters that are refused leave no trace."""
        print_ = hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()
        known = self._answers.get((path, key)) if method == "POST" and key else None
        if known is not None and known[0] != print_:
            words = f"Keys for idempotent requests can only be used with the same parameters ({key})"
            return 400, Refusal(400, words, "idempotency_error").body, False
        if known is not None:
            return known[1], known[2], True
        result = self._do(method, path.strip("/").split("/")[1:], params)
        if isinstance(result, Refusal):
            if result.code == "parameter_unknown":
                self.problems.append(f"{path}: {result.message}")
            return result.status, result.body, False
        if key:
            self._answers[path, key] = (print_, 200, result)
        return 200, result, False

    def _do(self, method: str, path: list[str], params: Thing) -> Thing | Refusal:
        match method, path:
            case "POST", ["checkout", "sessions"]:
                return self.account.new_session(params)
            case "POST", ["refunds"]:
                return self.account.new_refund(params)
            case "GET", ["checkout", "sessions", id] if id in self.account.sessions:
                return self.account.sessions[id]
            case "GET", ["payment_intents", id] if id in self.account.intents:
                return self.account.intents[id]
            case "GET", ["refunds", id] if id in self.account.refunds:
                return self.account.refunds[id]
        problem = Refusal(404, f"Unrecognized request URL ({method}: /v1/{'/'.join(path)})")
        self.problems.append(problem.message)
        return problem

    def wait(self) -> None:
        """What a request that is never answered waits for: the end of the test."""
        self._released.wait(60)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, stand_in: StandIn, *args: object) -> None:
        self._stand_in = stand_in
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """The page to pay on, or something that the API knows."""
        session = self._session()
        if session is None:
            self._api("GET", "")
        elif session["status"] != "open":
            self._page(f"<h1>This page has ended</h1><p><a href='{escape(session['success_url'])}'>Back</a>")
        else:
            amount = f"{session['amount_total']} {session['currency'].upper()} (smallest units)"
            self._page(
                f"<h1>Stand-in for Stripe</h1><p>{amount}</p><form method=post><button>Pay</button></form>"
                f"<p><a href='{escape(session['cancel_url'])}'>Back</a>"
            )

    def do_POST(self) -> None:
        """The button on that page, or an API call."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        session = self._session()
        if session is None:
            self._api("POST", body)
            return
        if session["status"] == "open":
            self._stand_in.account.pays(session["id"])
            self._stand_in.deliver()
        self.send_response(303)
        self.send_header("Location", session["success_url"])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _session(self) -> Thing | None:
        path = urlsplit(self.path).path
        if not path.startswith("/c/pay/"):
            return None
        return self._stand_in.account.sessions.get(path.removeprefix("/c/pay/"))

    def _api(self, method: str, body: str) -> None:
        how, status, thing, replayed = self._stand_in.answer(
            method, urlsplit(self.path).path, body, self.headers
        )
        if how == "hang":
            self._stand_in.wait()
        if how != "answer":
            self.close_connection = True
            return
        headers = {"Idempotent-Replayed": "true"} if replayed else {}
        self._write(status, json.dumps(thing).encode(), "application/json", headers)

    def _page(self, html: str) -> None:
        self._write(200, f"<!doctype html><title>Pay</title>{html}".encode(), "text/html; charset=utf-8")

    def _write(self, status: int, data: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(data)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a test's output is its own."""


def main() -> None:
    """Runs a stand-in beside a shop until somebody presses Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m salesbot.testing.stripe", description=main.__doc__)
    parser.add_argument("--shop", default="http://127.0.0.1:5000", help="the shop's address")
    parser.add_argument("--port", type=int, default=12111, help="the stand-in's own port")
    chosen = parser.parse_args()
    with StandIn(target=chosen.shop, port=chosen.port) as stand_in:
        print("Start the shop with:")  # noqa: T201 - it talks to whoever typed the command
        for name, value in (
            ("STRIPE_API_URL", stand_in.url),
            ("STRIPE_SECRET_KEY", stand_in.key),
            ("STRIPE_WEBHOOK_SECRET", stand_in.secrets[0]),
        ):
            print(f"  export {name}={value}")  # noqa: T201 - as above
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
