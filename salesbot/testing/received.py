"""What a customer under test reads."""

from __future__ import annotations

from dataclasses import dataclass

from salesbot.messages import Choice


@dataclass(frozen=True)
class Received:
    """One message as the customer has it: `text` with its numbered lines, and what it offers."""

    text: str
    choices: tuple[Choice, ...] = ()
    media_url: str | None = None
    id: int = 0
