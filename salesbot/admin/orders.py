"""One order from top to bottom: what was bought, paid and delivered, when, and what can be done now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, request
from flask_admin import expose
from flask_babel import gettext
from werkzeug.wrappers import Response

from salesbot import fulfilment
from salesbot.admin import figures, formatters
from salesbot.admin.order_facts import facts
from salesbot.admin.received import is_shown
from salesbot.admin.roles import staff_name
from salesbot.admin.views import ShopModelView
from salesbot.errors import WrongState
from salesbot.extensions import db, transaction
from salesbot.models import Delivery, Order, Payment, Refund
from salesbot.money import to_decimal, to_minor
from salesbot.services import orders


class OrderView(ShopModelView):
    """Orders; a click opens the page of one."""

    details_template = "admin/order.html"

    @expose("/details/")
    def details_view(self) -> Any:
        """The order's page."""
        order = self._order(request.args.get("id", ""))
        return self.render(
            self.details_template,
            order=order,
            facts=facts(order),
            is_shown=is_shown,
            look=_open_note(order),
            by_hand=figures.BY_HAND,
            state_pill=formatters.state_pill,
            moment=formatters.moment,
            amount=formatters.amount,
            to_decimal=to_decimal,
        )

    @expose("/<int:id>/confirm", methods=["POST"])
    def confirm(self, id: int) -> Response:
        """Staff have seen the money of a payment."""
        payment = self._payment(id)
        if payment.method not in figures.BY_HAND:
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
        if payment.method not in figures.BY_HAND:
            abort(400)
        number, why = payment.id, request.form.get("why", "").strip()[:500]
        return self._do(
            id,
            lambda: fulfilment.reject_by_staff(number, who=staff_name(), why=why),
            gettext("The customer is told that the money is not here."),
        )

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
        delivery = db.session.get(Delivery, request.form.get("delivery", 0, type=int))
        if delivery is None or delivery.line.order_id != id:
            abort(400)
        number = delivery.id
        return self._do(id, lambda: fulfilment.renew(number), gettext("It can be downloaded again."))

    @expose("/<int:id>/give-back", methods=["POST"])
    def give_back(self, id: int) -> Response:
        """Asks for money to be given back, and for the chosen units to end with it."""
        payment = self._payment(id)
        try:
            minor = to_minor(request.form.get("amount", "").strip().replace(",", "."), payment.currency)
            units = tuple(int(unit) for unit in request.form.getlist("unit"))
        except ValueError:
            flash(gettext("Type an amount like %(example)s.", example="5.00"), "error")
            return self._back(id)
        number, why = payment.id, request.form.get("why", "").strip()[:500]
        return self._do(
            id,
            lambda: fulfilment.ask_refund(number, minor, who=staff_name(), why=why, units=units),
            gettext("The money goes back; the customer will hear of it."),
        )

    @expose("/<int:id>/gave-back", methods=["POST"])
    def gave_back(self, id: int) -> Response:
        """Staff have given the money of a refund back themselves."""
        refund = db.session.get(Refund, request.form.get("refund", 0, type=int))
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
            orders.note(order, staff_name(), figures.LOOKED, request.form.get("why", "").strip()[:500])

        return self._do(id, note, gettext("Noted."))

    def _payment(self, id: int) -> Payment:
        """The payment of this order that the form speaks of."""
        payment = db.session.get(Payment, request.form.get("payment", 0, type=int))
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
            flash(str(exc), "error")
        else:
            if said:
                flash(said, "success")
        return self._back(id)

    def _back(self, id: int) -> Response:
        """To the page that the form stood on: a chat, or the order itself."""
        return redirect(request.form.get("url") or self.get_url(".details_view", id=id))


def _open_note(order: Order) -> str:
    """What salesbot wants a person to look at, or "" when somebody has."""
    for event in reversed(order.events):
        if event.what == figures.LOOKED:
            return ""
        if event.what == figures.LOOK:
            return event.why
    return ""
