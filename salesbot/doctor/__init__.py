"""Looks a shop over: one check a thing that can be wrong, each with what to do about it."""

from __future__ import annotations

from salesbot.doctor.checks import BAD, GOOD, NOTE, WARN, Check
from salesbot.doctor.shop import CHECKS as SHOP
from salesbot.doctor.whatsapp import CHECKS as WHATSAPP

__all__ = ["BAD", "GOOD", "NOTE", "SHOP", "WARN", "WHATSAPP", "Check", "examine"]


def examine(*, whatsapp: bool = True, shop: bool = True) -> list[Check]:
    """The results of all checks in a sensible order. Asks Twilio, and the shop's own address.

    Begins and ends its own short read transactions: none is open while it asks others.
    """
    wanted = [*(SHOP if shop else ()), *(WHATSAPP if whatsapp else ())]
    return [result for check in wanted if (result := check()) is not None]
