"""Fetches what customers sent from Twilio, with our key, from nowhere else and no more than is wise."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from salesbot.channels.twilio_api import account
from salesbot.errors import NotSent

LARGEST = 16 * 1024 * 1024
PAUSES = (0.0, 1.0, 3.0)
"""Twilio may answer 404 for a moment after a message has come."""
SHOWN = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
"""What a browser may show; everything else is a download."""


def fetch(url: str, timeout: float = 10.0) -> tuple[bytes, str]:
    """The bytes and the content type of a medium of our own account; NotSent says what is in the way.

    Our key goes to Twilio alone: another address is refused, and a redirect elsewhere loses the key.
    """
    import requests  # noqa: PLC0415 - costs time where nothing is fetched

    of = account()
    meant = urlsplit(url)
    is_twilio = meant.scheme == "https" and meant.netloc == "api.twilio.com"
    if not is_twilio and not (of.stand_in and url.startswith(f"{of.stand_in}/")):
        raise NotSent("this is no address of Twilio's")
    if f"/Accounts/{of.sid}/" not in meant.path or ".." in meant.path:
        raise NotSent("this medium belongs to another account")
    address = f"{of.stand_in}{meant.path}" if of.stand_in else url
    key = (of.sid, of.tokens[0])
    for pause in PAUSES:
        time.sleep(pause)
        try:
            with requests.get(address, auth=key, timeout=timeout, stream=True) as answer:
                if answer.status_code == 404:
                    continue
                answer.raise_for_status()
                body = answer.raw.read(LARGEST + 1, decode_content=True)
                kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        except requests.RequestException as exc:
            raise NotSent("Twilio did not give it: {cause}", cause=type(exc).__name__) from exc
        if len(body) > LARGEST:
            raise NotSent("it is larger than WhatsApp allows")
        return body, kind
    raise NotSent("Twilio does not have it (any more)")
