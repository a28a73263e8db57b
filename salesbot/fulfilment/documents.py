"""Bought files that go into the chat themselves, besides the link to them."""

from __future__ import annotations

from collections.abc import Iterable

from salesbot import outbox
from salesbot.errors import WrongState
from salesbot.fulfilment.downloads import file_of
from salesbot.models import Delivery, Order
from salesbot.services import documents, shop

MOST = 3
"""More than these at once would be a flood, and each is a message that the seller pays for."""


def send(order: Order, units: Iterable[Delivery]) -> None:
    """Puts the files of units into the outbox, one for each product, where WhatsApp takes them all.

    The shop may be set to send links only. Whatever happens to a document, the link is there.
    """
    if not shop.setting("DOCUMENTS_IN_CHAT"):
        return
    first_of_line = {unit.line_id: unit.id for unit in reversed(list(units)) if unit.file}
    found = [(unit_id, kind) for unit_id in sorted(first_of_line.values()) if (kind := _kind(unit_id))]
    if len(found) > MOST:
        return
    for unit_id, kind in found:
        outbox.send_file(order.conversation_id, unit_id, kind)


def _kind(unit_id: int) -> str | None:
    try:
        file = file_of(unit_id)
    except WrongState:
        return None
    return documents.content_type(file.path, file.name)
