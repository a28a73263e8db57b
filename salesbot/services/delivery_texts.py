"""The seller's own words for what a product delivers, with places for what differs from buyer to buyer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from salesbot.models import OrderLine
from salesbot.services import links
from salesbot.texts import translator

_ = translator("salesbot")

PLACES: Mapping[str, str] = {
    "name": "the buyer's name, as WhatsApp gives it",
    "number": "the order's number",
    "title": "the product's title",
    "key": "the licence key, or all of them",
    "link": "the link, or the page with the download",
}
"""What may stand in a text, in braces, and what comes in its place."""
LONGEST = 1000
"""A message on WhatsApp has 1,600 characters, and keys and links need room in it."""

_PLACE = re.compile(r"\{([^{}\n]*)\}")


def problems(text: str) -> list[str]:
    """What is wrong with a delivery text, in sentences for the seller; nothing when it can be kept."""
    known = ", ".join(f"{{{name}}}" for name in PLACES)
    unknown = dict.fromkeys(found for found in _PLACE.findall(text) if found not in PLACES)
    not_known = _("{place} is not known here. You can use {known}.")
    found = [not_known.format(place=f"{{{name}}}", known=known) for name in unknown]
    if len(text) > LONGEST:
        too_long = _("The text has {n} characters. At most {most} fit into one message.")
        found.append(too_long.format(n=len(text), most=LONGEST))
    return found


def places(text: str) -> frozenset[str]:
    """The names that stand in braces in a text."""
    return frozenset(_PLACE.findall(text))


def for_line(line: OrderLine, *, keys: Sequence[str], addresses: Sequence[str]) -> str:
    """The product's delivery text for the buyer of this line, or "" when it has none.

    `keys` may be marks (see `secrets_in_text`). Without `addresses` a link leads to the page of the line.
    """
    return filled(
        line.product.delivery_text,
        {
            "name": line.order.customer.name,
            "number": line.order.number,
            "title": line.title,
            "key": "\n".join(keys),
            "link": "\n".join(addresses) or links.delivery_url(line.id),
        },
    )


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with `values` in their places; an empty one leaves no gap before it."""
    for name in places(text) & values.keys():
        if not values[name]:
            text = re.sub(r"[ \t]*" + re.escape(f"{{{name}}}"), "", text)
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), text).strip().lstrip(" ,;:")
