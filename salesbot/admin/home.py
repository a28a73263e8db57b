"""The first page: what needs somebody now, and how the last day went."""

from __future__ import annotations

from flask_admin import AdminIndexView, expose
from flask_babel import lazy_gettext

from salesbot import fulfilment, plugin_manager
from salesbot.admin import figures, security
from salesbot.admin.formatters import amount, moment, state_pill
from salesbot.admin.guard import Guard
from salesbot.errors import PluginProblem
from salesbot.extensions import db
from salesbot.messages import Card
from salesbot.models import Order
from salesbot.plugin_manager import invoke

CARDS = "salesbot_home_cards"


class Home(Guard, AdminIndexView):
    """`/admin/`."""

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Home"), menu_icon_type="fa", menu_icon_value="fa-house")

    @expose("/")
    def index(self) -> str:
        """The page."""
        cards = cards_of_plugins()
        today = figures.today()
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
                plugins_off=figures.plugins_off(),
                cards=cards,
                left_out=plugin_manager.current().problems,
                today=today,
                nobody_yet=not today.orders and db.session.query(Order.id).first() is None,
                amount=amount,
                moment=moment,
                state_pill=state_pill,
            )
        )


def cards_of_plugins() -> list[Card]:
    """What active plugins show here. Call it before anything else is read."""
    found: list[Card] = []
    for plugin, impl in plugin_manager.current().in_order(CARDS):
        found += fulfilment.outside(plugin, CARDS, lambda impl=impl: _cards(invoke(impl, {}))) or ()  # type: ignore[misc]
    return found


def _cards(value: object) -> list[Card]:
    items = [] if value is None else [value] if isinstance(value, Card) else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, Card) for item in items):
        raise PluginProblem(f"{CARDS} returns Card objects, not {value!r}")
    for card in items:
        if card.url and not security.is_local(card.url):
            raise PluginProblem(f"a card's url is a path of this shop, not {card.url!r}")
    return list(items)
