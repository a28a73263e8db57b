"""The receipt of a paid order, as a page to print and as a PDF to keep."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response

from salesbot import fulfilment
from salesbot.extensions import db
from salesbot.services import links, receipts
from salesbot.texts import speaking
from salesbot.web import pages

blueprint = Blueprint("receipts", __name__, url_prefix="/pay")
blueprint.after_request(pages.private)


@blueprint.get("/<word>/receipt")
def page(word: str) -> Response:
    """The receipt, in the customer's language."""
    found = _receipt(word)
    return pages.page("receipt.html", language=found.language, receipt=found, word=word)


@blueprint.get("/<word>/receipt.pdf")
def pdf(word: str) -> Response:
    """The same as a PDF."""
    from salesbot.services import receipt_pdf  # noqa: PLC0415 - half a second, for those who want one

    found = _receipt(word)
    answer = make_response(receipt_pdf.render(found))
    answer.mimetype = "application/pdf"
    answer.headers["Content-Disposition"] = f"inline; filename=receipt-{found.number}.pdf"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _receipt(word: str) -> receipts.Receipt:
    order_id = links.order_id(word)
    language = receipts.language_of(order_id)
    # Plugins are asked outside any transaction: they may use HTTP.
    db.session.rollback()
    if language is None:
        abort(404)
    with speaking(language):
        titles = fulfilment.method_titles()
        found = receipts.receipt(order_id, titles)
    if found is None:
        abort(404)
    return found
