"""Every setting: its name, what it means, its default, and how it is typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from salesbot import typed, week

PREFIX = "SALESBOT_"


WHATSAPP = "whatsapp"


@dataclass(frozen=True)
class Option:
    """One setting. `read` turns typed text into its value and raises ValueError with a remedy."""

    name: str
    meaning: str
    default: Any = ""
    read: Callable[[str], Any] = typed.text
    customary: bool = False
    secret: bool = False
    in_back_office: bool = False
    page: str = "settings"  # of the back office, where it is typed


OPTIONS: tuple[Option, ...] = (
    Option(
        "DATABASE_URL",
        "the database; empty: SQLite in the instance folder",
        "",
        typed.database,
        True,
        True,
    ),
    Option(
        "SESSION_SECRET",
        "signs staff sessions; empty: made once into the instance folder",
        "",
        typed.text,
        True,
        True,
    ),
    Option(
        "KEYRING",
        "encrypts licence keys and signs links; several keys, newest first",
        [],
        typed.words,
        False,
        True,
    ),
    Option(
        "PUBLIC_URL",
        "the address that the world sees",
        "",
        typed.address,
        True,
        in_back_office=True,
        page=WHATSAPP,
    ),
    Option(
        "TWILIO_ACCOUNT_SID", "the Twilio account", "", typed.sid, True, in_back_office=True, page=WHATSAPP
    ),
    Option(
        "TWILIO_AUTH_TOKEN",
        "signs what Twilio sends; two, with a comma, while one is rotated",
        [],
        typed.words,
        True,
        True,
        in_back_office=True,
        page=WHATSAPP,
    ),
    Option(
        "TWILIO_WHATSAPP_NUMBER",
        "the shop's number on WhatsApp",
        "",
        typed.number,
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
    Option("TWILIO_API_URL", "a stand-in for Twilio's API", "", typed.address, True),
    Option(
        "STRIPE_SECRET_KEY",
        "opens the Stripe account that takes card payments",
        "",
        typed.stripe_key,
        True,
        True,
    ),
    Option(
        "STRIPE_WEBHOOK_SECRET",
        "signs what Stripe sends; two, with a comma, while one is rotated",
        "",
        typed.stripe_webhook_secret,
        True,
        True,
    ),
    Option("STRIPE_API_URL", "a stand-in for Stripe's API", "", typed.address, True),
    Option(
        "SMTP_URL",
        "the server that sends e-mail to staff, like smtp://user:password@host:587 or smtps://…",
        "",
        typed.mail_server,
        secret=True,
    ),
    Option("MAIL_FROM", "the address that e-mail to staff comes from; empty: their own"),
    Option("PUSH_URL", "a stand-in for the push services of browsers", "", typed.address),
    Option("DISABLED_PLUGINS", "plugins to leave out, by name", [], typed.words),
    Option("SAFE_MODE", "1: only the built-in plugins", False, typed.switch),
    Option(
        "BUTTONS",
        "1: choices go out as WhatsApp's buttons and lists; 0: as numbered lines",
        False,
        typed.switch,
        in_back_office=True,
        page=WHATSAPP,
    ),
    Option("PORT", "the port of `salesbot serve`", 5000, typed.count),
    Option("TRUSTED_PROXIES", "how many reverse proxies stand in front", 0, typed.count),
    Option("LOG_LEVEL", "DEBUG, INFO, WARNING or ERROR", "INFO", lambda value: value.strip().upper()),
    Option("LOG_FORMAT", "text or json", "text"),
    Option("IDLE_MINUTES", "staff are signed out after this long with no click or typing", 120, typed.count),
    Option("SIGN_IN_LIMIT", "sign-in attempts allowed from one address", "10 per minute"),
    Option("UPLOAD_MEGABYTES", "the largest file that staff may upload", 200, typed.count),
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
    Option("CURRENCY", "the currency of all prices", "USD", typed.currency, in_back_office=True),
    Option(
        "LANGUAGES",
        "languages of the shop, the first one is the usual one",
        ["en"],
        typed.languages,
        in_back_office=True,
    ),
    Option(
        "ORDER_MINUTES",
        "how long an unpaid order holds its goods, in minutes",
        60,
        typed.count,
        in_back_office=True,
    ),
    Option(
        "REMIND_MINUTES",
        "remind of an unpaid order this many minutes before it ends; 0: never",
        15,
        typed.count,
        in_back_office=True,
    ),
    Option(
        "NUDGE_MINUTES",
        "ask once, after so many minutes of silence, whether somebody who looked at a product wants to go "
        "on; 0: never",
        120,
        typed.count,
        in_back_office=True,
    ),
    Option(
        "QUIET_MINUTES",
        "a chat that a person answers goes back to the bot after this many minutes without a word; 0: never",
        120,
        typed.count,
        in_back_office=True,
    ),
    Option("DOWNLOADS", "how often a bought file may be downloaded", 5, typed.count, in_back_office=True),
    Option("DOWNLOAD_DAYS", "how many days a download link works", 30, typed.count, in_back_office=True),
    Option(
        "DOCUMENTS_IN_CHAT",
        "1: a bought file goes into the chat itself where WhatsApp takes it, which is one more message; "
        "0: as a link only",
        False,
        typed.switch,
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
        typed.days,
        in_back_office=True,
        page="words",
    ),
    Option(
        "SELL_OUTSIDE_HOURS",
        "1: the bot sells at any time; 0: only in these hours",
        True,
        typed.switch,
        in_back_office=True,
        page="words",
    ),
    Option("TIMEZONE", "the time zone of these hours", "UTC", typed.zone, in_back_office=True, page="words"),
    Option(
        "KEEP_MONTHS",
        "chats, their files and notes are deleted after this many months, 3, 6, 12 or 24; 0: never",
        0,
        typed.months,
        in_back_office=True,
    ),
    Option(
        "LOW_STOCK",
        "say so when a product has this many keys left or fewer",
        3,
        typed.count,
        in_back_office=True,
    ),
)


BY_NAME: Mapping[str, Option] = {option.name: option for option in OPTIONS}
