"""The delivery page of an order line: keys, links, and downloads, which are counted when asked for."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request, send_file, url_for
from werkzeug.wrappers import Response as AnyResponse

from salesbot import fulfilment
from salesbot.errors import WrongState
from salesbot.extensions import csrf, transaction
from salesbot.services import links
from salesbot.services.pages import delivery_page, unit_id
from salesbot.texts import speaking, translator
from salesbot.web import notices, pages

_ = translator("salesbot")

blueprint = Blueprint("delivery", __name__, url_prefix="/d")
blueprint.after_request(pages.private)
# Who has the address has the goods, also in a browser without cookies; nobody can guess it.
csrf.exempt(blueprint)


@blueprint.get("/<word>")
def show(word: str) -> Response:
    """What was bought. Looking at it, as preview robots do, uses nothing up."""
    return _page(links.line_id(word))


@blueprint.post("/<word>")
def download(word: str) -> AnyResponse:
    """Counts one download, and leads to its bytes."""
    line_id = links.line_id(word)
    number = request.form.get("unit", "")
    position = int(number) if number.isascii() and number.isdecimal() and len(number) < 9 else 0
    try:
        with transaction():
            unit = unit_id(line_id, position)
            if unit is None:
                raise WrongState("gone")
            counted = fulfilment.count_download(unit)
    except WrongState as exc:
        return _page(line_id, trouble=str(exc), status=410)
    return redirect(url_for("delivery.file", word=links.download_word(unit, counted)), 303)


@blueprint.get("/file/<word>")
def file(word: str) -> Response:
    """The bytes of a counted download, whole or in parts; looking at it or coming back counts nothing."""
    unit = links.downloaded_id(word)
    try:
        if unit is None:
            raise WrongState("over")
        found = fulfilment.file_of(unit)
    except WrongState:
        return notices.download_ended()
    answer = send_file(found.path, as_attachment=True, download_name=found.name, conditional=True, max_age=0)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _page(line_id: int, *, trouble: str = "", status: int = 200) -> Response:
    found = delivery_page(line_id)
    if found is None:
        return notices.not_paid_yet()
    with speaking(found.language):
        words = {
            "used up": _(
                "You have got it as often as this link allows. Write “my orders” in the chat for a new link."
            ),
            "held": _(
                "This is on hold, because its payment is being checked. "
                "A person can tell you more in the chat."
            ),
            "over": _("This link has ended. Write “my orders” in the chat for a new one."),
            "gone": _("This file is not here. Please write “a person” in the chat, and we help you."),
        }
    return pages.page(
        "delivery.html",
        language=found.language,
        channel=found.channel,
        status=status,
        delivery=found,
        trouble=words.get(trouble, words["gone"]) if trouble else "",
    )
