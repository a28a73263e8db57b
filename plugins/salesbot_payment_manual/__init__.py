"""Payment by transfer: shows where to send the money; staff confirm that it has arrived."""

from __future__ import annotations

from collections.abc import Sequence

from salesbot import (
    Chat,
    Choice,
    Message,
    NeedsStaff,
    Order,
    Payment,
    PaymentMethod,
    Reply,
    Setting,
    Show,
    hookimpl,
    setting,
    show_money,
    translator,
)
from salesbot.services import proofs

_ = translator(__name__)

PROOFS = frozenset({"image/jpeg", "image/png", "image/webp", "application/pdf"})


class ManualPayment(PaymentMethod):
    """The customer sends money to the shop's account and names the order."""

    name = "manual"
    title = _("Bank transfer")

    def accepts(self, order: Order) -> bool:
        """Only when the shop has said where the money goes."""
        return bool(setting("details").strip())

    def start(self, order: Order, key: str) -> Show:
        """The shop's details, the amount, and the words to write on the transfer."""
        return Show(
            _("Please send {amount} to:\n\n{details}\n\nWrite this on it: {number}\n\n").format(
                amount=show_money(order.total, order.currency, order.customer.language),
                details=setting("details").strip(),
                number=order.number,
            )
            + _("You can send a picture of the transfer in the chat. ")
            + _("When we see your money, you get everything there.")
        )

    def refund(self, payment: Payment, amount: int, key: str) -> NeedsStaff:
        """Staff send the money back themselves."""
        return NeedsStaff("Send the money back to the account that it came from.")


@hookimpl
def salesbot_handle_message(message: Message, chat: Chat) -> Reply | None:
    """Takes the picture of a transfer while one is awaited."""
    if not any(medium.content_type in PROOFS for medium in message.media):
        return None
    order = proofs.keep(chat.id, ManualPayment.name)
    if order is None:
        return None
    return Reply(
        _(
            "Thank you! I have your picture for order {number}. We check it, and then everything comes here."
        ).format(number=order.number),
        [Choice("person", _("Talk to a person")), Choice("menu", _("Menu"))],
    )


@hookimpl
def salesbot_payment_methods() -> PaymentMethod:
    """The one way to pay by transfer."""
    return ManualPayment()


@hookimpl
def salesbot_settings() -> Sequence[Setting]:
    """Where customers send their money."""
    return [Setting("details", "Bank or wallet details (name, number, bank)")]
