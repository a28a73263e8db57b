"""Names that no new plugin can have: the words, tables, addresses and folders of the shop itself."""

from __future__ import annotations

from salesbot.global_words import global_words, known_words
from salesbot.messages import Choice
from salesbot.plugin_loading import BUILT_IN
from salesbot.understanding import Shown, understand

LANGUAGES = ("en", "es", "pt")
LONGEST = 30
"""Letters of a name: the names of a table's constraints are longer by as much again, and may have 63."""

OPENING = "hi"
"""The word with which people open the menu, and with which the generated tests do."""
LINES = ("Look around", "My cart", "My orders", "Talk to a person", "Language", "Menu")
"""Titles that the menu of a shop has without any other plugin."""
ADDRESSES = frozenset(
    {
        "account",
        "charts",
        "first-steps",
        "links",
        "login",
        "logout",
        "menu",
        "misunderstood",
        "news",
        "plugins",
        "settings",
        "simulator",
        "static",
        "templates",
        "whatsapp",
        "words",
    }
)
"""Pages of the back office besides those of tables, below /admin/."""
TABLES = frozenset(
    {
        "advertisement",
        "audit_entry",
        "canned_reply",
        "category",
        "consent",
        "content_template",
        "conversation",
        "conversation_event",
        "conversation_label",
        "coupon",
        "customer",
        "customer_address",
        "delivery",
        "job",
        "label",
        "licence_key",
        "menu_line",
        "message",
        "message_template",
        "news_choice",
        "not_needed",
        "notice",
        "notice_mail",
        "notice_push",
        "order",
        "order_event",
        "order_line",
        "payment",
        "payment_event",
        "plugin_failure",
        "plugin_state",
        "plugin_usage",
        "presence",
        "product",
        "push_device",
        "quick_answer",
        "refund",
        "shop_revision",
        "shop_setting",
        "staff_user",
        "stock_wait",
        "webhook_trouble",
        "wording",
        "worker_beat",
    }
)
FOLDERS = frozenset({"admin", "phone", "shop"})
"""Folders of the shop's own templates."""
KINDS = frozenset({"file", "key", "link"})
"""Kinds of products that the shop delivers itself."""
METHODS = frozenset({"demo", "manual", "stripe"})
"""Ways to pay that the shop brings."""


def why_taken(dashed: str) -> str:
    """Why no plugin can be called so, as the rest of a sentence; "" when one can."""
    plugin, words = dashed.replace("-", "_"), dashed.replace("-", " ")
    if len(dashed) > LONGEST:
        return f"it has more than {LONGEST} letters"
    if plugin in BUILT_IN:
        return "a built-in plugin is called that"
    if words == OPENING:
        return f"a customer who writes {words!r} wants the menu"
    understood = understand(
        words,
        None,
        Shown(tuple(Choice(title, title) for title in LINES)),
        more_title="",
        question_open=False,
        global_words=global_words(LANGUAGES),
        known_words=known_words(LANGUAGES),
    )
    if understood.choice is not None:
        return f"{words!r} means {understood.choice!r} in every chat"
    table = next((name for name in sorted(TABLES) if name == plugin or name.startswith(f"{plugin}_")), None)
    if table is not None:
        return f"the names of its tables would begin as that of the shop's own table {table!r}"
    if dashed in ADDRESSES:
        return f"the back office has a page /admin/{dashed}/"
    if plugin in FOLDERS:
        return f"the shop has templates in a folder {plugin!r}"
    if plugin in KINDS:
        return f"the shop sells products of the kind {plugin!r} itself"
    if plugin in METHODS:
        return f"the shop has a way to pay that is called {plugin!r}"
    return ""


def another(dashed: str) -> str:
    """A name like this one that a plugin can have."""
    short = dashed[: LONGEST - len("-extra")].rstrip("-")
    return next(name for name in (f"{short}-plus", f"{short}-extra", f"extra-{short}") if not why_taken(name))
