"""Web Push to a browser of staff, through its maker's push service, which can't read what is in it."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from salesbot.errors import NotSent

TIMEOUT = (5.0, 10.0)
"""Seconds to connect, and until it answers."""
PAUSE = 30.0
"""Seconds until it is tried again when the push service can't be reached or asks for patience."""
LONGEST_PAUSE = 3600.0
GONE = frozenset({404, 410})


class DeviceGone(NotSent):
    """The browser does not take news any more, and its address is worth nothing."""


def send(
    device: dict[str, Any],
    payload: bytes,
    *,
    key: str,
    contact: str,
    lasts: int,
    urgent: bool = False,
    stand_in: str = "",
) -> None:
    """Hands `payload`, encrypted for the device, to its push service; NotSent when it did not take it.

    `device` has "endpoint" and "keys" as a browser gives them, `key` is the shop's private one,
    `contact` whom the service may write to, `lasts` the seconds for which it keeps what a device
    that is off can't take. Sending twice does no harm, so nothing is ever unknown.
    """
    # pywebpush brings an asynchronous client along, which takes a while to load.
    import requests  # noqa: PLC0415
    from py_vapid import Vapid, VapidException  # noqa: PLC0415
    from pywebpush import WebPusher, WebPushException  # noqa: PLC0415

    where = urlsplit(device["endpoint"])
    with requests.Session() as session:
        client = _Client(session, stand_in)
        try:
            signer = Vapid.from_raw(key.encode())
            signer.conf = {"no-strict": True}  # a contact such as olga@shop is as good as any
            headers = signer.sign({"aud": f"{where.scheme}://{where.netloc}", "sub": contact})
            headers["Urgency"] = "high" if urgent else "normal"
            answer = WebPusher(device, requests_session=client).send(
                payload, headers, ttl=lasts, timeout=TIMEOUT
            )
        except requests.RequestException as exc:
            raise NotSent(
                "its push service can't be reached: {cause}", cause=type(exc).__name__, retry_in=PAUSE
            ) from exc
        except (VapidException, WebPushException, ValueError) as exc:
            raise NotSent("it can't be encrypted: {cause}", cause=type(exc).__name__) from exc
    _judge(answer.status_code, answer.headers.get("Retry-After", ""))


class _Client:
    """Posts as `requests` does, but follows nobody elsewhere; to one other address if there is a stand-in."""

    def __init__(self, session: Any, stand_in: str) -> None:
        self._session = session
        self._stand_in = stand_in

    def post(self, url: str, *, headers: Any, **options: Any) -> Any:
        if self._stand_in:
            meant, base = urlsplit(url), urlsplit(self._stand_in)
            url = urlunsplit((base.scheme, base.netloc, base.path + meant.path, meant.query, ""))
            headers = {**headers, "X-Original-Host": meant.netloc}
        return self._session.post(url, headers=dict(headers), allow_redirects=False, **options)


def _judge(status: int, retry_after: str) -> None:
    if 200 <= status < 300:
        return
    if status in GONE:
        raise DeviceGone("its push service does not know it any more", code=str(status))
    patience = _seconds(retry_after) if status == 429 or status >= 500 else None
    raise NotSent("its push service answered {status}", status=status, code=str(status), retry_in=patience)


def _seconds(retry_after: str) -> float:
    try:
        wanted = float(retry_after)
    except ValueError:
        return PAUSE
    return min(max(wanted, 1.0), LONGEST_PAUSE) if math.isfinite(wanted) else PAUSE
