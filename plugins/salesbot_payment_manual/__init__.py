"""Payment by transfer: shows where to send the money; staff confirm that it has arrived."""

from __future__ import annotations

from collections.abc import Sequence

from salesbot import (
    NeedsStaff,
    Order,
    Payment,
    PaymentMethod,
    Setting,
    Show,
    hookimpl,
    setting,
    show_money,
    translator,
)

_ = translator(__name__)


class ManualPayment(PaymentMethod):
    """The customer sends money to the shop's account and names the order."""

    name = "manual"
    title = "Bank transfer"

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
            + _("When we see your money, you get everything in your chat.")
        )

    def refund(self, payment: Payment, amount: int, key: str) -> NeedsStaff:
        """Staff send the money back themselves."""
        return NeedsStaff("Send the money back to the account that it came from.")


@hookimpl
def salesbot_payment_methods() -> PaymentMethod:
    """The one way to pay by transfer."""
    return ManualPayment()


@hookimpl
def salesbot_settings() -> Sequence[Setting]:
    """Where customers send their money."""
    return [Setting("details", "Bank or wallet details (name, number, bank)")]
