"""Orders, money, and what is handed over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _

from salesbot import models
from salesbot.admin.exceptions.shorthand import names, record
from salesbot.admin.rules import SALES, Rules, Waiting
from salesbot.admin.shown.formatters import (
    source,
)
from salesbot.models.deliveries import DELIVERY_STATES
from salesbot.models.orders import ORDER_STATES
from salesbot.models.payments import PAYMENT_STATES, REFUND_STATES
from salesbot.services import needed

EXCEPTIONS: Mapping[type[Any], Rules] = {
    models.Order: record(
        many=_("Orders"),
        one=_("order"),
        group=SALES,
        icon="fa-cart-shopping",
        first=names("number customer total state created_at"),
        not_in_list=names(
            "conversation currency expires_at paid_at fulfilled_at closed_at reminded_at frozen_at"
            " tentative discount coupon source_details"
        ),
        not_in_audit=names("source_details"),
        labels={
            "source": _("Came from"),
            "created_at": _("Placed"),
            "closed_at": _("Closed"),
            "customer.name": _("Customer's name"),
        },
        needs={
            "confirm": "money",
            "reject": "money",
            "cancel": "money",
            "give_back": "money",
            "gave_back": "money",
            "withdraw": "money",
            "give_again": "money",
            "after_all": "money",
            "resend": "deliver",
            "open_page": "deliver",
            "renew": "deliver",
            "try_again": "deliver",
            "looked": "answer",
        },
        choices={"state": ORDER_STATES},
        formatters={"source": source},
        filters=names("state total created_at paid_at source customer.name"),
        waiting={
            "look": Waiting(_("Orders to look at"), needed.orders_to_look_at),
            "undelivered": Waiting(_("Paid and not delivered"), needed.undelivered_orders),
        },
        search=names("number"),
        large=True,
        empty=_("Nobody has ordered yet. Say “hi” in the simulator and buy something."),
    ),
    models.OrderLine: record(
        many=_("Order lines"),
        one=_("order line"),
        group=SALES,
        in_menu=False,
        first=names("order title quantity unit_price amount"),
        not_in_list=names("position options product discount tax_rate"),
        search=names("title"),
        large=True,
    ),
    models.OrderEvent: record(
        not_in_audit=names("why"),
        many=_("Order timeline"),
        one=_("entry"),
        group=SALES,
        in_menu=False,
        large=True,
    ),
    models.Payment: record(
        many=_("Payments"),
        one=_("payment"),
        group=SALES,
        icon="fa-money-bill-wave",
        first=names("order amount method state reference created_at"),
        not_in_list=names("currency confirmed_at proof"),
        labels={"created_at": _("Begun"), "confirmed_at": _("Confirmed")},
        choices={"state": PAYMENT_STATES},
        filters=names("state method amount created_at"),
        waiting={"check": Waiting(_("Payments to check"), needed.payments_to_check)},
        search=names("reference"),
        large=True,
        empty=_("No payments yet. They come when a customer chooses on the pay page how to pay."),
    ),
    models.PaymentEvent: record(
        many=_("Payment events"),
        one=_("payment event"),
        group=SALES,
        in_menu=False,
        search=names("event_id reference"),
        large=True,
    ),
    models.Refund: record(
        many=_("Refunds"),
        one=_("refund"),
        group=SALES,
        icon="fa-rotate-left",
        not_in_audit=names("why"),
        first=names("payment amount state why created_at"),
        not_in_list=names("currency reference event_id who units attempts due_at claimed_at done_at"),
        choices={"state": REFUND_STATES},
        filters=names("state amount created_at"),
        waiting={"by_hand": Waiting(_("Money to give back by hand"), needed.refunds_to_make)},
        empty=_("No refunds yet. Money is given back on the page of its order."),
    ),
    models.Delivery: record(
        many=_("Deliveries"),
        one=_("delivery"),
        group=SALES,
        icon="fa-truck-fast",
        first=names("line state downloads downloads_allowed delivered_at error"),
        never=names("text link"),
        not_in_audit=names("file"),
        not_in_list=names(
            "position file file_name expires_at attempts due_at claimed_at told_at licence_key"
        ),
        labels={"line": _("What"), "licence_key": _("Key"), "error": _("Reason")},
        choices={"state": DELIVERY_STATES},
        filters=names("state delivered_at due_at"),
        large=True,
        empty=_("Nothing has been delivered yet. What a paid order brings appears here."),
    ),
}
