"""The HTTP client under Twilio's SDK: with a timeout always, and able to talk to a stand-in."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response


class StandInHttpClient(TwilioHttpClient):
    """Sends what the SDK means for Twilio's hosts to one other address."""

    def __init__(self, base_url: str, **options: Any) -> None:
        super().__init__(**options)
        self._base = urlsplit(base_url)

    def request(
        self,
        method: str,
        url: str,
        *args: Any,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> Response:
        """As the SDK's own, elsewhere; `X-Original-Host` keeps the host that was meant."""
        meant = urlsplit(url)
        elsewhere = urlunsplit(
            (self._base.scheme, self._base.netloc, self._base.path + meant.path, meant.query, "")
        )
        named = {**(headers or {}), "X-Original-Host": meant.netloc}
        if len(args) > 2:
            raise TypeError("headers are passed by name")
        return super().request(method, elsewhere, *args, headers=named, **options)


def client_for(stand_in: str, timeout: float) -> TwilioHttpClient:
    """A client whose requests end after `timeout` seconds."""
    if stand_in:
        return StandInHttpClient(stand_in, timeout=timeout)
    return TwilioHttpClient(timeout=timeout)
