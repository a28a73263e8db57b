"""Looks a shop over: one check a thing that can be wrong, each with what to do about it."""

from __future__ import annotations

from salesbot.doctor.checks import BAD, GOOD, NOTE, WARN, Check, in_utc
from salesbot.doctor.messages import CHECKS as MESSAGES
from salesbot.doctor.shop import CHECKS as SHOP
from salesbot.doctor.whatsapp import CHECKS as WHATSAPP

__all__ = ["BAD", "GOOD", "NOTE", "WARN", "Check", "examine", "in_utc"]


def examine(*, shop: bool = True) -> list[Check]:
    """The results of all checks in a sensible order, without those of the shop itself if so wished.

    Asks Twilio, and the shop's own address. Its own looks into the database are short: none is open
    while it asks others.
    """
    wanted = [*(SHOP if shop else ()), *WHATSAPP, *MESSAGES]
    return [result for check in wanted if (result := check()) is not None]
