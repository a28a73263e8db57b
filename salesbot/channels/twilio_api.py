"""Twilio's REST API for this shop's account: which account, a client with a timeout, errors sorted."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from flask import current_app

from salesbot.errors import NotSent, SendUnknown
from salesbot.shop_state import setting

if TYPE_CHECKING:
    import requests
    from twilio.rest import Client

T = TypeVar("T")

TIMEOUT = 10.0
PAUSE = 2.0
BUSY_PAUSE = 10.0
_PAUSES = {20429: BUSY_PAUSE, 63017: BUSY_PAUSE, 63018: 60.0, 63038: 3600.0}
"""Codes of "too much at once" (facts of Twilio's error list) and how many seconds to wait."""


@dataclass(frozen=True)
class Account:
    """The connected account: `tokens` newest first, `stand_in` an address in place of Twilio's."""

    sid: str
    tokens: tuple[str, ...]
    number: str
    stand_in: str

    @property
    def is_complete(self) -> bool:
        """Whether messages can go out with it."""
        return bool(self.sid and self.tokens and self.number)


def account() -> Account:
    """The account as the environment or the back office names it now."""
    return Account(
        setting("TWILIO_ACCOUNT_SID"),
        tuple(setting("TWILIO_AUTH_TOKEN")),
        setting("TWILIO_WHATSAPP_NUMBER"),
        current_app.config["TWILIO_API_URL"],
    )


def ask(of: Account, path: str) -> requests.Response:
    """A bare question to Twilio, for those who look at how it answers; raises requests' errors."""
    import requests  # noqa: PLC0415 - costs time where nothing is asked

    base = of.stand_in or "https://api.twilio.com"
    token = of.tokens[0] if of.tokens else ""
    return requests.get(base + path, auth=(of.sid, token), timeout=TIMEOUT)


def client(of: Account) -> Client:
    """Twilio's client for an account; NotSent when it is not a whole one."""
    if not of.is_complete:
        raise NotSent("no Twilio account is connected", code="not_connected")
    # Threads must not share one: the SDK keeps the last response in the HTTP client for a moment,
    # so that one thread could read the answer to another's message.
    if getattr(_of_thread, "account", None) != of:
        _of_thread.client = _new_client(of)
        _of_thread.account = of
    found: Client = _of_thread.client
    return found


_of_thread = threading.local()


def _new_client(of: Account) -> Client:
    from twilio.rest import Client  # noqa: PLC0415 - costs 0.14 s and 20 MB where nothing is sent

    from salesbot.channels.twilio_http import client_for  # noqa: PLC0415 - as above

    return Client(of.sid, of.tokens[0], http_client=client_for(of.stand_in, TIMEOUT))


def call(work: Callable[[], T]) -> T:
    """Does one request. NotSent: Twilio did not do it; SendUnknown: nobody can tell."""
    import requests  # noqa: PLC0415 - these two cost a quarter of a second at start
    from twilio.base.exceptions import TwilioException, TwilioRestException  # noqa: PLC0415

    try:
        return work()
    except TwilioRestException as exc:
        raise _refused(exc.status, exc.code, exc.msg) from exc
    except (requests.exceptions.ConnectTimeout, requests.exceptions.SSLError) as exc:
        raise NotSent("Twilio can't be reached", code="not_reached", retry_in=PAUSE) from exc
    except requests.exceptions.ConnectionError as exc:
        if _never_connected(exc):
            raise NotSent("Twilio can't be reached", code="not_reached", retry_in=PAUSE) from exc
        raise SendUnknown("the connection to Twilio broke off") from exc
    except requests.exceptions.RequestException as exc:
        raise SendUnknown("no answer from Twilio: {cause}", cause=type(exc).__name__) from exc
    except TwilioException as exc:
        raise _refused_list(exc) or SendUnknown(
            "Twilio's answer can't be read: {cause}", cause=type(exc).__name__
        ) from exc


def _refused(status: int, code: int | None, reason: str) -> NotSent:
    number = code or 0
    pause = _PAUSES.get(number)
    if pause is None and (status == 429 or status >= 500):
        pause = BUSY_PAUSE if status == 429 else PAUSE
    return NotSent(f"Twilio answered {status}: {reason}", code=str(number or status), retry_in=pause)


def _refused_list(exc: BaseException) -> NotSent | None:
    """What the SDK makes of a refusal when it was to fetch a list: a bare error with the answer in it."""
    answer = exc.args[1] if len(exc.args) > 1 else None
    status = getattr(answer, "status_code", 0)
    if status < 400:
        return None
    try:
        said = json.loads(answer.text)  # type: ignore[union-attr]
    except (AttributeError, ValueError):
        said = {}
    return _refused(status, said.get("code"), said.get("message", "no reason given"))


def _never_connected(exc: BaseException) -> bool:
    """Whether the connection was refused or the name not found, so that nothing can have been sent."""
    from urllib3.exceptions import NewConnectionError  # noqa: PLC0415 - comes with requests

    reason = getattr(exc.args[0] if exc.args else None, "reason", None)
    return isinstance(reason, NewConnectionError)
