"""The channels there are, by the name that conversations hold."""

from __future__ import annotations

from salesbot.channels import Channel
from salesbot.channels.simulator import SimulatorChannel
from salesbot.channels.twilio import TwilioChannel

CHANNELS: dict[str, Channel] = {channel.name: channel for channel in (TwilioChannel(), SimulatorChannel())}


def channel(name: str) -> Channel:
    """The channel of this name."""
    return CHANNELS[name]
