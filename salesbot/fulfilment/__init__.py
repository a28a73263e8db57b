"""An order's way: placed, paid, delivered, told; every change of its state goes through one door."""

from salesbot.errors import NotForSale, OutOfStock, WrongState
from salesbot.fulfilment.deliveries import (
    count_download,
    deliver_next,
    delivery_reply,
    fill_waiting,
    renew,
    resend,
)
from salesbot.fulfilment.orders import cancel, expire_next, place
from salesbot.fulfilment.payments import (
    begin_payment,
    confirm_by_staff,
    is_payable,
    method_named,
    payment_methods,
    take_event,
)

__all__ = [
    "NotForSale",
    "OutOfStock",
    "WrongState",
    "begin_payment",
    "cancel",
    "confirm_by_staff",
    "count_download",
    "deliver_next",
    "delivery_reply",
    "expire_next",
    "fill_waiting",
    "is_payable",
    "method_named",
    "payment_methods",
    "place",
    "renew",
    "resend",
    "take_event",
]
