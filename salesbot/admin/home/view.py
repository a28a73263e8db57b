"""The first page: what needs somebody now, and how the last day went."""

from __future__ import annotations

from typing import Any

from flask import current_app
from flask_admin import AdminIndexView, expose
from flask_babel import lazy_gettext

from salesbot import fulfilment, models, plugin_manager
from salesbot.admin.access import security
from salesbot.admin.access.guard import Guard
from salesbot.admin.home import billing, figures, trends
from salesbot.admin.rows.views import BY_MODEL, ShopModelView
from salesbot.admin.system import first_steps
from salesbot.errors import PluginProblem
from salesbot.extensions import db
from salesbot.messages import Card
from salesbot.models import Order
from salesbot.money import to_decimal
from salesbot.replies import one_or_many
from salesbot.services import misunderstood, shop

CARDS = "salesbot_home_cards"
LOW_STOCK_SHOWN = 8
MISUNDERSTOOD_READ = 200
_STEPS = {
    "wrote": lazy_gettext("Wrote"),
    "saw": lazy_gettext("Picked a product"),
    "cart": lazy_gettext("Put it into the cart"),
    "opened": lazy_gettext("Opened the pay page"),
    "paid": lazy_gettext("Paid"),
    "delivered": lazy_gettext("Got it"),
    "downloaded": lazy_gettext("Downloaded it"),
}


class Home(Guard, AdminIndexView):
    """`/admin/`."""

    needs = {"charts": "look"}

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Home"), menu_icon_type="fa", menu_icon_value="fa-house")

    @expose("/")
    def index(self) -> str:
        """The page."""
        cards = cards_of_plugins()
        steps = first_steps.left_for_home()
        periods = trends.periods()
        heard, more_heard = misunderstood.newest(MISUNDERSTOOD_READ)
        return str(
            self.render(
                "admin/home.html",
                people=figures.people_waiting(),
                messages=figures.troubled_messages(),
                payments=figures.payments_to_check(),
                refunds=figures.refunds_to_make(),
                look=figures.orders_to_look_at(),
                undelivered=figures.undelivered_orders(),
                low_stock=figures.low_stock(),
                misunderstood=heard,
                misunderstood_count=f"{len(heard)}+" if more_heard else len(heard),
                plugins_off=figures.plugins_off(),
                cards=cards,
                steps=steps,
                left_out=plugin_manager.current().problems,
                periods=periods,
                month=billing.this_month(),
                free_messages=billing.FREE,
                may_open=self._may_open,
                all_of=_all_of,
                low_stock_shown=LOW_STOCK_SHOWN,
                nobody_yet=not periods[-1].orders and db.session.query(Order.id).first() is None,
            )
        )

    @expose("/charts")
    def charts(self) -> str:
        """The part of the page that takes longest to count; the page fetches it once it stands."""
        currency = str(shop.setting("CURRENCY"))
        return str(
            self.render(
                "admin/home_charts.html",
                by_day=_series(trends.by_day(currency), currency),
                funnel=[(_STEPS[step.name], step.chats) for step in trends.funnel()],
                best_sellers=trends.best_sellers(),
                not_found=trends.not_found(),
            )
        )

    def _may_open(self, endpoint: str) -> bool:
        """Whether whoever looks may use a function of a view."""
        blueprint, _, name = endpoint.partition(".")
        views = self.admin._views  # noqa: SLF001 - Flask-Admin tells of them nowhere else
        return any(view.endpoint == blueprint and view.may_use(name) for view in views)


def _all_of(model: str, name: str) -> str:
    """The list of those rows of a model that wait for `name`."""
    view: ShopModelView = current_app.extensions[BY_MODEL][getattr(models, model)]
    return view.waiting_url(name)


def _series(days: list[trends.Day], currency: str) -> dict[str, list[Any]]:
    """What the chart draws; amounts as the numbers that people write."""
    return {
        "days": [day.day.isoformat() for day in days],
        "money": [float(to_decimal(day.money, currency)) for day in days],
        "paid": [day.paid for day in days],
    }


def cards_of_plugins() -> list[Card]:
    """What active plugins show here. Call it before anything else is read."""
    found: list[Card] = []
    for plugin, impl in plugin_manager.current().in_order(CARDS):
        found += fulfilment.outside(plugin, CARDS, lambda impl=impl: _cards(impl())) or ()  # type: ignore[misc]
    return found


def _cards(value: object) -> list[Card]:
    cards = one_or_many(value, Card, CARDS)
    for card in cards:
        if card.url and not security.is_local(card.url):
            raise PluginProblem(f"a card's url is a path of this shop, not {card.url!r}")
    return cards
