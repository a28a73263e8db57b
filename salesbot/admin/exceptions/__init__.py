"""What a model's view does differently from the one that is made for every model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from salesbot.admin.exceptions import people, sales, shop, system, unlisted
from salesbot.admin.rules import Rules

EXCEPTIONS: Mapping[type[Any], Rules] = {
    **shop.EXCEPTIONS,
    **sales.EXCEPTIONS,
    **unlisted.EXCEPTIONS,
    **people.EXCEPTIONS,
    **system.EXCEPTIONS,
}


def rules_for(model: type[Any]) -> Rules:
    """The model's exceptions, what a plugin's model says of itself in `__admin__`, or what holds for any."""
    return EXCEPTIONS.get(model) or Rules(**getattr(model, "__admin__", {}))
