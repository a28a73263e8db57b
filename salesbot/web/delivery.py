"""The delivery page of an order line: keys, links, and downloads, counted when asked for."""

from __future__ import annotations

from flask import Blueprint, Response, request, send_file

from salesbot import fulfilment
from salesbot.errors import WrongState
from salesbot.extensions import csrf, transaction
from salesbot.services import links
from salesbot.services.pages import delivery_page, unit_id
from salesbot.texts import speaking, translator
from salesbot.web import pages

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
def download(word: str) -> Response:
    """Counts one download and gives the file."""
    line_id = links.line_id(word)
    number = request.form.get("unit", "")
    position = int(number) if number.isascii() and number.isdecimal() and len(number) < 9 else 0
    try:
        with transaction():
            unit = unit_id(line_id, position)
            if unit is None:
                raise WrongState("gone")
            path, name = fulfilment.count_download(unit)
    except WrongState as exc:
        return _page(line_id, trouble=str(exc), status=410)
    return send_file(path, as_attachment=True, download_name=name, max_age=0)


def _page(line_id: int, *, trouble: str = "", status: int = 200) -> Response:
    found = delivery_page(line_id)
    if found is None:
        return pages.page(
            "message.html",
            status=404,
            heading=_("There is nothing here yet"),
            text=_("As soon as the order is paid, you find what you bought here."),
        )
    with speaking(found.language):
        words = {
            "used up": _(
                "You have got it as often as this link allows. Write “my orders” in the chat for a new link."
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
