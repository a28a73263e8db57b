"""The stand-in's account and its WhatsApp senders."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from salesbot.testing.twilio_rules import is_address

_SENDER = re.compile(r"/v2/Channels/Senders/(XE[0-9a-f]{32})")


@dataclass
class TwilioAccount:
    """What Twilio says about the account: its `state`, and its senders by sid."""

    state: str = "active"
    senders: dict[str, dict[str, Any]] = field(default_factory=dict)

    def reset(self) -> None:
        """An active account without senders."""
        self.state = "active"
        self.senders.clear()

    def owns(self, number: str, status: str = "ONLINE") -> None:
        """The account has this number as a sender from now on."""
        sid = f"XE{len(self.senders) + 1:032x}"
        self.senders[sid] = {"sid": sid, "sender_id": number, "status": status, "webhook": {}}

    def answer(self, method: str, address: str, body: str, account: str) -> tuple[int, dict[str, Any]] | None:
        """One request; None when it speaks of something else."""
        path = urlsplit(address).path
        if path == f"/2010-04-01/Accounts/{account}.json":
            return 200, {"sid": account, "status": self.state, "type": "Trial"}
        if path == "/v2/Channels/Senders":
            meta = {"page": 0, "page_size": 50, "key": "senders", "next_page_url": None}
            return 200, {"senders": list(self.senders.values()), "meta": meta}
        one = _SENDER.fullmatch(path)
        if one is None or one[1] not in self.senders:
            return None
        if method == "POST":
            webhook = json.loads(body).get("webhook", {})
            if not all(is_address(webhook[name]) for name in webhook if name.endswith("_url")):
                return 400, {"code": 21609, "message": "not an address", "status": 400}
            self.senders[one[1]]["webhook"] |= webhook
        return 200, self.senders[one[1]]
