"""What people type for settings, as values: each reader raises ValueError with a remedy."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError

from salesbot.errors import Mistyped
from salesbot.locales import code_of
from salesbot.money import is_currency

KEEP_CHOICES = (0, 3, 6, 12, 24)
"""Months; the least is more than any figure of the back office looks back."""


def text(value: str) -> str:
    return value.strip()


def switch(value: str) -> bool:
    word = value.strip().casefold()
    if word in {"1", "true", "yes", "on"}:
        return True
    if word in {"", "0", "false", "no", "off"}:
        return False
    raise Mistyped("use 1 or 0")


def count(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", value.strip()):
        raise Mistyped("use a whole number, 0 or more")
    return int(value)


def words(value: str) -> list[str]:
    return [word for word in re.split(r"[,\s]+", value.strip()) if word]


def address(value: str) -> str:
    value = value.strip().rstrip("/")
    if value and not _leads_somewhere(value, "http", "https"):
        raise Mistyped("use an address like https://shop.example.com")
    return value


def languages(value: str) -> list[str]:
    codes = []
    for word in words(value):
        code = code_of(word)
        try:
            Locale.parse(code)
        except (ValueError, UnknownLocaleError) as exc:
            raise Mistyped("{word} is no language; use codes like en or pt_BR", word=word) from exc
        codes.append(code)
    if not codes:
        raise Mistyped("name at least one language, like en")
    return codes


def database(value: str) -> str:
    value = value.strip()
    for old in ("postgres://", "postgresql://"):
        if value.startswith(old):
            value = "postgresql+psycopg://" + value.removeprefix(old)
    if value and not value.startswith(("sqlite://", "postgresql+psycopg://")):
        raise Mistyped("use an address like postgresql://user:password@host/shop or sqlite:////data/shop.db")
    return value


def sid(value: str) -> str:
    value = value.strip()
    if value and not re.fullmatch(r"AC[0-9a-fA-F]{32}", value):
        raise Mistyped("an account SID is AC and 32 hexadecimal digits")
    return value


def number(value: str) -> str:
    value = value.strip()
    if value and not value.startswith("whatsapp:"):
        value = f"whatsapp:{value}"
    if value and not re.fullmatch(r"whatsapp:\+\d{6,15}", value):
        raise Mistyped("use the full number with its country code, like +14155238886")
    return value


def stripe_key(value: str) -> str:
    value = value.strip()
    if value.startswith(("pk_", "whsec_")):
        raise Mistyped("use the account's secret key, which begins with sk_ or rk_")
    return value


def stripe_webhook_secret(value: str) -> str:
    value = value.strip()
    if value.startswith(("sk_", "rk_", "pk_", "we_")):
        raise Mistyped("use the webhook's signing secret, which begins with whsec_")
    return value


def mail_server(value: str) -> str:
    value = value.strip()
    if value and not _leads_somewhere(value, "smtp", "smtps"):
        raise Mistyped("use an address like smtp://user:password@mail.example.com:587")
    return value


def currency(value: str) -> str:
    value = value.strip().upper()
    if not is_currency(value):
        raise Mistyped("use a currency's three letters, like USD")
    return value


def days(value: str) -> list[str]:
    try:
        return [date.fromisoformat(word).isoformat() for word in words(value)]
    except ValueError as exc:
        raise Mistyped("write days like 2026-12-25") from exc


def months(value: str) -> int:
    number = count(value)
    if number not in KEEP_CHOICES:
        raise Mistyped("use 0, 3, 6, 12 or 24")
    return number


def zone(value: str) -> str:
    try:
        return ZoneInfo(value.strip()).key
    except (ValueError, OSError, ZoneInfoNotFoundError) as exc:
        raise Mistyped("use a time zone like America/Mexico_City") from exc


def _leads_somewhere(value: str, *schemes: str) -> bool:
    """Whether an address names a machine that these schemes can reach; a port may be typed wrongly too."""
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.hostname) and port != 0
