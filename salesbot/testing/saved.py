"""For chats that were saved in the simulator: what was said, without what is new in each shop."""

from __future__ import annotations

from collections.abc import Iterable

from salesbot.services.saved_texts import plain
from salesbot.testing.received import Received


def said(replies: Iterable[Received]) -> list[str]:
    """The texts of replies, with (link), (order) and (key) for what differs from shop to shop."""
    return [plain(reply.text) for reply in replies]
