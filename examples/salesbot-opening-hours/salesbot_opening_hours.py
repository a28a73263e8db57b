"""Says when a person answers, to whoever asks for one while nobody is there."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from salesbot import Setting, hookimpl, now, setting, translator

_ = translator(__name__)


@hookimpl
def salesbot_settings():
    return [
        Setting("opening_hours", "Hours in which a person answers, such as 9-17", default="9-17"),
        Setting("opening_zone", "Whose hours these are, such as Europe/Berlin", default="UTC"),
    ]


@hookimpl(tryfirst=True)
def salesbot_handle_message(message, chat):
    """Notes that a person was asked for, and leaves the answer to the shop."""
    if message.choice == "person":
        chat.data["asked"] = True


@hookimpl
def salesbot_filter_reply(reply, chat):
    """Puts the hours under the shop's answer."""
    if not chat.data.pop("asked", False) or is_open():
        return None
    hours = _("We are here from {hours} o'clock.").format(hours=setting("opening_hours").replace("-", " to "))
    return replace(reply, text=f"{reply.text}\n\n{hours}")


def is_open():
    opens, _dash, closes = setting("opening_hours").partition("-")
    return int(opens) <= now().astimezone(ZoneInfo(setting("opening_zone"))).hour < int(closes)
