"""How messages come in and go out: a provider's form to our values and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from salesbot.messages import Choice, Location, Media


@dataclass(frozen=True)
class Incoming:
    """One message as a channel read it; `tapped` is the id of a button or list line that was tapped.

    `advertisement` is what the provider says of the advertisement that led its sender here.
    """

    channel: str
    address: str
    provider_id: str
    text: str = ""
    tapped: str | None = None
    media: tuple[Media, ...] = ()
    location: Location | None = None
    name: str = ""
    advertisement: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Outgoing:
    """One message to send: `id` is ours, `text` is complete, secrets included.

    `style` says how its choices are shown: as numbered lines in the text, as buttons, or as a list.
    Of an approved template `template_sid` is the provider's id, and `values` fill its places.
    `language` is the customer's, for what the channel itself writes.
    `attempt` counts how often it was tried to send it, which receipts repeat; 0 is an answer to a request.
    """

    id: int
    address: str
    text: str
    media_url: str | None = None
    choices: tuple[Choice, ...] = ()
    style: str = ""
    template_sid: str = ""
    values: tuple[str, ...] = ()
    language: str = "en"
    attempt: int = 0


@dataclass(frozen=True)
class TemplateSeen:
    """An approvable template as the provider knows it now; `status` and `reason` are WhatsApp's answer."""

    sid: str
    name: str
    language: str
    text: str
    status: str
    reason: str = ""


class Channel(Protocol):
    """A way to reach customers.

    `window_hours` is how long after their last message free text may go; `answers_with_buttons`
    says whether the answer to a request can hold buttons, or only what is sent by itself.
    """

    name: str
    window_hours: int | None
    answers_with_buttons: bool

    def send(self, message: Outgoing) -> str | None:
        """The provider's id of the message; raises NotSent or SendUnknown. May take seconds."""
