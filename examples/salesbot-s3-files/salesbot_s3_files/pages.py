"""The page behind the link that a buyer has: it stays, and makes a new address for each download.

The link is good for as long as the buyer may have the file. What it leads to is good for minutes, so
that an address that is passed on, or lies in a history, opens nothing the day after.
"""

import logging

from flask import Blueprint, make_response, redirect, render_template

from salesbot import speaking, translator
from salesbot.models import Delivery, db
from salesbot.services import links
from salesbot_s3_files import storage

log = logging.getLogger(__name__)
_ = translator(__name__)

KIND = "s3_file"
PURPOSE = "s3_files"

blueprint = Blueprint("s3_files", __name__, url_prefix="/s3-files")


def address_of(key):
    """The page of one unit; nobody can guess it."""
    return f"{links.base_url()}/s3-files/{links.signed(PURPOSE, key)}"


@blueprint.get("/<word>")
def show(word):
    """Looking at it, as preview robots do, loads nothing."""
    unit = _unit(word)
    return _answer(unit, word, _trouble(unit))


@blueprint.get("/<word>/file")
def load(word):
    """On to the storage, from where the bytes come, whole or in parts."""
    unit = _unit(word)
    trouble = _trouble(unit)
    if not trouble:
        try:
            return _private(redirect(storage.address_of(storage.file_of(unit.line.options)), 302))
        except storage.Wrong:
            log.exception("unit %s can't be loaded", unit.id)
            with speaking(unit.line.order.customer.language):
                trouble = _(
                    "This file is not here now. Please write “a person” in the chat, and we help you."
                )
    return _answer(unit, word, trouble)


def _unit(word):
    """BadLink, which salesbot answers with a kind page, when the word was not made here."""
    key = links.opened(PURPOSE, word)
    return db.get_or_404(Delivery, int(key.removeprefix("unit-")))


def _trouble(unit):
    """Why the buyer can't have it now, in their words; "" when they can."""
    with speaking(unit.line.order.customer.language):
        if unit.state != "delivered":
            return _("This was taken back. Please write “a person” in the chat if you think that is wrong.")
        if unit.line.order.frozen_at is not None:
            return _("This is on hold, because its payment is being checked.")
    return ""


def _answer(unit, word, trouble):
    order = unit.line.order
    with speaking(order.customer.language):
        body = render_template(
            "s3_files/page.html",
            language=order.customer.language,
            title=unit.line.title,
            file_name=str(unit.line.options.get("file", "")).rpartition("/")[2],
            text=unit.text,
            word=word,
            trouble=trouble,
            words={
                "load": _("Download"),
                "keep": _("Keep this page to yourself: who has its link has what you bought."),
                "again": _("Did it stop half-way? Come back here, and press the button again."),
            },
        )
    return _private(make_response(body, 410 if trouble else 200))


def _private(answer):
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer
