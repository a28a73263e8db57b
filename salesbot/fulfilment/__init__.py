"""An order's way: placed, paid, delivered, told; every change of its state goes through one door."""

from salesbot.errors import CouponRefused, NotForSale, OutOfStock, WrongState
from salesbot.fulfilment.deliveries import (
    deliver_next,
    delivery_reply,
    fill_waiting,
    resend,
    tell_next,
    try_again,
)
from salesbot.fulfilment.door import is_payable
from salesbot.fulfilment.downloads import count_download, file_of, renew
from salesbot.fulfilment.events import not_taken, take_event
from salesbot.fulfilment.giving_back import refund_next
from salesbot.fulfilment.methods import (
    failed,
    may_come_back,
    method_named,
    method_title,
    method_titles,
    outside,
    payment_methods,
)
from salesbot.fulfilment.orders import cancel, expire_next, opened, place, remind_next
from salesbot.fulfilment.payments import (
    begin_payment,
    confirm_by_staff,
    reject_by_staff,
)
from salesbot.fulfilment.refunds import ask_refund, refundable, refundable_of, refunded_by_staff
from salesbot.fulfilment.undoing import (
    found_after_all,
    give_again,
    may_be_withdrawn,
    withdraw_refund,
)

__all__ = [
    "CouponRefused",
    "NotForSale",
    "OutOfStock",
    "WrongState",
    "ask_refund",
    "begin_payment",
    "cancel",
    "confirm_by_staff",
    "count_download",
    "deliver_next",
    "delivery_reply",
    "expire_next",
    "failed",
    "file_of",
    "fill_waiting",
    "found_after_all",
    "give_again",
    "is_payable",
    "may_be_withdrawn",
    "may_come_back",
    "method_named",
    "method_title",
    "method_titles",
    "not_taken",
    "opened",
    "outside",
    "payment_methods",
    "place",
    "refund_next",
    "refundable",
    "refundable_of",
    "refunded_by_staff",
    "reject_by_staff",
    "remind_next",
    "renew",
    "resend",
    "take_event",
    "tell_next",
    "try_again",
    "withdraw_refund",
]
