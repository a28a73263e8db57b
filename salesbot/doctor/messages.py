"""Checks of messages: what came in and was wrong, what did not arrive, and what tells after 24 hours."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sqlalchemy import func, select

from salesbot import clock
from salesbot.channels import twilio_senders
from salesbot.database import db
from salesbot.doctor.checks import BAD, GOOD, NOTE, WARN, Check, in_utc
from salesbot.doctor.shop import when_ready
from salesbot.doctor.whatsapp import connected
from salesbot.models import Message
from salesbot.services import templates, webhook_calls
from salesbot.texts import plural_translator, translator

_ = translator("salesbot")
_n = plural_translator("salesbot")


def calls() -> Check | None:
    """What has come in, and what was wrong with calls that came."""
    of = connected()
    if of is None:
        return None
    with when_ready() as ready:
        if not ready:
            return None
        found = [(row.kind, row.detail, row.at) for row in webhook_calls.troubles()]
        last = webhook_calls.last_message()
        came = last.created_at if last is not None else None
    check = partial(Check, "calls", _("Messages in"))
    for kind, detail, at in found:
        said, remedy = explain(kind, detail)
        return check(BAD, f"{said} ({in_utc(at)})", remedy, at)
    if came is None:
        return check(
            NOTE,
            _("Nothing has come from WhatsApp yet."),
            _("Write “hi” to the shop's number."),
        )
    return check(GOOD, _("The last one came at {when}.").format(when=in_utc(came)), at=came)


def explain(kind: str, detail: str) -> tuple[str, str]:
    """What was wrong with a call, and the next step, in plain words."""
    if kind == webhook_calls.REFUSED:
        return (
            _("A call came to {address} whose signature did not fit.").format(address=detail),
            _(
                "The address at Twilio must begin with exactly the shop's address, https and all. "
                "The token must be the account's present one."
            ),
        )
    if kind == webhook_calls.OTHER_ACCOUNT:
        return (
            _("A signed call came for the account {account}.").format(account=detail),
            _("Compare the account SID here with the one in Twilio's console."),
        )
    return (
        _("A message came for the number {number}, which is not the one set here.").format(
            number=detail.removeprefix("whatsapp:")
        ),
        _("Type that number here, or take this shop's address away from it at Twilio."),
    )


_CODES = {
    "63015": (
        _("A phone has not joined the sandbox, or not in the last three days (63015)."),
        _("Send the sandbox's join words from that phone, then write again."),
    ),
    "63007": (
        _("Twilio does not send from the number that is set here (63007)."),
        _("Type the number as it stands in Twilio's console under WhatsApp senders."),
    ),
    "20003": (
        _("Twilio did not accept the token (20003)."),
        _("Copy the Auth Token again from Twilio's console."),
    ),
    "21608": (
        _("A trial account writes only to numbers that were confirmed at Twilio (21608)."),
        _("Confirm the number in Twilio's console, or upgrade the account."),
    ),
}


def explain_code(code: str) -> tuple[str, str] | None:
    """What Twilio's code for a message that did not arrive says of the setting up, and the next step."""
    found = _CODES.get(code)
    return (_(found[0]), _(found[1])) if found else None


def sendings() -> Check | None:
    """What Twilio said of messages that did not arrive in the last day."""
    if connected() is None:
        return None
    with when_ready() as ready:
        if not ready:
            return None
        last = webhook_calls.last_refusal()
        codes = webhook_calls.codes_since(clock.now() - webhook_calls.RECENT)
        held = db.session.scalar(select(func.count(Message.id)).where(Message.state == "held")) or 0
    check = partial(Check, "sendings", _("Messages out"))
    explained = explain_code(last[0]) if last is not None else None
    if explained is not None:
        return check(BAD, *explained)
    if codes:
        listed = ", ".join(f"{code} ×{count}" for code, count in sorted(codes.items()))
        return check(
            WARN,
            _("Some messages did not arrive today: {codes}.").format(codes=listed),
            _("The first page of the back office lists them, with the reason."),
        )
    if held:
        said = _n(
            "%d message waits for its customer to write.",
            "%d messages wait for their customers to write.",
            held,
        )
        return check(NOTE, said % held, _("Templates reach them: see “WhatsApp templates”."))
    return check(GOOD, _("No message was refused in the last day."))


def approved_templates() -> Check | None:
    """Whether a buyer hears of goods that are ready after 24 hours."""
    of = connected()
    if of is None or of.number == twilio_senders.SANDBOX:
        return None
    with when_ready() as ready:
        if not ready:
            return None
        uses = {template.use for template in templates.approved(of.sid)}
    check = partial(Check, "templates", _("Templates"))
    if "delivery" not in uses:
        return check(
            WARN,
            _("No approved template tells buyers that their goods are ready after 24 hours of silence."),
            _("In the back office, open “WhatsApp templates” and send one to WhatsApp."),
        )
    return check(GOOD, _("Goods that are ready late are told with a template."))


CHECKS: tuple[Callable[[], Check | None], ...] = (calls, sendings, approved_templates)
