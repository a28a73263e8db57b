"""The cart of one chat, kept in the plugin's notes, and the unpaid order that holds its goods."""

from __future__ import annotations

from salesbot import Chat, fulfilment
from salesbot.models import Order, db
from salesbot.services import catalog


class Cart:
    """Product ids with how many of each. Changing it replaces the unpaid order."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        order = self.open_order()
        if order is None and "order" in chat.data:
            self.forget()

    @property
    def items(self) -> dict[int, int]:
        """How many of which product."""
        return {int(number): count for number, count in self._chat.data.get("items", {}).items()}

    @items.setter
    def items(self, items: dict[int, int]) -> None:
        self._chat.data["items"] = {str(number): count for number, count in items.items()}

    def open_order(self) -> Order | None:
        """The order that holds the cart's goods, while it can be paid."""
        number = self._chat.data.get("order")
        order = db.session.get(Order, number) if number is not None else None
        return order if order is not None and fulfilment.is_payable(order) else None

    def add(self, product_id: int, count: int) -> None:
        """Puts more of a product in; buying the same one again in the same number is the same wish."""
        items = self.items
        items[product_id] = count
        self.items = items

    def remove(self, product_id: int) -> None:
        """Takes a product out."""
        self.items = {number: count for number, count in self.items.items() if number != product_id}

    @property
    def coupon(self) -> str | None:
        """The code that is to make the order cheaper."""
        code: str | None = self._chat.data.get("coupon")
        return code

    @coupon.setter
    def coupon(self, code: str | None) -> None:
        self._chat.data["coupon"] = code

    @property
    def goes_on(self) -> bool:
        """Whether what is bought next joins goods that were only looked at so far."""
        return bool(self._chat.data.get("goes_on"))

    def go_on(self) -> None:
        """The customer wants what they looked at, and something else with it."""
        if self.open_order() is not None:
            self._chat.data["goes_on"] = True

    def place(self, *, tentative: bool = False) -> Order:
        """Holds the goods, but for a `tentative` order: a new order in place of the one before.

        Raises OutOfStock, NotForSale, CouponRefused; then the order before is still there.
        """
        with db.session.begin_nested():
            self._cancel("the cart was changed")
            order = fulfilment.place(
                self._chat.customer.id,
                self._chat.id,
                list(self.items.items()),
                coupon=self.coupon,
                tentative=tentative,
            )
        self._chat.data["order"] = order.id
        self._chat.data.pop("goes_on", None)
        return order

    def empty(self) -> None:
        """Lets everything go."""
        self._cancel("the customer emptied the cart")
        self.forget()

    def forget(self) -> None:
        """Begins a new cart; the order stays as it is."""
        for name in ("items", "order", "coupon", "goes_on"):
            self._chat.data.pop(name, None)

    def forget_what_is_gone(self) -> None:
        """Takes out what is not for sale any more."""
        self.items = {number: count for number, count in self.items.items() if catalog.item(number)}

    def _cancel(self, why: str) -> None:
        order = self.open_order()
        if order is not None:
            fulfilment.cancel(order.id, who="customer", why=why)
