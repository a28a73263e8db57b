"""Why a message did not arrive, in words that staff can act on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext

from salesbot.admin.shown.noted import noted

_WINDOW = lazy_gettext(
    "WhatsApp lets a shop write freely only within 24 hours of the customer's last message. "
    "“Try again” keeps it, and it goes out as soon as the customer writes again."
)
_HELD = lazy_gettext(
    "WhatsApp lets a shop write freely only within 24 hours of the customer's last message. "
    "It goes out by itself when the customer writes again."
)
_NOT_THERE = lazy_gettext("This number can't receive WhatsApp messages. Reach the customer in another way.")
_ACCOUNT = lazy_gettext(
    "Something is wrong with the shop's Twilio number or account. Check the Twilio settings."
)
_PICTURE = lazy_gettext("The picture or file could not be fetched. Check that the shop's address is public.")
_LATER = lazy_gettext("Twilio or WhatsApp had too much to do. Send it again a little later.")

BY_CODE: Mapping[str, Any] = {
    "63016": _WINDOW,
    "63003": _NOT_THERE,
    "63024": _NOT_THERE,
    "21211": _NOT_THERE,
    "21610": lazy_gettext("The customer doesn't want messages from this number."),
    "63014": lazy_gettext("The customer has blocked this number."),
    "63015": lazy_gettext("The customer has not joined the Twilio sandbox yet."),
    "21408": _ACCOUNT,
    "21606": _ACCOUNT,
    "21608": lazy_gettext("A trial account writes only to numbers that were confirmed at Twilio."),
    "63007": _ACCOUNT,
    "63051": _ACCOUNT,
    "20003": _ACCOUNT,
    "21617": lazy_gettext("The message is too long."),
    "21620": _PICTURE,
    "21623": _PICTURE,
    "11751": _PICTURE,
    "63019": _PICTURE,
    "63017": _LATER,
    "63018": _LATER,
    "63038": _LATER,
    "20429": _LATER,
    "63005": lazy_gettext("WhatsApp did not accept the content of this message."),
    "63013": lazy_gettext("WhatsApp's rules don't allow the content of this message."),
    "63021": lazy_gettext("WhatsApp did not accept the content of this message."),
    "63049": lazy_gettext("WhatsApp kept this message back because it looks like advertising."),
}


def reason(state: str, code: str, said: str) -> str:
    """A sentence for a message in `state` with the provider's `code` and what was noted then."""
    known = BY_CODE.get(code)
    if known is not None:
        return str(known)
    if state == "unknown":
        return gettext(
            "The connection broke while it was being sent. Ask the customer, or look into Twilio's log, "
            "before you send it again."
        )
    if state == "held":
        return str(_HELD)
    if state == "unhandled":
        return gettext("The bot could not answer this. Please answer it yourself.")
    words = noted(said) or gettext("The reason is not known.")
    return f"{words} ({code})" if code else words
