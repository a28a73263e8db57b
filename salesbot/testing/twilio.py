"""A stand-in for Twilio on this machine: takes messages by REST, sends webhooks, can misbehave."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from http.server import ThreadingHTTPServer
from typing import Self

from flask import Flask

from salesbot.channels import Incoming
from salesbot.messages import Choice, Media
from salesbot.testing import twilio_rules, twilio_webhooks
from salesbot.testing.received import Received
from salesbot.testing.twilio_account import TwilioAccount
from salesbot.testing.twilio_contents import Contents, Filled
from salesbot.testing.twilio_server import Handler, basic, created, refused
from salesbot.testing.twilio_webhooks import Answer, sid

ACCOUNT = "AC" + "5a1e" * 8
TOKEN = "0123456789abcdef" * 2
NUMBER = "whatsapp:+14155238886"
PUBLIC_URL = "https://shop.example"


@dataclass(frozen=True)
class Taken:
    """A message that was taken on; `outcome` is what its receipts will say in the end.

    `kind` is "buttons", "list" or "template" when it was one, with the `choices` to tap.
    """

    sid: str
    to: str
    body: str
    media_url: str | None
    status_callback: str
    outcome: str = "delivered"
    error_code: str = ""
    kind: str = ""
    choices: tuple[Choice, ...] = ()

    @property
    def id(self) -> int:
        """The shop's own id of it."""
        return twilio_webhooks.our_id(self.status_callback)


@dataclass(frozen=True)
class Misbehaviour:
    """How the next request is answered: a refusal, or one of the words below."""

    kind: str
    refusal: twilio_rules.Refusal | None = None
    error_code: str = ""


@dataclass
class StandIn:
    """Twilio, as far as the shop sees it. Use it as a context manager; tests have the fixture `twilio`.

    `messages` are those taken on, `requests` counts every try, `contents` are the templates,
    `about` what it says of the account, and `problems` says in words what the real one would have
    refused or passed over.
    """

    account: str = ACCOUNT
    token: str = TOKEN
    number: str = NUMBER
    public_url: str = PUBLIC_URL
    target: Flask | str | None = None
    messages: list[Taken] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    requests: int = 0
    media: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    contents: Contents = field(default_factory=lambda: Contents(ACCOUNT))
    about: TwilioAccount = field(default_factory=TwilioAccount)
    _next: deque[Misbehaviour] = field(default_factory=deque)
    _told: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _released: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """For `TWILIO_API_URL`."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def holds(self, content: bytes, content_type: str) -> Media:
        """Keeps a picture or file that a customer is about to send; gives it as a message holds it."""
        path = f"/2010-04-01/Accounts/{self.account}/Messages/{sid('MM')}/Media/{sid('ME')}"
        self.media[path] = (content, content_type)
        return Media(f"https://api.twilio.com{path}", content_type)

    def reset(self) -> None:
        """Forgets everything and behaves again."""
        self._released.set()
        with self._lock:
            self._released = threading.Event()
            self.target = None
            self.account, self.token, self.number = ACCOUNT, TOKEN, NUMBER
            self.public_url = PUBLIC_URL
            self.requests = 0
            for kept in (self.messages, self.problems, self.media, self._next, self._told):
                kept.clear()
            self.contents.reset(ACCOUNT)
            self.about.reset()

    def connect(self, app: Flask) -> None:
        """Sends webhooks to this app from now on, as its own account does."""
        config = app.config
        self.target = app
        self.public_url = config["PUBLIC_URL"] or "http://localhost"
        self.account = self.contents.account = config["TWILIO_ACCOUNT_SID"] or ACCOUNT
        self.token = (config["TWILIO_AUTH_TOKEN"] or [TOKEN])[0]
        self.number = config["TWILIO_WHATSAPP_NUMBER"] or NUMBER

    # How it answers the next requests; all of these may be called several times, in order.

    def refuses(self, status: int, code: int = 0, *, times: int = 1) -> None:
        """Answers with an HTTP status from 400 on, and an error code of Twilio's."""
        refusal = twilio_rules.Refusal(status, code or status * 100, "refused by the test")
        self._next.extend([Misbehaviour("refuse", refusal)] * times)

    def hangs(self, *, times: int = 1) -> None:
        """Takes the message on and never answers."""
        self._next.extend([Misbehaviour("hang")] * times)

    def hangs_up(self, *, times: int = 1) -> None:
        """Takes the message on and closes the connection."""
        self._next.extend([Misbehaviour("hang up")] * times)

    def garbles(self, *, times: int = 1) -> None:
        """Takes the message on and answers 201 with something that is no JSON."""
        self._next.extend([Misbehaviour("garble")] * times)

    def fails_later(self, error_code: int, *, times: int = 1) -> None:
        """Takes the message on; its receipt then says that it failed, as with 63016."""
        self._next.extend([Misbehaviour("fail later", error_code=str(error_code))] * times)

    # What it sends to the shop.

    def writes(self, text: str = "", *, sender: str = "whatsapp:+15550001111", **form: str) -> Answer:
        """A customer's message, signed; `form` adds parameters or changes them."""
        incoming = Incoming("twilio", sender, sid(), text=text)
        return self.posts({**twilio_webhooks.message_form(incoming, self.account, self.number), **form})

    def writes_as(self, incoming: Incoming) -> list[Received]:
        """The same for a message as our side holds it; what its answer brings to the customer."""
        form = twilio_webhooks.message_form(incoming, self.account, self.number)
        row = self._row_of_a_list(incoming)
        if row is not None:
            form = {name: value for name, value in form.items() if not name.startswith("Button")}
            form |= {"ListId": row.id, "ListTitle": row.title, "Body": row.title}
        fresh = sid("MM" if incoming.media else "SM")
        answer = self.posts({**form, "MessageSid": fresh, "SmsSid": fresh, "SmsMessageSid": fresh})
        assert answer.status == 200, f"the webhook answered {answer.status}: {answer.body}"
        return [
            Received(said.text, (), said.media_url, twilio_webhooks.our_id(said.action))
            for said in answer.messages
        ]

    def posts(self, form: twilio_webhooks.Form, *, query: str = "") -> Answer:
        """A message's form as it is, signed; what the real one would not take of the answer is noted."""
        url = f"{self.public_url}/webhooks/twilio/message{query}"
        answer = twilio_webhooks.post(self._target(), url, form, self.token)
        self.problems += twilio_rules.wrong_in_answer(answer.status, answer.content_type, answer.body)
        return answer

    def reports(self, callback: str, message_sid: str, status: str, error_code: str = "") -> Answer:
        """A signed receipt for the message whose receipts go to `callback`."""
        form = twilio_webhooks.status_form(message_sid, status, self.account, error_code)
        return twilio_webhooks.post(self._target(), callback, form, self.token)

    def catch_up(self) -> list[Answer]:
        """Sends the receipts of all messages that were taken on and not reported yet."""
        answers = []
        for taken in [taken for taken in self.messages if taken.sid not in self._told]:
            self._told.add(taken.sid)
            steps = ["sent", taken.outcome] if taken.outcome == "delivered" else [taken.outcome]
            answers += [
                self.reports(taken.status_callback, taken.sid, step, taken.error_code) for step in steps
            ]
        return answers

    def messages_to(self, address: str) -> list[Received]:
        """What was taken on for one customer, in order."""
        return [
            Received(taken.body, taken.choices, taken.media_url, taken.id)
            for taken in self.messages
            if taken.to == address and taken.outcome == "delivered"
        ]

    def _row_of_a_list(self, incoming: Incoming) -> Choice | None:
        """The line of a list of theirs that a customer tapped, if it was one."""
        lists = [taken for taken in self.messages if taken.to == incoming.address and taken.kind == "list"]
        rows = [row for taken in reversed(lists) for row in taken.choices]
        return next((row for row in rows if row.id == incoming.tapped), None)

    def _target(self) -> Flask | str:
        if self.target is None:
            raise AssertionError("no shop to send to: ask for the fixture app, or set twilio.target")
        return self.target

    # What it does with a request.

    def taken(self, form: dict[str, list[str]], authorization: str) -> tuple[str, int, str]:
        """Decides about one request: how to answer (a word), the status, and the body."""
        with self._lock:
            self.requests += 1
            odd = self._next.popleft() if self._next else Misbehaviour("take")
            if odd.refusal is not None:
                return "answer", odd.refusal.status, refused(odd.refusal)
            if authorization != basic(self.account, self.token):
                self.problems.append("20003: the account and its token do not fit")
                return "answer", 401, refused(twilio_rules.Refusal(401, 20003, "Authenticate"))
            refusal = twilio_rules.refusal(form, self.number)
            if refusal is not None:
                self.problems.append(f"{refusal.code}: {refusal.message}")
                return "answer", refusal.status, refused(refusal)
            filled = self._filled(form)
            if isinstance(filled, twilio_rules.Refusal):
                return "answer", filled.status, refused(filled)
            self.problems += [*twilio_rules.passed_over(form), *filled.problems]
            taken = self._take(form, odd, filled)
        if odd.kind == "garble":
            return "answer", 201, "<html>It works!</html>"
        return (odd.kind if odd.kind in {"hang", "hang up"} else "answer"), 201, created(taken, self)

    def _filled(self, form: dict[str, list[str]]) -> Filled | twilio_rules.Refusal:
        if "ContentSid" not in form:
            return Filled(form.get("Body", [""])[0])
        return self.contents.fill(form["ContentSid"][0], form.get("ContentVariables", [""])[0])

    def _take(self, form: dict[str, list[str]], odd: Misbehaviour, filled: Filled) -> Taken:
        taken = Taken(
            sid("MM" if "MediaUrl" in form else "SM"),
            form["To"][0],
            filled.text,
            form["MediaUrl"][0] if "MediaUrl" in form else None,
            form.get("StatusCallback", [""])[0],
            "failed" if odd.error_code else "delivered",
            odd.error_code,
            filled.kind,
            filled.choices,
        )
        self.messages.append(taken)
        return taken

    @property
    def wait(self) -> Callable[[], object]:
        """What a request that is never answered waits for: the end of the test."""
        return partial(self._released.wait, 60)
