"""The stand-in's Content API: templates, what fills them, and the limits that WhatsApp sets to both."""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from salesbot.messages import Choice
from salesbot.testing.twilio_rules import Refusal, size

Answer = tuple[int, dict[str, Any] | None]

BUTTONS, LIST, TEXT = "twilio/quick-reply", "twilio/list-picker", "twilio/text"
MOST_BUTTONS, MOST_ROWS, MOST_VARIABLES = 3, 10, 100
LONGEST = {"body": 1024, "title": 20, "id": 200, "item": 24, "description": 72, "button": 20}
_UNSUBMITTED = {"name": "", "category": "", "status": "unsubmitted", "rejection_reason": ""}
_PLACE = re.compile(r"\{\{(\w{1,16})\}\}")
_ONE = re.compile(r"/v1/Content/(HX[0-9a-f]{32})(/ApprovalRequests(?:/whatsapp)?)?")


@dataclass(frozen=True)
class Filled:
    """What a template says with its variables filled in; `problems` is what WhatsApp would refuse."""

    text: str
    kind: str = ""
    choices: tuple[Choice, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass
class Contents:
    """The templates of the account, by sid; `made` counts how many were ever created."""

    account: str
    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    approvals: dict[str, dict[str, Any]] = field(default_factory=dict)
    made: int = 0
    problems: list[str] = field(default_factory=list)
    _next: deque[Refusal | None] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reset(self, account: str) -> None:
        """Forgets everything and behaves again."""
        self.account, self.made = account, 0
        for kept in (self.held, self.approvals, self.problems, self._next):
            kept.clear()

    def refuses(self, status: int, code: int = 0, *, times: int = 1, after: int = 0) -> None:
        """Answers requests for templates, after the next `after`, with an HTTP status from 400 on."""
        self._next.extend([None] * after)
        self._next.extend([Refusal(status, code or status * 100, "refused by the test")] * times)

    def decides(self, status: str, reason: str = "") -> None:
        """WhatsApp has looked at what was submitted: "approved", "rejected", "paused"."""
        for approval in self.approvals.values():
            approval |= {"status": status, "rejection_reason": reason}

    def answer(self, method: str, address: str, body: str) -> Answer:
        """One request."""
        with self._lock:
            refusal = self._next.popleft() if self._next else None
            if refusal is not None:
                return _refused(refusal)
            path = urlsplit(address).path
            if path == "/v1/Content":
                return self._create(body) if method == "POST" else self._all("contents", "Content")
            if path == "/v1/ContentAndApprovals":
                return self._all("contents", "ContentAndApprovals", approvals=True)
            one = _ONE.fullmatch(path)
            if one is None or one[1] not in self.held:
                return _refused(Refusal(404, 20404, f"nothing is at {path}"))
            if one[2]:
                return self._approval(method, one[1], body)
            if method == "DELETE":
                del self.held[one[1]]
                self.approvals.pop(one[1], None)
                return 204, None
            return 200, self.held[one[1]]

    def _create(self, body: str) -> Answer:
        wanted = json.loads(body)
        wrong = wrong_in_template(wanted)
        if wrong:
            self.problems += wrong
            return _refused(Refusal(400, 21658, "; ".join(wrong)))
        sid = "HX" + secrets.token_hex(16)
        self.made += 1
        self.held[sid] = {
            "sid": sid,
            "account_sid": self.account,
            "friendly_name": wanted.get("friendly_name"),
            "language": wanted["language"],
            "variables": wanted.get("variables") or {},
            "types": wanted["types"],
            "url": f"https://content.twilio.com/v1/Content/{sid}",
            "date_created": "2026-11-26T09:00:00Z",
            "date_updated": "2026-11-26T09:00:00Z",
            "links": {},
        }
        return 201, self.held[sid]

    def _all(self, key: str, name: str, *, approvals: bool = False) -> Answer:
        found = [
            {**held, "approval_requests": self.approvals.get(sid, _UNSUBMITTED)} if approvals else held
            for sid, held in self.held.items()
        ]
        address = f"https://content.twilio.com/v1/{name}"
        meta = {"page": 0, "page_size": 50, "url": address, "first_page_url": address, "key": key}
        return 200, {key: found, "meta": {**meta, "next_page_url": None, "previous_page_url": None}}

    def _approval(self, method: str, sid: str, body: str) -> Answer:
        if method == "POST":
            wanted = json.loads(body)
            wrong = wrong_in_approval(wanted, self.held[sid])
            if wrong:
                self.problems += wrong
                return _refused(Refusal(400, 21658, "; ".join(wrong)))
            self.approvals[sid] = {
                "name": wanted["name"],
                "category": wanted["category"],
                "content_type": next(iter(self.held[sid]["types"])),
                "status": "received",
                "rejection_reason": "",
                "allow_category_change": True,
            }
            return 201, self.approvals[sid]
        return 200, {
            "sid": sid,
            "account_sid": self.account,
            "whatsapp": self.approvals.get(sid),
            "url": f"https://content.twilio.com/v1/Content/{sid}/ApprovalRequests",
        }

    def fill(self, sid: str, values: str) -> Filled | Refusal:
        """What a message with this template and these variables (JSON) says."""
        content = self.held.get(sid)
        if content is None:
            return Refusal(400, 21655, f"The ContentSid {sid} is invalid")
        filled = {**content["variables"], **json.loads(values or "{}")}
        kind, parts = next(iter(content["types"].items()))

        said = _put_in(parts, filled)
        rows = said.get("actions") or said.get("items") or []
        choices = tuple(
            Choice(row["id"], row.get("title") or row["item"], row.get("description") or "") for row in rows
        )
        word = {BUTTONS: "buttons", LIST: "list"}.get(kind, "template")
        return Filled(said["body"], word, choices, tuple(wrong_when_filled(kind, said)))


def _put_in(part: Any, values: Mapping[str, str]) -> Any:
    """A template's part with its places filled in."""
    if isinstance(part, str):
        return _PLACE.sub(lambda place: str(values.get(place[1], place[0])), part)
    if isinstance(part, list):
        return [_put_in(one, values) for one in part]
    return {name: _put_in(one, values) for name, one in part.items()}


def wrong_in_template(wanted: Mapping[str, Any]) -> list[str]:
    """What Twilio would not take of a new template."""
    types, values = wanted.get("types") or {}, wanted.get("variables") or {}
    if len(types) != 1 or not set(types) <= {BUTTONS, LIST, TEXT}:
        return [f"a template of the types {sorted(types)}"]
    kind, parts = next(iter(types.items()))
    rows = parts.get("actions") or parts.get("items") or []
    most = {BUTTONS: MOST_BUTTONS, LIST: MOST_ROWS, TEXT: 0}[kind]
    used = set(_PLACE.findall(json.dumps(types)))
    found = []
    if not wanted.get("language"):
        found.append("a template without a language")
    if not parts.get("body") or len(rows) > most or (most and not rows):
        found.append(f"{kind} with {len(rows)} rows")
    if used != set(values) or len(values) > MOST_VARIABLES:
        found.append(f"variables {sorted(values)} for the places {sorted(used)}")
    if not all(isinstance(value, str) and value for value in values.values()):
        found.append("21656: a sample with nothing in it")
    return found


def wrong_in_approval(wanted: Mapping[str, Any], content: Mapping[str, Any]) -> list[str]:
    """What WhatsApp would not take of a template that is to be sent unasked."""
    found = []
    if not re.fullmatch(r"[a-z0-9_]{1,512}", wanted.get("name", "")):
        found.append(f"a template's name has small letters, digits and _ only: {wanted.get('name')!r}")
    if wanted.get("category") not in {"UTILITY", "MARKETING", "AUTHENTICATION"}:
        found.append(f"the category {wanted.get('category')!r}")
    kind, parts = next(iter(content["types"].items()))
    if kind == LIST:
        found.append("a list picker can't be approved")
    body = parts["body"]
    places = _PLACE.findall(body)
    if places != [str(n) for n in range(1, len(places) + 1)]:
        found.append(f"places that are not in order: {places}")
    if re.match(r"\W*\{\{", body) or re.search(r"\}\}\W*$", body):
        found.append("a place at the beginning or the end")
    if re.search(r"\}\}\s*\{\{", body):
        found.append("two places side by side")
    if len(re.findall(r"\w+", _PLACE.sub(" ", body))) < 2 * len(places) + 1:
        found.append("too few words around the places")
    return found


def wrong_when_filled(kind: str, said: Mapping[str, Any]) -> list[str]:
    """What is too long or twice in a filled template, which WhatsApp would not take."""
    rows = said.get("actions") or said.get("items") or []
    found = [
        f"{kind}: {name} has {size(text)} characters"
        for part in (said, *rows)
        for name, text in part.items()
        if isinstance(text, str) and size(text) > LONGEST.get(name, 1600)
    ]
    titles = {str(row.get("title") or row.get("item")).casefold() for row in rows}
    if min(len(titles), len({row["id"] for row in rows})) < len(rows):
        found.append(f"{kind}: two rows are the same")
    return found


def _refused(refusal: Refusal) -> Answer:
    return refusal.status, {
        "code": refusal.code,
        "message": refusal.message,
        "more_info": f"https://www.twilio.com/docs/errors/{refusal.code}",
        "status": refusal.status,
    }
