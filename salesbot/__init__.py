"""salesbot sells digital products on WhatsApp; everything a plugin author needs comes from here."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from salesbot.clock import now
from salesbot.hookspecs import hookimpl
from salesbot.messages import (
    Card,
    Chat,
    Choice,
    Customer,
    Delivered,
    Job,
    Location,
    Media,
    Message,
    NeedsStaff,
    NotFromProvider,
    Order,
    OrderLine,
    Payment,
    PaymentEvent,
    PaymentMethod,
    Periodic,
    Product,
    Redirect,
    Refunded,
    Replies,
    Reply,
    Setting,
    Show,
    Unit,
)
from salesbot.money import decimals as currency_decimals
from salesbot.money import show as show_money
from salesbot.texts import plural_translator, speaking, translator
from salesbot.understanding import is_one_of, is_row_id

if TYPE_CHECKING:
    from salesbot.admin.page import AdminPage, expose
    from salesbot.app import create_app
    from salesbot.jobs import later
    from salesbot.plugin_manager import setting, transaction
    from salesbot.turns import menu_items, search

__version__ = "0.1.0"

_LAZY = {
    "AdminPage": "salesbot.admin.page",
    "create_app": "salesbot.app",
    "expose": "salesbot.admin.page",
    "later": "salesbot.jobs",
    "menu_items": "salesbot.turns",
    "search": "salesbot.turns",
    "setting": "salesbot.plugin_manager",
    "transaction": "salesbot.plugin_manager",
}
"""Loaded when they are first used: they need the database, and a plugin's import should be quick."""

__all__ = [
    "AdminPage",
    "Card",
    "Chat",
    "Choice",
    "Customer",
    "Delivered",
    "Job",
    "Location",
    "Media",
    "Message",
    "NeedsStaff",
    "NotFromProvider",
    "Order",
    "OrderLine",
    "Payment",
    "PaymentEvent",
    "PaymentMethod",
    "Periodic",
    "Product",
    "Redirect",
    "Refunded",
    "Replies",
    "Reply",
    "Setting",
    "Show",
    "Unit",
    "create_app",
    "currency_decimals",
    "expose",
    "hookimpl",
    "is_one_of",
    "is_row_id",
    "later",
    "menu_items",
    "now",
    "plural_translator",
    "search",
    "setting",
    "show_money",
    "speaking",
    "transaction",
    "translator",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
