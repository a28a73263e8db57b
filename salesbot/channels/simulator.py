"""The phone in the browser and the terminal: what is sent to it has arrived at once."""

from __future__ import annotations

import secrets

from salesbot.channels import Incoming, Outgoing

NAME = "simulator"


_STRICT = "staff-"
"""How the addresses begin of phones that keep to WhatsApp's 24 hours."""


def strict_address() -> str:
    """A fresh address of a phone that keeps to WhatsApp's rules."""
    return f"{_STRICT}{secrets.token_hex(8)}"


def is_strict(address: str) -> bool:
    """Whether it is such a phone."""
    return address.startswith(_STRICT)


def incoming(address: str, text: str = "", tapped: str | None = None, name: str = "") -> Incoming:
    """A message typed or tapped on the simulated phone."""
    return Incoming(
        channel=NAME,
        address=address,
        provider_id=f"sim-{secrets.token_hex(12)}",
        text=text.replace("\x00", ""),
        tapped=tapped or None,
        name=name,
    )


class SimulatorChannel:
    """The simulated phone reads from the database: sending to it needs nothing more."""

    name = NAME
    window_hours: int | None = None
    answers_with_buttons = True

    def send(self, message: Outgoing) -> str | None:
        """An id of its own for the message."""
        return f"sim-out-{message.id}"
