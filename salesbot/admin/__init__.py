"""The back office: a view for every model, and the pages that staff work on."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from flask import Flask
from flask_admin import Admin
from flask_admin.theme import Bootstrap4Theme
from flask_babel import gettext
from sqlalchemy.orm import DeclarativeBase

from salesbot import models, plugin_manager
from salesbot.admin.access import security, signin
from salesbot.admin.access.account import AccountView
from salesbot.admin.home import figures
from salesbot.admin.home.news import NewsView
from salesbot.admin.home.view import Home
from salesbot.admin.inbox.conversations import ConversationView
from salesbot.admin.people.customers import CustomerView
from salesbot.admin.people.misunderstood import MisunderstoodView
from salesbot.admin.rows.views import BY_MODEL, ShopModelView
from salesbot.admin.rules import OTHER, PEOPLE, SALES, SHOP, SYSTEM
from salesbot.admin.sales.orders import OrderView
from salesbot.admin.shop.coupons import CouponView
from salesbot.admin.shop.keys import LicenceKeyView
from salesbot.admin.shop.links import LinksView
from salesbot.admin.shop.menu import MenuView
from salesbot.admin.shop.products import ProductView
from salesbot.admin.shop.quick_answers import QuickAnswerView
from salesbot.admin.shop.words import WordsView
from salesbot.admin.shown import formatters, reader
from salesbot.admin.shown.noted import noted
from salesbot.admin.simulator.view import SimulatorView
from salesbot.admin.system import installing
from salesbot.admin.system.first_steps import FirstStepsView
from salesbot.admin.system.history import AuditView
from salesbot.admin.system.plugins import PluginsView
from salesbot.admin.system.settings import SettingsView
from salesbot.admin.system.staff import StaffView
from salesbot.admin.system.templates import TemplatesView
from salesbot.admin.system.whatsapp import ConnectView
from salesbot.migrations import of_plugins
from salesbot.services import shop

_VIEWS: dict[type[Any], type[ShopModelView]] = {
    models.AuditEntry: AuditView,
    models.Conversation: ConversationView,
    models.Coupon: CouponView,
    models.Customer: CustomerView,
    models.LicenceKey: LicenceKeyView,
    models.Order: OrderView,
    models.Product: ProductView,
    models.QuickAnswer: QuickAnswerView,
    models.StaffUser: StaffView,
}
"""Models whose rows have a page of their own; all others get the view that suits any."""


def init_admin(app: Flask, plugin_models: Iterable[type[DeclarativeBase]] | None = None) -> Admin:
    """Builds the back office of `app`, with a view for each model of the core and of its plugins.

    `plugin_models`: those of plugins; if None they are looked for. Call it inside an app context.
    """
    security.init(app)
    signin.init(app)
    installing.init(app)
    admin = Admin(
        app,
        name="salesbot",
        theme=Bootstrap4Theme(swatch="darkly", fluid=True),
        index_view=Home(),
        csp_nonce_generator=security.csp_nonce,
    )
    for group in (SHOP, SALES, PEOPLE, OTHER, SYSTEM):
        admin.add_category(group)
    others = models_of_plugins() if plugin_models is None else plugin_models
    everything: list[type[Any]] = [*models.ALL, *others]
    views = {model: _VIEWS.get(model, ShopModelView)(model) for model in everything}
    app.extensions[BY_MODEL] = views
    for view in views.values():
        admin.add_view(view)
    admin.add_view(LinksView())
    admin.add_view(SimulatorView())
    admin.add_view(NewsView())
    admin.add_view(FirstStepsView())
    admin.add_view(PluginsView())
    admin.add_view(ConnectView())
    admin.add_view(TemplatesView())
    admin.add_view(WordsView())
    admin.add_view(MenuView())
    admin.add_view(MisunderstoodView())
    admin.add_view(SettingsView())
    admin.add_view(AccountView())
    app.context_processor(_frame)
    app.add_template_filter(noted)
    app.add_template_filter(formatters.phone)
    app.add_template_filter(reader.name_of, "language_name")
    return admin


def models_of_plugins() -> list[type[DeclarativeBase]]:
    """The models that active plugins of this app define."""
    return [model for plugin in plugin_manager.current().plugins for model in of_plugins.models_of(plugin)]


class Frame:
    """What the frame around the pages shows, asked for only where it is shown.

    So a page which says that the database is away needs no database.
    """

    @property
    def page_address(self) -> str:
        """The page that this is, to come back to it after signing in."""
        return security.page_address()

    @property
    def shop_name(self) -> str:
        """The shop's name."""
        return str(shop.setting("SHOP_NAME"))

    @property
    def currency(self) -> str:
        """The currency of its prices."""
        return str(shop.setting("CURRENCY"))

    @property
    def language(self) -> str:
        """The language of the page."""
        return reader.language().replace("_", "-")

    @property
    def zone(self) -> str:
        """The time zone that whoever looks has chosen; "" for their browser's own."""
        return reader.chosen_zone()

    @property
    def has_number(self) -> bool:
        """Whether the shop has a number on WhatsApp."""
        return bool(shop.setting("TWILIO_WHATSAPP_NUMBER"))

    @cached_property
    def waiting(self) -> dict[str, int]:
        """What waits behind a line of the menu, by the view's endpoint."""
        return {"admin_conversation": figures.waiting_people()}


_SHOWN = {
    name: getattr(formatters, name)
    for name in ("amount", "came_from", "in_words", "moment", "pill", "state_pill", "web_link")
}
"""What pages show values with, plugins' pages too."""


def _frame() -> dict[str, Any]:
    return {"_": gettext, "noted": noted, **_SHOWN, "sb": Frame()} if security.in_back_office() else {}
