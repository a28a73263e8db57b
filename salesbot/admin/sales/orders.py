"""One order from top to bottom: what was bought, paid and delivered, when, and what can be done now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, request
from flask_admin import expose
from flask_babel import gettext
from werkzeug.wrappers import Response

from salesbot import fulfilment
from salesbot.admin.access import asked, audit
from salesbot.admin.access.received import is_shown
from salesbot.admin.access.roles import staff_name
from salesbot.admin.rows.fields import read_amount
from salesbot.admin.rows.views import ShopModelView
from salesbot.admin.sales import order_story
from salesbot.admin.sales.order_facts import Facts, facts
from salesbot.admin.shown.formatters import local
from salesbot.admin.shown.noted import because, noted
from salesbot.errors import WrongState
from salesbot.extensions import db, transaction
from salesbot.models import Delivery, Order, Payment, Refund
from salesbot.models.orders import LOOK_AT_THIS, LOOKED_AT
from salesbot.models.payments import SEEN_BY_STAFF
from salesbot.money import to_decimal
from salesbot.services import links, orders


class OrderView(ShopModelView):
    """Orders; a click opens the page of one."""

    details_template = "admin/order.html"

    @expose("/details/")
    def details_view(self) -> Any:
        """The order's page."""
        order = self._order(request.args.get("id", ""))
        shown = facts(order)
        return self.render(
            self.details_template,
            order=order,
            facts=shown,
            story=order_story.tell(shown),
            shares=_shares(shown),
            is_shown=is_shown,
            look=_open_note(order),
            by_hand=SEEN_BY_STAFF,
            may_be_withdrawn=fulfilment.may_be_withdrawn,
            to_decimal=to_decimal,
        )

    @expose("/<int:id>/confirm", methods=["POST"])
    def confirm(self, id: int) -> Response:
        """Staff have seen the money of a payment."""
        payment = self._payment(id)
        if payment.method not in SEEN_BY_STAFF:
            abort(400)
        number, outcome = payment.id, []
        answer = self._do(
            id, lambda: outcome.append(fulfilment.confirm_by_staff(number, who=staff_name())), ""
        )
        if outcome == ["paid"]:
            flash(gettext("The money is confirmed. What was bought is on its way."), "success")
        elif outcome:
            flash(gettext("The money is noted: %(outcome)s", outcome=outcome[0]), "warning")
        return answer

    @expose("/<int:id>/reject", methods=["POST"])
    def reject(self, id: int) -> Response:
        """Staff don't find the money of a payment; the buyer hears of it."""
        payment = self._payment(id)
        if payment.method not in SEEN_BY_STAFF:
            abort(400)
        number, why = payment.id, request.form.get("why", "").strip()[:500]
        return self._do(
            id,
            lambda: fulfilment.reject_by_staff(number, who=staff_name(), why=why),
            gettext("The customer is told that the money is not here."),
        )

    @expose("/<int:id>/after-all", methods=["POST"])
    def after_all(self, id: int) -> Response:
        """The money of a payment that was turned down is there."""
        payment, who = self._payment(id), staff_name()
        if payment.method not in SEEN_BY_STAFF:
            abort(400)
        number = payment.id
        said = gettext("The money is confirmed. What was bought is on its way.")
        return self._do(id, lambda: fulfilment.found_after_all(number, who=who), said)

    @expose("/<int:id>/resend", methods=["POST"])
    def resend(self, id: int) -> Response:
        """Sends everything that was delivered once more."""
        return self._do(
            id, lambda: fulfilment.resend(id, who=staff_name()), gettext("It is on its way again.")
        )

    @expose("/<int:id>/cancel", methods=["POST"])
    def cancel(self, id: int) -> Response:
        """Ends an order that nobody has paid."""
        return self._do(
            id,
            lambda: fulfilment.cancel(id, who=staff_name(), why="cancelled in the back office"),
            gettext("The order is cancelled; what it held is free again."),
        )

    @expose("/<int:id>/renew", methods=["POST"])
    def renew(self, id: int) -> Response:
        """Gives a file its downloads and its days anew."""
        delivery = asked.row(Delivery, request.form, "delivery")
        if delivery is None or delivery.line.order_id != id:
            abort(400)
        number = delivery.id
        return self._do(id, lambda: fulfilment.renew(number), gettext("It can be downloaded again."))

    @expose("/<int:id>/try-again", methods=["POST"])
    def try_again(self, id: int) -> Response:
        """What kept a unit from being delivered is put right."""
        delivery, who = asked.row(Delivery, request.form, "delivery"), staff_name()
        if delivery is None or delivery.line.order_id != id:
            abort(400)
        number = delivery.id
        said = gettext("It is tried again now.")
        return self._do(id, lambda: fulfilment.try_again(number, who=who), said)

    @expose("/<int:id>/give-back", methods=["POST"])
    def give_back(self, id: int) -> Response:
        """Asks for money to be given back, and for the chosen units to end with it."""
        payment = self._payment(id)
        try:
            minor = read_amount(request.form.get("amount", ""), payment.currency)
        except ValueError as exc:
            flash(because(exc), "error")
            return self._back(id)
        units = tuple(asked.numbers(request.form, "unit"))
        if len(units) != len(request.form.getlist("unit")):
            abort(400)
        number, why, who = payment.id, request.form.get("why", "").strip()[:500], staff_name()
        by_hand = payment.method in SEEN_BY_STAFF and bool(request.form.get("sent"))

        def ask() -> None:
            refund = fulfilment.ask_refund(number, minor, who=who, why=why, units=units)
            if by_hand:
                fulfilment.refunded_by_staff(refund.id, who=who)

        said = gettext("The money goes back; the customer will hear of it.")
        return self._do(id, ask, gettext("Noted; the customer is told.") if by_hand else said)

    @expose("/<int:id>/withdraw", methods=["POST"])
    def withdraw(self, id: int) -> Response:
        """A refund that nobody has made yet is not made."""
        refund, who = asked.row(Refund, request.form, "refund"), staff_name()
        if refund is None or refund.payment.order_id != id:
            abort(400)
        number = refund.id
        said = gettext("No money goes back; the customer keeps everything.")
        return self._do(id, lambda: fulfilment.withdraw_refund(number, who=who), said)

    @expose("/<int:id>/give-again", methods=["POST"])
    def give_again(self, id: int) -> Response:
        """A unit that was taken back is the customer's again."""
        delivery, who = asked.row(Delivery, request.form, "delivery"), staff_name()
        if delivery is None or delivery.line.order_id != id:
            abort(400)
        number = delivery.id
        said = gettext("The customer has it again.")
        return self._do(id, lambda: fulfilment.give_again(number, who=who), said)

    @expose("/<int:id>/gave-back", methods=["POST"])
    def gave_back(self, id: int) -> Response:
        """Staff have given the money of a refund back themselves."""
        refund = asked.row(Refund, request.form, "refund")
        if refund is None or refund.payment.order_id != id:
            abort(400)
        number = refund.id
        return self._do(
            id,
            lambda: fulfilment.refunded_by_staff(number, who=staff_name()),
            gettext("Noted; the customer is told."),
        )

    @expose("/<int:id>/looked", methods=["POST"])
    def looked(self, id: int) -> Response:
        """Notes that somebody has looked at what salesbot was unsure about."""

        def note() -> None:
            order = orders.locked(id)
            if order is None:
                raise WrongState("this order does not exist")
            orders.note(order, staff_name(), LOOKED_AT, request.form.get("why", "").strip()[:500])

        return self._do(id, note, gettext("Noted."))

    @expose("/<int:id>/open", methods=["POST"])
    def open_page(self, id: int) -> Response:
        """Opens the buyer's page of one line, on which keys and links stand in full, and notes who did."""
        order = self._order(str(id))
        wanted = asked.number(request.form, "line")
        line = next((one for one in order.lines if one.id == wanted), None)
        if line is None:
            abort(400)
        number, title, what, address = order.id, order.number, line.title, links.delivery_url(line.id)
        db.session.rollback()
        with transaction():
            audit.note("opened", Order, row=str(number), title=title, line=[None, what])
        # On the same host: the policy of the page lets its forms lead to no other one.
        return redirect(local(address), 303)

    def _payment(self, id: int) -> Payment:
        """The payment of this order that the form speaks of."""
        payment = asked.row(Payment, request.form, "payment")
        if payment is None or payment.order_id != id:
            abort(400)
        return payment

    def _order(self, id: str) -> Order:
        order: Order | None = self.get_one(id)
        if order is None:
            abort(404)
        return order

    def _do(self, id: int, work: Callable[[], object], said: str) -> Response:
        self._order(str(id))
        try:
            with transaction():
                work()
        except WrongState as exc:
            flash(because(exc), "error")
        else:
            if said:
                flash(said, "success")
        return self._back(id)

    def _back(self, id: int) -> Response:
        """To the page that the form stood on: a chat, or the order itself."""
        return redirect(request.form.get("url") or self.get_url(".details_view", id=id))


def _shares(shown: Facts) -> dict[int, tuple[Payment, int]]:
    """What of which payment goes back for one unit of a line, in minor units, by the line's id."""
    payment = next((one for one in shown.payments if shown.refundable[one.id] > 0), None)
    if payment is None:
        return {}
    left = shown.refundable[payment.id]
    shares = {line.id: (line.amount - line.discount) // line.quantity for line in shown.order.lines}
    return {line_id: (payment, min(share, left)) for line_id, share in shares.items() if share}


def _open_note(order: Order) -> str:
    """What salesbot wants a person to look at, or "" when somebody has."""
    for event in reversed(order.events):
        if event.what == LOOKED_AT:
            return ""
        if event.what == LOOK_AT_THIS:
            return noted(event.why)
    return ""
