"""Every setting: its name, what it means, and how defaults, file, environment and caller combine."""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError

from salesbot import week
from salesbot.errors import ConfigError, Mistyped
from salesbot.money import is_currency
from salesbot.vault import new_key

PREFIX = "SALESBOT_"
WHATSAPP = "whatsapp"
DEMO_SIGN_IN = "demo-sign-in.txt"
"""The file of the instance folder that tells how a demo shop's owner signs in."""


def _text(value: str) -> str:
    return value.strip()


def _switch(value: str) -> bool:
    word = value.strip().casefold()
    if word in {"1", "true", "yes", "on"}:
        return True
    if word in {"", "0", "false", "no", "off"}:
        return False
    raise Mistyped("use 1 or 0")


def _count(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", value.strip()):
        raise Mistyped("use a whole number, 0 or more")
    return int(value)


def _words(value: str) -> list[str]:
    return [word for word in re.split(r"[,\s]+", value.strip()) if word]


def _address(value: str) -> str:
    value = value.strip().rstrip("/")
    parts = urlsplit(value)
    if value and (parts.scheme not in {"http", "https"} or not parts.netloc):
        raise Mistyped("use an address like https://shop.example.com")
    return value


def _languages(value: str) -> list[str]:
    words = []
    for word in _words(value):
        language, _underscore, place = word.replace("-", "_").partition("_")
        code = f"{language.lower()}_{place.upper() if len(place) == 2 else place}".rstrip("_")
        try:
            Locale.parse(code)
        except (ValueError, UnknownLocaleError) as exc:
            raise Mistyped("{word} is no language; use codes like en or pt_BR", word=word) from exc
        words.append(code)
    if not words:
        raise Mistyped("name at least one language, like en")
    return words


def _database(value: str) -> str:
    value = value.strip()
    for old in ("postgres://", "postgresql://"):
        if value.startswith(old):
            value = "postgresql+psycopg://" + value.removeprefix(old)
    if value and not value.startswith(("sqlite://", "postgresql+psycopg://")):
        raise Mistyped("use an address like postgresql://user:password@host/shop or sqlite:////data/shop.db")
    return value


def _sid(value: str) -> str:
    value = value.strip()
    if value and not re.fullmatch(r"AC[0-9a-fA-F]{32}", value):
        raise Mistyped("an account SID is AC and 32 hexadecimal digits")
    return value


def _number(value: str) -> str:
    value = value.strip()
    if value and not value.startswith("whatsapp:"):
        value = f"whatsapp:{value}"
    if value and not re.fullmatch(r"whatsapp:\+\d{6,15}", value):
        raise Mistyped("use the full number with its country code, like +14155238886")
    return value


def _stripe_key(value: str) -> str:
    value = value.strip()
    if value.startswith(("pk_", "whsec_")):
        raise Mistyped("use the account's secret key, which begins with sk_ or rk_")
    return value


def _stripe_webhook_secret(value: str) -> str:
    value = value.strip()
    if value.startswith(("sk_", "rk_", "pk_", "we_")):
        raise Mistyped("use the webhook's signing secret, which begins with whsec_")
    return value


def _mail_server(value: str) -> str:
    value = value.strip()
    parts = urlsplit(value)
    if value and (parts.scheme not in {"smtp", "smtps"} or not parts.hostname):
        raise Mistyped("use an address like smtp://user:password@mail.example.com:587")
    return value


def _currency(value: str) -> str:
    value = value.strip().upper()
    if not is_currency(value):
        raise Mistyped("use a currency's three letters, like USD")
    return value


def _days(value: str) -> list[str]:
    try:
        return [date.fromisoformat(word).isoformat() for word in _words(value)]
    except ValueError as exc:
        raise Mistyped("write days like 2026-12-25") from exc


KEEP_CHOICES = (0, 3, 6, 12, 24)
"""Months; the least is more than any figure of the back office looks back."""


def _months(value: str) -> int:
    months = _count(value)
    if months not in KEEP_CHOICES:
        raise Mistyped("use 0, 3, 6, 12 or 24")
    return months


def _zone(value: str) -> str:
    try:
        return ZoneInfo(value.strip()).key
    except (ValueError, OSError, ZoneInfoNotFoundError) as exc:
        raise Mistyped("use a time zone like America/Mexico_City") from exc


@dataclass(frozen=True)
class Option:
    """One setting. `read` turns typed text into its value and raises ValueError with a remedy."""

    name: str
    meaning: str
    default: Any = ""
    read: Callable[[str], Any] = _text
    customary: bool = False
    secret: bool = False
    in_back_office: bool = False
    page: str = "settings"  # of the back office, where it is typed


OPTIONS: tuple[Option, ...] = (
    Option(
        "DATABASE_URL",
        "the database; empty: SQLite in the instance folder",
        "",
        _database,
        True,
        True,
    ),
    Option(
        "SESSION_SECRET",
        "signs staff sessions; empty: made once into the instance folder",
        "",
        _text,
        True,
        True,
    ),
    Option(
        "KEYRING",
        "encrypts licence keys and signs links; several keys, newest first",
        [],
        _words,
        False,
        True,
    ),
    Option(
        "PUBLIC_URL",
        "the address that the world sees",
        "",
        _address,
        True,
        in_back_office=True,
        page=WHATSAPP,
    ),
    Option("TWILIO_ACCOUNT_SID", "the Twilio account", "", _sid, True, in_back_office=True, page=WHATSAPP),
    Option(
        "TWILIO_AUTH_TOKEN",
        "signs what Twilio sends; two, with a comma, while one is rotated",
        [],
        _words,
        True,
        True,
        in_back_office=True,
        page=WHATSAPP,
    ),
    Option(
        "TWILIO_WHATSAPP_NUMBER",
        "the shop's number on WhatsApp",
        "",
        _number,
        True,
        in_back_office=True,
        page=WHATSAPP,
    ),
    Option(
        "SANDBOX_WORDS",
        "what phones send to join Twilio's sandbox, like join calm-river",
        in_back_office=True,
        page=WHATSAPP,
    ),
    Option("TWILIO_API_URL", "a stand-in for Twilio's API", "", _address, True),
    Option(
        "STRIPE_SECRET_KEY",
        "opens the Stripe account that takes card payments",
        "",
        _stripe_key,
        True,
        True,
    ),
    Option(
        "STRIPE_WEBHOOK_SECRET",
        "signs what Stripe sends; two, with a comma, while one is rotated",
        "",
        _stripe_webhook_secret,
        True,
        True,
    ),
    Option("STRIPE_API_URL", "a stand-in for Stripe's API", "", _address, True),
    Option(
        "SMTP_URL",
        "the server that sends e-mail to staff, like smtp://user:password@host:587 or smtps://…",
        "",
        _mail_server,
        secret=True,
    ),
    Option("MAIL_FROM", "the address that e-mail to staff comes from; empty: their own"),
    Option("PUSH_URL", "a stand-in for the push services of browsers", "", _address),
    Option("DISABLED_PLUGINS", "plugins to leave out, by name", [], _words),
    Option("SAFE_MODE", "1: only the built-in plugins", False, _switch),
    Option(
        "BUTTONS",
        "1: choices go out as WhatsApp's buttons and lists; 0: as numbered lines",
        False,
        _switch,
        in_back_office=True,
        page=WHATSAPP,
    ),
    Option("PORT", "the port of `salesbot serve`", 5000, _count),
    Option("TRUSTED_PROXIES", "how many reverse proxies stand in front", 0, _count),
    Option("LOG_LEVEL", "DEBUG, INFO, WARNING or ERROR", "INFO", lambda value: value.strip().upper()),
    Option("LOG_FORMAT", "text or json", "text"),
    Option("IDLE_MINUTES", "staff are signed out after this long without a click", 120, _count),
    Option("SIGN_IN_LIMIT", "sign-in attempts allowed from one address", "10 per minute"),
    Option("UPLOAD_MEGABYTES", "the largest file that staff may upload", 200, _count),
    Option(
        "LIMITER_STORAGE",
        "where limits are counted; a redis:// address for several machines",
        "memory://",
    ),
    Option("SHOP_NAME", "the shop's name as customers read it", "Our shop", in_back_office=True),
    Option(
        "SHOP_ADDRESS",
        "the shop's address as it stands on receipts, with a tax number where the law wants one",
        "",
        in_back_office=True,
    ),
    Option("CURRENCY", "the currency of all prices", "USD", _currency, in_back_office=True),
    Option(
        "LANGUAGES",
        "languages of the shop, the first one is the usual one",
        ["en"],
        _languages,
        in_back_office=True,
    ),
    Option(
        "ORDER_MINUTES",
        "how long an unpaid order holds its goods, in minutes",
        60,
        _count,
        in_back_office=True,
    ),
    Option(
        "REMIND_MINUTES",
        "remind of an unpaid order this many minutes before it ends; 0: never",
        15,
        _count,
        in_back_office=True,
    ),
    Option(
        "NUDGE_MINUTES",
        "ask once, after so many minutes of silence, whether somebody who looked at a product wants to go "
        "on; 0: never",
        120,
        _count,
        in_back_office=True,
    ),
    Option(
        "QUIET_MINUTES",
        "a chat that a person answers goes back to the bot after this many minutes without a word; 0: never",
        120,
        _count,
        in_back_office=True,
    ),
    Option("DOWNLOADS", "how often a bought file may be downloaded", 5, _count, in_back_office=True),
    Option("DOWNLOAD_DAYS", "how many days a download link works", 30, _count, in_back_office=True),
    Option(
        "DOCUMENTS_IN_CHAT",
        "1: a bought file goes into the chat itself where WhatsApp takes it, which is one more message; "
        "0: as a link only",
        False,
        _switch,
        in_back_office=True,
    ),
    Option(
        "HOURS",
        "when people answer, such as: mon 9:00-18:00; tue 9:00-13:00, 15:00-18:00; empty: not said",
        {},
        week.read,
        in_back_office=True,
        page="words",
    ),
    Option(
        "DAYS_OFF",
        "days on which nobody answers, such as 2026-12-25",
        [],
        _days,
        in_back_office=True,
        page="words",
    ),
    Option(
        "SELL_OUTSIDE_HOURS",
        "1: the bot sells at any time; 0: only in these hours",
        True,
        _switch,
        in_back_office=True,
        page="words",
    ),
    Option("TIMEZONE", "the time zone of these hours", "UTC", _zone, in_back_office=True, page="words"),
    Option(
        "KEEP_MONTHS",
        "chats, their files and notes are deleted after this many months, 3, 6, 12 or 24; 0: never",
        0,
        _months,
        in_back_office=True,
    ),
    Option(
        "LOW_STOCK",
        "say so when a product has this many keys left or fewer",
        3,
        _count,
        in_back_office=True,
    ),
)

BY_NAME: Mapping[str, Option] = {option.name: option for option in OPTIONS}


def from_environment(option: Option) -> Any | None:
    """The option's value in the environment, or None; ConfigError when it cannot be used."""
    names = [option.name] if option.customary else []
    for name in [*names, PREFIX + option.name]:
        if name in os.environ:
            return _read(option, os.environ[name], name)
    return None


def _read(option: Option, text: str, name: str) -> Any:
    try:
        return option.read(text)
    except ValueError as exc:
        shown = "" if option.secret else f" (it is {text!r})"
        raise ConfigError(f"{name} can't be used{shown}: {exc}") from exc


def read(instance: Path, overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """All settings: defaults, then `config.py` of the instance folder, environment, `overrides`.

    The key `FIXED` names those that the environment or `overrides` decided: the back office shows
    them and cannot change them. `PLUGIN_SETTINGS` holds the environment's other `SALESBOT_` words.
    Names in `overrides` that are no setting (Flask's own, a plugin's)
    are passed through. `KEYRING_FILE` is the file that the keyring stands in, None when it is set.
    """
    values: dict[str, Any] = {option.name: option.default for option in OPTIONS}
    values.update(instance_file(instance / "config.py"))
    fixed: set[str] = set()
    for option in OPTIONS:
        found = from_environment(option)
        if found is not None:
            values[option.name] = found
            fixed.add(option.name)
    for name, value in (overrides or {}).items():
        option_or_none = BY_NAME.get(name)
        is_text = isinstance(value, str) and option_or_none is not None
        values[name] = _read(option_or_none, value, name) if is_text and option_or_none else value
        fixed.add(name)
    values["FIXED"] = frozenset(fixed)
    values["PLUGIN_SETTINGS"] = {
        name.removeprefix(PREFIX): value
        for name, value in os.environ.items()
        if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in BY_NAME
    }
    _complete(values, instance)
    return values


def instance_file(path: Path) -> dict[str, Any]:
    """The settings that stand in a shop's `config.py`; none when there is no such file."""
    if not path.is_file():
        return {}
    names: dict[str, Any] = {}
    try:
        exec(compile(path.read_text(), str(path), "exec"), names)  # noqa: S102 - the shop's own settings file
    except Exception as exc:
        raise ConfigError(f"{path} can't be read: {type(exc).__name__}: {exc}") from exc
    found = {name: value for name, value in names.items() if name.isupper()}
    return {
        name: _read(BY_NAME[name], value, f"{name} in {path}")
        if isinstance(value, str) and name in BY_NAME
        else value
        for name, value in found.items()
    }


def _complete(values: dict[str, Any], instance: Path) -> None:
    if not values["DATABASE_URL"]:
        values["DATABASE_URL"] = f"sqlite:///{instance / 'salesbot.db'}"
    if not values["SESSION_SECRET"]:
        values["SESSION_SECRET"] = _made_once(instance / "session_secret", secrets.token_urlsafe(48))
    values["KEYRING_FILE"] = None if values["KEYRING"] else instance / "keyring"
    if not values["KEYRING"]:
        values["KEYRING"] = _words(_made_once(values["KEYRING_FILE"], new_key()))
    for name, other in (pair := ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"), pair[::-1]):
        if values[name] and not values[other]:
            raise ConfigError(f"{name} is set and {other} is not: set both, or neither")


def _made_once(path: Path, fresh: str) -> str:
    """What stands in `path`, written there first when nothing does; the first process wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "w") as file:
                file.write(fresh + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(name, path)
        except FileExistsError:
            pass
        finally:
            Path(name).unlink()
    return path.read_text().strip()
