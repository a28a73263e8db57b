"""One customer: where they write from, what they bought and agreed to, and joining two who are one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import abort, flash, redirect, request
from flask_admin import expose
from flask_babel import gettext
from sqlalchemy import or_, select
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response

from salesbot import people
from salesbot.admin.access import asked
from salesbot.admin.access.roles import staff_name
from salesbot.admin.people.personal_data import PersonalData
from salesbot.admin.rows.fields import LanguageField
from salesbot.admin.rows.views import ShopModelView
from salesbot.admin.shown import formatters, kept_words
from salesbot.admin.shown.noted import because
from salesbot.errors import SalesbotError
from salesbot.extensions import db, transaction
from salesbot.models import Conversation, Customer, CustomerAddress, Order
from salesbot.services import consent

_LOOKS = {
    "state_pill": formatters.state_pill,
    "moment": formatters.moment,
    "amount": formatters.amount,
    "agreed_words": kept_words.agreed,
}
SHOWN = 20
"""Chats, orders and people found on the page of one customer."""


class CustomerView(PersonalData, ShopModelView):
    """Customers; a click opens the page of one."""

    details_template = "admin/customer.html"

    def _read_form(self, *args: Any) -> None:
        super()._read_form(*args)
        self.form_overrides["language"] = LanguageField

    @expose("/details/")
    def details_view(self) -> Any:
        """The customer's page; `find` looks for another who is the same person."""
        customer = self.customer(request.args.get("id", ""))
        words = request.args.get("find", "").strip()[:100]
        return self.render(
            self.details_template,
            find=words,
            found=_others(customer.id, words) if words else [],
            **_about(customer),
            **_LOOKS,
        )

    @expose("/<int:id>/join/<int:other>")
    def confirm_join(self, id: int, other: int) -> Any:
        """Both side by side, before they become one."""
        customer, second = self.customer(str(id)), self.customer(str(other))
        if customer.id == second.id:
            abort(404)
        return self.render("admin/customer_join.html", both=[_about(customer), _about(second)], **_LOOKS)

    @expose("/<int:id>/join", methods=["POST"])
    def join(self, id: int) -> Response:
        """Makes them one."""
        other = asked.number(request.form, "other") or 0
        try:
            with transaction():
                people.join(id, other, who=staff_name())
        except SalesbotError as exc:
            flash(because(exc), "error")
        else:
            flash(gettext("They are one customer now, with all chats and orders."), "success")
        return redirect(self.get_url(".details_view", id=id))


def _about(customer: Customer) -> dict[str, Any]:
    """What pages show of a customer."""
    own = Conversation.customer_id == customer.id
    bought = select(Order).where(Order.customer_id == customer.id).order_by(Order.id.desc()).limit(SHOWN)
    return {
        "customer": customer,
        "chats": db.session.scalars(select(Conversation).where(own).limit(SHOWN)).all(),
        "orders": db.session.scalars(bought).all(),
        "agreements": consent.history(customer.id),
    }


def _others(customer_id: int, words: str) -> Sequence[Customer]:
    """Customers whose name or address holds these words."""
    holds = or_(
        Customer.name.icontains(words, autoescape=True),
        Customer.addresses.any(CustomerAddress.address.icontains(words, autoescape=True)),
    )
    return db.session.scalars(
        select(Customer)
        .where(holds, Customer.id != customer_id)
        .options(selectinload(Customer.addresses))
        .order_by(Customer.id.desc())
        .limit(SHOWN)
    ).all()
