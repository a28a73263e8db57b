"""How the customer's pages are answered: in their language, and unseen by others."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template, url_for
from sqlalchemy.exc import SQLAlchemyError

from salesbot.channels import simulator, twilio
from salesbot.errors import SalesbotError
from salesbot.services import shop, shop_links
from salesbot.texts import speaking
from salesbot.web import reader

HEADERS = {
    # A payment page elsewhere is reached by a form of ours, so form-action is not narrowed.
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}
PRIVATE = {
    # The address itself opens what was bought: it stays out of caches and of other sites' logs.
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}


def page(
    template: str, *, language: str = "", channel: str = "", status: int = 200, **values: Any
) -> Response:
    """A page of the shop in the customer's language, which is asked for unless it is given.

    `channel` says where their chat is. What `values` say is said in the same language before.
    """
    with speaking(language or reader.language()):
        body = render_template(f"shop/{template}", chat_url=chat_url(channel), **values)
    return make_response(body, status)


def public(response: Response) -> Response:
    """Puts the strict headers on every HTML page that has none of its own, plugins' pages too."""
    if response.mimetype == "text/html":
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
    return response


def private(response: Response) -> Response:
    """Headers of a page that only one customer knows the address of."""
    response.headers.update(PRIVATE)
    return response


def chat_url(channel: str = "") -> str | None:
    """Where a customer goes on chatting; without a channel the shop's WhatsApp number."""
    try:
        if channel == simulator.NAME:
            return url_for("shop.home") if shop.is_demo() else None
        return shop_links.url() if channel in {"", twilio.NAME} else None
    except (SQLAlchemyError, SalesbotError):
        return None  # the page that says sorry must not need the database that is away
