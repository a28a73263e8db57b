"""Words that WhatsApp has approved for any time: which there are, what for, and what fills them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from sqlalchemy import select

from salesbot import clock
from salesbot.database import db
from salesbot.errors import WrongState
from salesbot.models import MessageTemplate, Order
from salesbot.models.whatsapp import USES
from salesbot.services import links, shop
from salesbot.texts import in_every_language, speaking, translator

__all__ = [
    "USES",
    "Seen",
    "approved",
    "assign",
    "default_text",
    "default_texts",
    "fill",
    "for_use",
    "keep",
    "learn",
    "places",
    "problem",
    "values_for",
]

_ = translator("salesbot")

APPROVED = "approved"
GONE = "gone"
MOST_PLACES = 3
"""A name, an order's number and a link: what a use can fill in."""
_LONGEST = 1024
_PLACE = re.compile(r"\{\{(\w+)\}\}")

_DEFAULTS = {
    "delivery": _(
        "Hello {{1}}, your order {{2}} is ready. You find it here: {{3}} Thank you for buying from us."
    ),
    "payment": _(
        "Hello {{1}}, the money for your order {{2}} has arrived. You can look at the order here: {{3}} "
        "We write again as soon as it is ready."
    ),
    "reminder": _(
        "Hello {{1}}, your order {{2}} is still waiting. You can pay it here: {{3}} "
        "If you do not want it any more, you need not do anything."
    ),
}


class Seen(Protocol):
    """A template as the provider knows it now; `status` and `reason` are WhatsApp's answer."""

    @property
    def sid(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def reason(self) -> str: ...


def default_texts(codes: Sequence[str]) -> dict[str, dict[str, str]]:
    """Words to begin with, by use and by language; a language without its own gets English."""
    return {name: in_every_language("salesbot", text, tuple(codes)) for name, text in _DEFAULTS.items()}


def default_text(use: str, language: str) -> str:
    """The same for one use and language."""
    return default_texts([language])[use][language]


def places(text: str) -> list[str]:
    """The places in a text that are filled in, such as ["1", "2"]."""
    return list(dict.fromkeys(_PLACE.findall(text)))


def problem(text: str) -> str:
    """Why WhatsApp would refuse this text, for staff; "" when nothing speaks against it."""
    found = _PLACE.findall(text)
    words = re.findall(r"\w+", _PLACE.sub(" ", text))
    if not text.strip() or len(text) > _LONGEST:
        return _("Write some words, at most {most} characters.").format(most=_LONGEST)
    if found != [str(number) for number in range(1, len(found) + 1)] or len(found) > MOST_PLACES:
        return _("The places are {{1}}, {{2}} and {{3}}, in this order, each once.")
    if re.match(r"\W*\{\{", text) or re.search(r"\}\}\W*$", text):
        return _("A place must not stand at the beginning or at the end.")
    if re.search(r"\}\}\s*\{\{", text):
        return _("There must be words between two places.")
    if len(words) < 2 * len(found) + 1:
        return _("Write more words around the places.")
    return ""


def fill(text: str, values: Sequence[str]) -> str:
    """The text with its places filled in."""
    by_place = {str(number): value for number, value in enumerate(values, 1)}
    return _PLACE.sub(lambda place: by_place.get(place[1], place[0]), text)


def approved(account: str) -> list[MessageTemplate]:
    """What staff of this Twilio account may send at any time, by name."""
    return list(
        db.session.scalars(
            select(MessageTemplate)
            .where(MessageTemplate.account == account, MessageTemplate.status == APPROVED)
            .order_by(MessageTemplate.name)
        )
    )


def for_use(use: str, language: str) -> MessageTemplate | None:
    """The approved template for a use, in this language or else in the shop's usual one."""
    account = shop.setting("TWILIO_ACCOUNT_SID")
    fitting = [template for template in approved(account) if template.use == use]
    for wanted in (language, str(shop.setting("LANGUAGES")[0])):
        for template in fitting:
            if template.language == wanted or template.language.partition("_")[0] == wanted.partition("_")[0]:
                return template
    return fitting[0] if fitting else None


def values_for(order: Order) -> list[str]:
    """What fills the places for an order: the buyer's name, its number, its page."""
    with speaking(order.customer.language):
        name = " ".join(order.customer.name.split()) or _("there")
    return [name, order.number, links.pay_url(order.id)]


def assign(template_id: int, wanted: str) -> None:
    """Uses a template for `wanted`, "" for nothing, in place of another in its language. Flush only."""
    template = db.session.get(MessageTemplate, template_id, with_for_update=True)
    if template is None or wanted not in {"", *USES}:
        raise WrongState("This template is not there any more.")
    if wanted and len(places(template.text)) > MOST_PLACES:
        raise WrongState("This template has more places than an order can fill.")
    if wanted:
        others = select(MessageTemplate).where(
            MessageTemplate.account == template.account,
            MessageTemplate.use == wanted,
            MessageTemplate.language == template.language,
        )
        for other in db.session.scalars(others):
            other.use = ""
    template.use = wanted
    db.session.flush()


def learn(account: str, seen: Iterable[Seen]) -> None:
    """Writes down what Twilio knows of all templates; what it has no more is marked as gone. Flush only."""
    known = {
        template.sid: template
        for template in db.session.scalars(
            select(MessageTemplate).where(MessageTemplate.account == account).with_for_update()
        )
    }
    for one in seen:
        template = known.pop(one.sid, None)
        if template is None:
            template = MessageTemplate(account=account, sid=one.sid)
            db.session.add(template)
        template.name, template.language, template.text = one.name, one.language, one.text
        template.status, template.reason = one.status, one.reason
        template.checked_at = clock.now()
    for template in known.values():
        template.status, template.use = GONE, ""
    db.session.flush()


def keep(account: str, one: Seen, *, use: str) -> None:
    """Writes down a template that was just made, and what it is for. Flush only."""
    template = MessageTemplate(
        account=account,
        sid=one.sid,
        name=one.name,
        language=one.language,
        text=one.text,
        status=one.status,
        reason=one.reason,
    )
    db.session.add(template)
    db.session.flush()
    assign(template.id, use)
