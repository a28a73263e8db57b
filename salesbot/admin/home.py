"""The first page: what needs somebody now, and how the last day went."""

from __future__ import annotations

from flask_admin import AdminIndexView, expose
from flask_babel import lazy_gettext

from salesbot import plugin_manager
from salesbot.admin import figures
from salesbot.admin.formatters import amount, moment, state_pill
from salesbot.admin.guard import Guard
from salesbot.extensions import db
from salesbot.models import Order


class Home(Guard, AdminIndexView):
    """`/admin/`."""

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Home"), menu_icon_type="fa", menu_icon_value="fa-house")

    @expose("/")
    def index(self) -> str:
        """The page."""
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
                left_out=plugin_manager.current().problems,
                today=today,
                nobody_yet=not today.orders and db.session.query(Order.id).first() is None,
                amount=amount,
                moment=moment,
                state_pill=state_pill,
            )
        )
