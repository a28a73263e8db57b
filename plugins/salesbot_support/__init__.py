"""Helps, fetches a person, and stops messages that nobody asked for."""

from __future__ import annotations

from salesbot import Chat, Choice, Message, Reply, hookimpl, translator
from salesbot.services import consent, inbox

_ = translator(__name__)


@hookimpl
def salesbot_menu_items() -> Choice:
    """The way to a person."""
    return Choice("person", _("Talk to a person"))


@hookimpl
def salesbot_handle_message(message: Message, chat: Chat) -> Reply | None:
    """Answers help, person and stop."""
    menu = Choice("menu", _("Menu"))
    if message.choice == "help":
        return Reply(
            _(
                "Write what you are looking for, or pick a line.\n"
                'Write "menu" to begin again, or "person" to talk to one of us.'
            ),
            [menu, Choice("orders", _("My orders")), Choice("person", _("Talk to a person"))],
        )
    if message.choice == "person":
        inbox.want_person(chat.id)
        return Reply(
            _(
                "A person will answer you here. You can already write what it is about.\n"
                'Write "menu" to go on with me.'
            )
        )
    if message.choice == "stop":
        consent.stop(chat.customer.id)
        return Reply(
            _(
                "Done. I will not write to you by myself any more. "
                "What you buy still comes here. Write to me whenever you like."
            ),
            [menu],
        )
    return None
