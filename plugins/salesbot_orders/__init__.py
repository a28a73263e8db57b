"""Shows a customer's orders and gives again what they bought."""

from __future__ import annotations

from salesbot import Chat, Choice, Message, Reply, fulfilment, hookimpl, is_row_id, show_money, translator
from salesbot.services import orders

_ = translator(__name__)


@hookimpl
def salesbot_menu_items() -> Choice:
    """The way to what was bought."""
    return Choice("orders", _("My orders"))


@hookimpl
def salesbot_handle_message(message: Message, chat: Chat) -> Reply | None:
    """Lists orders, or gives one of them again."""
    if message.choice == "orders":
        return _list(chat)
    owner, _colon, number = (message.choice or "").partition(":")
    if owner == "orders" and is_row_id(number):
        return fulfilment.delivery_reply(int(number), chat.customer.id)
    return None


def _list(chat: Chat) -> Reply | None:
    found = orders.of_customer(chat.customer.id)
    menu = Choice("menu", _("Menu"))
    if not found:
        return Reply(_("You have not bought anything yet."), [menu])
    if len(found) == 1:
        return fulfilment.delivery_reply(found[0].id, chat.customer.id)
    lines = [
        Choice(
            f"orders:{order.id}",
            " + ".join(line.title for line in order.lines)[:60],
            show_money(order.total, order.currency, chat.language),
        )
        for order in found
    ]
    return Reply(_("Your orders. Pick one to get it again:"), [*lines, menu])
