"""E-mail to staff, by the server that `SMTP_URL` names."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from salesbot.errors import NotSent, SendUnknown

TIMEOUT = 15.0
PAUSE = 60.0
"""Seconds until it is tried again when the server can't be reached."""


def send(url: str, sender: str, to: str, subject: str, text: str) -> None:
    """Sends one plain e-mail; NotSent or SendUnknown say what became of it. May take seconds.

    `url` is smtp://user:password@host:587, which uses STARTTLS where the server offers it and
    always for a password, or smtps://….
    """
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, " ".join(subject.split())
    mail.set_content(text)
    meant = urlsplit(url)
    try:
        with _open(meant.scheme, meant.hostname or "", meant.port) as server:
            _sign_in(server, meant.scheme, unquote(meant.username or ""), unquote(meant.password or ""))
            _hand_over(server, mail)
    except smtplib.SMTPResponseException as exc:
        retry = PAUSE if 400 <= exc.smtp_code < 500 else None
        raise NotSent(f"the mail server answered {exc.smtp_code}", retry_in=retry) from exc
    except smtplib.SMTPRecipientsRefused as exc:
        raise NotSent("the mail server does not know this address") from exc
    except (OSError, smtplib.SMTPException) as exc:
        raise NotSent(f"the mail server can't be reached: {type(exc).__name__}", retry_in=PAUSE) from exc


def _open(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=TIMEOUT, context=ssl.create_default_context())
    return smtplib.SMTP(host, port or 587, timeout=TIMEOUT)


def _sign_in(server: smtplib.SMTP, scheme: str, user: str, password: str) -> None:
    server.ehlo()
    if scheme == "smtp" and server.has_extn("starttls"):
        server.starttls(context=ssl.create_default_context())
        server.ehlo()
    elif scheme == "smtp" and user:
        raise NotSent("the mail server takes a password only in clear text; use smtps://")
    if user:
        server.login(user, password)


def _hand_over(server: smtplib.SMTP, mail: EmailMessage) -> None:
    try:
        server.send_message(mail)
    except (TimeoutError, smtplib.SMTPServerDisconnected) as exc:
        raise SendUnknown("the connection to the mail server broke off") from exc
