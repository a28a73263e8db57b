"""An order as a story: one sentence for each thing that happened, from the first word to the download."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import func, select

from salesbot.admin.sales.order_facts import Facts
from salesbot.admin.shown.formatters import covered, money_in_words
from salesbot.admin.shown.noted import noted
from salesbot.extensions import db
from salesbot.models import Message, Order, OrderEvent

BEFORE = timedelta(hours=12)
"""How long before an order its story may begin."""
MOST = 300
"""Messages that are looked through for the beginning."""
_SENTENCES: Mapping[str, tuple[Any, str]] = {
    "placed": (_("%(name)s ordered %(goods)s for %(total)s"), ""),
    "opened the page": (_("%(name)s opened the page to pay"), ""),
    "payment started": (_("%(name)s chose how to pay"), ""),
    "sent a picture of the payment": (_("%(name)s sent a picture of the payment"), ""),
    "confirmed the payment": (_("%(who)s confirmed that the money is there"), "good"),
    "found no money": (_("%(who)s found no money"), "bad"),
    "found the money after all": (_("%(who)s found the money after all"), "good"),
    "money arrived": (_("Money arrived by %(who)s"), "good"),
    "payment failed": (_("A payment by %(who)s failed"), "bad"),
    "reminded the buyer": (_("%(name)s was reminded of the order"), ""),
    "→ paid": (_("The order is paid"), "good"),
    "→ fulfilled": (_("%(name)s has everything"), "good"),
    "→ expired": (_("The time to pay was over"), ""),
    "→ cancelled": (_("The order was cancelled by %(who)s"), "bad"),
    "downloaded": (_("%(name)s downloaded a file"), "good"),
    "renewed a download": (_("%(who)s renewed a download"), ""),
    "sent it again": (_("%(who)s sent everything again"), ""),
    "a delivery failed": (_("A delivery failed"), "bad"),
    "had a delivery tried again": (_("%(who)s had it tried again"), ""),
    "asked for a refund": (_("%(who)s asked for money to go back"), ""),
    "took a refund back": (_("%(who)s took that back: no money goes back"), ""),
    "a refund needs you": (_("Somebody has to give the money back by hand"), "bad"),
    "money went back": (_("Money went back to %(name)s"), ""),
    "a unit has ended": (_("%(name)s no longer has this"), ""),
    "gave a unit again": (_("%(who)s gave this to %(name)s again"), ""),
    "joined customers": (_("%(who)s joined two customers"), ""),
    "look at this": (_("Somebody should look at this"), "bad"),
    "looked at it": (_("%(who)s has looked at it"), ""),
}
"""A sentence for each word of the timeline, and its tone."""


@dataclass(frozen=True)
class Told:
    """One sentence; `why` is what was noted with it, `tone` is "good", "bad" or ""."""

    at: datetime
    words: str
    why: str = ""
    tone: str = ""


def tell(facts: Facts) -> list[Told]:
    """Everything that is known of an order, oldest first."""
    order = facts.order
    name = order.customer.name or gettext("The customer")
    told = [
        *_before(order, name),
        *(_event(event, order, name) for event in order.events),
        *_received(facts, name),
    ]
    return sorted(told, key=lambda one: one.at.replace(microsecond=0))


def _before(order: Order, name: str) -> Iterable[Told]:
    """What the customer did in the chat before the order: asked, looked, put in the cart."""
    previous = db.session.scalar(
        select(func.max(Order.created_at)).where(
            Order.conversation_id == order.conversation_id, Order.id < order.id
        )
    )
    since = max(order.created_at - BEFORE, previous or order.created_at - BEFORE)
    messages = db.session.scalars(
        select(Message)
        .where(
            Message.conversation_id == order.conversation_id,
            Message.direction == "in",
            Message.created_at > since,
            Message.created_at <= order.created_at,
        )
        .order_by(Message.id.desc())
        .limit(MOST)
    ).all()
    said = list(reversed(messages))
    first = next((message for message in said if message.body), None)
    if first is not None:
        words = _short(covered(first.body))
        yield Told(first.created_at, gettext("%(name)s wrote “%(words)s”", name=name, words=words))
    for line in order.lines:
        what = {"name": name, "title": line.title}
        looked = _first(said, f"product:{line.product_id}")
        if looked is not None:
            yield Told(looked.created_at, gettext("%(name)s looked at %(title)s", **what))
        took = _first(said, f"buy:{line.product_id}", f"checkout:several:{line.product_id}")
        if took is not None:
            yield Told(took.created_at, gettext("%(name)s put %(title)s into the cart", **what))


def _first(said: Sequence[Message], *choices: str) -> Message | None:
    return next((message for message in said if message.choice in choices), None)


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= 60 else f"{line[:58].rstrip()} …"


def _received(facts: Facts, name: str) -> Iterable[Told]:
    """What the customer got, each line of the order once for each moment."""
    for line in facts.order.lines:
        # Units of one delivery differ by parts of a second.
        by_moment: dict[datetime, list[str]] = {}
        for unit in facts.units.get(line.id, ()):
            if unit.delivered_at is not None:
                goods = "••••" if unit.link or unit.text else ""
                shown = facts.hints.get(unit.id) or unit.file_name or goods
                by_moment.setdefault(unit.delivered_at.replace(microsecond=0), []).append(shown)
        for moment, units in by_moment.items():
            words = gettext("%(name)s got %(n)d × %(title)s", name=name, n=len(units), title=line.title)
            yield Told(moment, words, ", ".join(filter(None, units)), "good")


def _event(event: OrderEvent, order: Order, name: str) -> Told:
    """A line of the timeline as a sentence; what we have no sentence for is shown as it is."""
    _old, arrow, new = event.what.partition(" → ")
    words, tone = _SENTENCES.get(f"→ {new}" if arrow else event.what, (None, ""))
    why = _amount(event.why) if event.what == "money arrived" else noted(event.why)
    if words is None:
        return Told(event.at, f"{noted(event.what)} · {noted(event.who)}", why, tone)
    values = {
        "name": name,
        "who": noted(event.who),
        "goods": ", ".join(f"{line.quantity} × {line.title}" for line in order.lines),
        "total": money_in_words(order.total, order.currency),
    }
    return Told(event.at, str(words) % values, why, tone)


def _amount(why: str) -> str:
    """The words "4900 USD reference" with the amount as people read it."""
    minor, _space, rest = why.partition(" ")
    currency, _space, reference = rest.partition(" ")
    if not minor.isdecimal() or len(currency) != 3:
        return why
    return f"{money_in_words(int(minor), currency)} · {reference}"
