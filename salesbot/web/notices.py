"""Pages that say why there is nothing to see, in the language of whoever reads them."""

from __future__ import annotations

from flask import Response, url_for

from salesbot.texts import page_gettext, speaking
from salesbot.web import pages, reader


def _(sentence: str) -> str:
    """Marks a sentence for translators; it is said in the reader's language below."""
    return sentence


def not_paid_yet() -> Response:
    """A delivery page whose order is not paid."""
    return _page(
        404, _("There is nothing here yet"), _("As soon as the order is paid, you find what you bought here.")
    )


def download_ended() -> Response:
    """A download whose hours are over, or whose file is gone."""
    return _page(
        410,
        _("This download has ended"),
        _("Open your page from the chat to download it again, or write “my orders” there."),
    )


def bad_link() -> Response:
    """A link that was cut off or changed on its way."""
    return _page(
        404,
        _("This link does not work"),
        _("Perhaps a part of it is missing. Please open it from the chat, or write “my orders” there."),
    )


def nothing_here() -> Response:
    """An address that we don't have."""
    return _page(
        404,
        _("There is nothing here"),
        _("This page is not there, or not any more."),
        url=url_for("shop.home"),
        label=_("To the shop"),
    )


def our_fault() -> Response:
    """Something broke."""
    return _page(
        500,
        _("Sorry, that did not work"),
        _("It is our fault, and nothing of yours is lost. Please try again in a minute."),
    )


def _page(status: int, heading: str, text: str, *, url: str = "", label: str = "") -> Response:
    code = reader.language()
    with speaking(code):
        said = {name: page_gettext(what) for name, what in {"heading": heading, "text": text}.items()}
        label = page_gettext(label) if label else ""
    return pages.page("message.html", language=code, status=status, url=url, label=label, **said)
