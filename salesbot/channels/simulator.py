"""The phone in the browser and the terminal: what is sent to it has arrived at once."""

from __future__ import annotations

import secrets

from salesbot.channels import Incoming, Outgoing

NAME = "simulator"


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
