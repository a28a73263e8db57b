"""Helps, fetches a person, and stops or allows messages that nobody asked for."""

from __future__ import annotations

from salesbot import Chat, Choice, Message, Reply, hookimpl, menu_items, translator
from salesbot.services import consent, hours, inbox

_ = translator(__name__)


@hookimpl
def salesbot_menu_items() -> Choice:
    """The way to a person."""
    return Choice("person", _("Talk to a person"))


@hookimpl
def salesbot_handle_message(message: Message, chat: Chat) -> Reply | None:
    """Answers help, person, stop and start."""
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
        if not hours.are_now():
            away = _(
                "Nobody is here right now. People answer: {hours}. Your message waits for them.\n"
                'Write "menu" to go on with me.'
            )
            return Reply(away.format(hours=hours.shown()))
        return Reply(
            _(
                "A person will answer you here. You can already write what it is about.\n"
                'Write "menu" to go on with me.'
            )
        )
    if message.choice == "start":
        again = _("Welcome back. From now on I may tell you news again.")
        if consent.start(chat.customer.id, chat_id=chat.id, wording=again):
            return Reply(again, menu_items(chat))
        return Reply(_("What would you like?"), menu_items(chat))
    if message.choice == "stop":
        done = _(
            "Done. I will not write to you by myself any more. "
            "What you buy still comes here. Write to me whenever you like."
        )
        consent.stop(chat.customer.id, chat_id=chat.id, wording=done)
        return Reply(done, [menu])
    return None
