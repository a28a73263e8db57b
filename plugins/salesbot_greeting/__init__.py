"""Says hello and shows the main menu."""

from __future__ import annotations

from salesbot import Chat, Message, Reply, hookimpl, is_one_of, menu_items, translator
from salesbot.services import hours, shop

_ = translator(__name__)

THANKS = _("thanks, thank you, thank you very much, great thanks, many thanks, ok thanks")
HELLOS = _("hi, hello, hey, hi there, hello there, good morning, good afternoon, good evening, hola")


@hookimpl
def salesbot_handle_message(message: Message, chat: Chat) -> Reply | None:
    """Answers hello, thanks and the menu."""
    if message.choice == "menu":
        return Reply(_("What would you like?"), menu_items(chat))
    if is_one_of(message.text, _(HELLOS)):
        return Reply(_hello(chat), menu_items(chat))
    if is_one_of(message.text, _(THANKS)):
        return Reply(_("You are welcome! Is there anything else?"), menu_items(chat))
    return None


def _hello(chat: Chat) -> str:
    name = chat.customer.name.split()[0] if chat.customer.name.split() else ""
    hello = _("Hi {name}! 👋").format(name=name) if name else _("Hi! 👋")
    welcome = _("Welcome to {shop}. What would you like?").format(shop=shop.setting("SHOP_NAME"))
    if hours.are_known() and not hours.sells_now():
        closed = _("We are closed right now. Look around; you can buy when we are open: {hours}.")
        welcome += "\n\n" + closed.format(hours=hours.shown())
    elif hours.are_known():
        welcome += "\n\n" + _("People answer: {hours}. I am always here.").format(hours=hours.shown())
    return f"{hello} {welcome}"
