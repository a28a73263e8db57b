"""The pay page of one order: what, how much, how to pay; afterwards the way back to the chat."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from salesbot import fulfilment
from salesbot.errors import WrongState
from salesbot.extensions import csrf, db, transaction
from salesbot.messages import Redirect
from salesbot.services import links
from salesbot.services.pages import OrderPage, order_page
from salesbot.texts import speaking, translator
from salesbot.web import pages

log = logging.getLogger(__name__)
_ = translator("salesbot")

blueprint = Blueprint("checkout", __name__, url_prefix="/pay")
blueprint.after_request(pages.private)
# Who has the address may pay, also in a browser without cookies; nobody can guess it.
csrf.exempt(blueprint)


@blueprint.get("/<word>")
def show(word: str) -> Response:
    """The order as it is now."""
    return _page(_order(word))


@blueprint.post("/<word>/opened")
def opened(word: str) -> tuple[str, int]:
    """The page's script says that a person has it open; a robot that previews links runs no script."""
    order_id = links.order_id(word)
    with transaction():
        fulfilment.opened(order_id)
    return "", 204


@blueprint.post("/<word>")
def pay(word: str) -> AnyResponse:
    """Begins a payment: on to the provider, or to a text that says how to pay."""
    order = _order(word)
    db.session.rollback()
    if order.state != "pending":
        return redirect(request.path, 303)
    try:
        answer = fulfilment.begin_payment(order.frozen.id, request.form.get("method", ""))
    except WrongState as exc:
        log.warning("order %s could not be paid: %s", order.number, exc)
        with speaking(order.language):
            trouble = _("This way to pay does not work right now. Please try another one, or again later.")
        return _page(_order(word), trouble=trouble, status=409)
    if isinstance(answer, Redirect):
        return redirect(answer.url, 303)
    return _page(_order(word), instructions=answer.text)


def _order(word: str) -> OrderPage:
    found = order_page(links.order_id(word))
    if found is None:
        abort(404)
    return found


def _page(order: OrderPage, *, instructions: str = "", trouble: str = "", status: int = 200) -> Response:
    methods = []
    if order.state == "pending":
        # Plugins are asked outside any transaction: they may use HTTP here.
        db.session.rollback()
        with speaking(order.language):
            methods = fulfilment.payment_methods(order.frozen)
    return pages.page(
        "pay.html",
        language=order.language,
        channel=order.channel,
        status=status,
        order=order,
        methods=methods,
        method_title=fulfilment.method_title,
        instructions=instructions,
        trouble=trouble,
    )
