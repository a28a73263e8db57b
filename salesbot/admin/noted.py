"""What the program says in English, in errors and in what it wrote down, in the language of whoever looks."""

from __future__ import annotations

import re
from functools import cache

from flask_babel import gettext

from salesbot.errors import SalesbotError


def _(sentence: str) -> str:
    """Marks a sentence for translators; it is translated when it is read."""
    return sentence


_WITH_PLACES = (
    _("the order is in {currency}, the payment in {other}"),
    _("{amount} {currency} (minor units) are missing"),
    _("{why}; {amount} goes back by itself"),
    _("the money goes back: {why}"),
    _("{amount} {currency} (minor units) went back of {payment}"),
    _("{amount} did not reach the buyer and came back; send it another way"),
    _("{method} sent an event of the unknown kind {kind}"),
    _("it was bought by {customer}"),
    _("Twilio answered {status}: {why}"),
    _("no answer from Twilio: {cause}"),
    _("Twilio's answer can't be read: {cause}"),
    _("Twilio did not give it: {cause}"),
    _("the template could not be made: {why}"),
)
"""What the core writes down with something in it."""
_AS_THEY_ARE = (
    _("it was paid already: this money is too much"),
    _("more was paid than it costs"),
    _("it was cancelled before the money came"),
    _("it had expired and its goods are gone"),
    _("the dispute has ended"),
    _("the payment is disputed; nothing more is handed over meanwhile"),
    _("the payment failed"),
    _("nothing to change"),
    _("this payment is confirmed already"),
    _("the reference belongs to a payment of another order"),
    _("it waits for its payment"),
    _("it costs nothing"),
    _("not paid in time"),
    _("the order was not paid in full in time"),
    _("the order was cancelled before it was paid in full"),
    _("cancelled in the back office"),
    _("everything is delivered"),
    _("everything was paid back"),
    _("by the provider"),
    _("with a template"),
    _("customer"),
    _("The provider could not do it. Give it back by hand."),
    _("switched off in the back office"),
    _("the worker stopped while it was being sent"),
    _("the file was taken back before it was sent"),
)
"""What it writes down word by word."""


def because(exc: Exception) -> str:
    """Why something can't be."""
    if isinstance(exc, SalesbotError) and exc.places:
        places = {name: noted(str(value)) for name, value in exc.places.items()}
        return gettext(exc.sentence).format(**places)
    return noted(str(exc))


def noted(text: str) -> str:
    """What stands in the database as the program wrote it down; words of people come as they are."""
    if not text:
        return ""
    if "\n" in text:
        return "\n".join(map(noted, text.split("\n")))
    translated = gettext(text)
    if translated != text:
        return translated
    for sentence, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found:
            return gettext(sentence).format(**{name: noted(part) for name, part in found.groupdict().items()})
    return text


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (sentence, re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(sentence)), re.DOTALL))
        for sentence in _WITH_PLACES
    )
