"""The channels there are, by the name that conversations hold."""

from __future__ import annotations

from salesbot.channels import Channel, simulator, twilio
from salesbot.channels.simulator import SimulatorChannel
from salesbot.channels.twilio import TwilioChannel

CHANNELS: dict[str, Channel] = {channel.name: channel for channel in (TwilioChannel(), SimulatorChannel())}


def window_hours(name: str, address: str) -> int | None:
    """How long after their last message free text may go to somebody; a strict phone is as WhatsApp."""
    if name == simulator.NAME and simulator.is_strict(address):
        return CHANNELS[twilio.NAME].window_hours
    return CHANNELS[name].window_hours


def channel(name: str) -> Channel:
    """The channel of this name."""
    return CHANNELS[name]
