"""Helps, gives quick answers, fetches a person, and stops or allows messages that nobody asked for."""

from __future__ import annotations

from salesbot import Chat, Choice, Message, Reply, hookimpl, menu_items, translator
from salesbot.services import consent, hours, inbox, quick_answers
from salesbot_support import answers

_ = translator(__name__)


@hookimpl
def salesbot_menu_items() -> Choice:
    """The way to a person."""
    return Choice("person", _("Talk to a person"))


@hookimpl(tryfirst=True, specname="salesbot_handle_message")
def quick_answer(message: Message, chat: Chat) -> Reply | None:
    """Words that ask for nothing but a quick answer: the shop's own come before what anybody else says."""
    found = quick_answers.find(message.text) if message.text else None
    return answers.reply(chat, found) if found is not None and found.whole else None


@hookimpl
def salesbot_handle_message(message: Message, chat: Chat) -> Reply | None:
    """Answers help, person, stop and start, and words that hold those of a quick answer."""
    menu = Choice("menu", _("Menu"))
    if message.text:
        found = quick_answers.find(message.text)
        return None if found is None else answers.reply(chat, found)
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
