"""The shop's number as a WhatsApp sender at Twilio: whether it is there, and where its messages go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from salesbot.channels.twilio_api import Account, call, client

SANDBOX = "whatsapp:+14155238886"
"""Twilio's own number for trying; its addresses can be typed in Twilio's console alone."""
_MOST = 200


@dataclass(frozen=True)
class Sender:
    """A WhatsApp sender of the account; `callback` and `status_callback` are the addresses set there."""

    sid: str
    status: str
    callback: str
    status_callback: str

    @property
    def is_online(self) -> bool:
        """Whether WhatsApp lets it send."""
        return self.status.upper().startswith("ONLINE")


def find(of: Account) -> Sender | None:
    """The sender with the shop's number, or None; NotSent or SendUnknown when Twilio does not say."""
    senders = client(of).messaging.v2.channels_senders
    found = call(lambda: senders.list(channel="whatsapp", limit=_MOST))
    return next((_sender(one) for one in found if one.sender_id == of.number), None)


def _sender(one: Any) -> Sender:
    webhook: dict[str, Any] = one.webhook or {}
    return Sender(
        one.sid,
        str(one.status or ""),
        webhook.get("callback_url") or "",
        webhook.get("status_callback_url") or "",
    )


def set_addresses(of: Account, sender: Sender, callback: str, status_callback: str) -> None:
    """Makes messages to the shop's number go to these addresses."""
    from twilio.rest.messaging.v2.channels_sender import ChannelsSenderContext  # noqa: PLC0415 - heavy

    wanted = ChannelsSenderContext.MessagingV2ChannelsSenderRequestsUpdate(
        {
            "webhook": {
                "callback_url": callback,
                "callback_method": "POST",
                "status_callback_url": status_callback,
                "status_callback_method": "POST",
            }
        }
    )
    call(lambda: client(of).messaging.v2.channels_senders(sender.sid).update(wanted))
