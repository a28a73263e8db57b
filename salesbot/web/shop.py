"""The shop's front: its page, pictures, the demo's phone, courses, and words for wrong turns."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, current_app, request, send_file, send_from_directory, url_for
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from salesbot import fulfilment
from salesbot.errors import BadLink, NotSent, SalesbotError, WrongState
from salesbot.extensions import db
from salesbot.money import show as show_money
from salesbot.public_address import base_url
from salesbot.services import (
    attachments,
    catalog,
    documents,
    file_names,
    links,
    look,
    shop,
    shop_links,
    uploads,
)
from salesbot.services.pages import course as course_product
from salesbot.shop_state import as_last_seen
from salesbot.texts import language, page_gettext, page_ngettext, translator
from salesbot.web import notices, pages
from salesbot.web.phone import is_this_computer

log = logging.getLogger(__name__)
_ = translator("salesbot")

blueprint = Blueprint("shop", __name__)
blueprint.after_app_request(pages.public)

YEAR = 31_536_000
MOST_ON_SHELF = 24
"""Products of a category on the page; its link shows the rest in the chat."""
_FOR_PROGRAMS = ("/webhooks", "/health", "/metrics", "/phone", "/static", "/media")


@blueprint.get("/")
def home() -> Response:
    """The demo's phone for whoever sits at this computer, else the shop's page with its number."""
    if shop.is_demo() and is_this_computer(request):
        return pages.page(
            "demo.html",
            phone_base=url_for("phone.messages").removesuffix("/messages"),
            new_url=url_for("phone.new"),
            staff_url="/admin/",
        )
    return _front()


def _front() -> Response:
    """What there is, each with its link into the chat, and what messengers show of this address."""
    shelves = [(shelf, catalog.items_on(shelf.id)[:MOST_ON_SHELF]) for shelf in catalog.shelves()]
    covers = [item.cover for _shelf, items in shelves for item in items[:1] if item.cover]
    language, currency = str(shop.setting("LANGUAGES")[0]), str(shop.setting("CURRENCY"))

    def into_chat(kind: str, number: int = 0, title: str = "") -> str | None:
        return shop_links.url(shop_links.words(kind, number, title, "web"))

    def price(item: catalog.Item) -> str:
        return _("free") if item.price == 0 else show_money(item.price, currency, language)

    return pages.page(
        "home.html",
        language=language,
        public=True,
        shelves=shelves,
        covers=[url_for("shop.media", name=cover) for cover in covers],
        chat_number=shop_links.chat_number(),
        into_chat=into_chat,
        price=price,
        public_url=f"{base_url()}/",
        preview=links.cover_url(covers[0]) if covers else None,
    )


@blueprint.get("/media/<name>")
def media(name: str) -> Response:
    """A product's picture. Its name changes with its content, so it may be kept for ever."""
    if name.startswith("."):
        abort(404)
    return send_from_directory(uploads.covers_folder(), name, max_age=YEAR)


@blueprint.get("/media/unit/<word>")
def document(word: str) -> Response:
    """A bought file on its way into a chat, for the provider to look at and fetch; nothing is counted."""
    unit = links.fetched_id(word)
    try:
        if unit is None:
            raise WrongState("over")
        file = fulfilment.file_of(unit)
    except WrongState:
        abort(410)
    return _for_the_chat(file.path, file.name)


@blueprint.get("/media/sent/<word>")
def attachment(word: str) -> Response:
    """A file that staff send, for the provider to look at and fetch."""
    stored = attachments.fetched(word)
    try:
        if stored is None:
            raise NotSent("its hours are over")
        file = attachments.file_of(stored)
    except NotSent:
        abort(410)
    return _for_the_chat(file, attachments.name_of(stored))


def _for_the_chat(path: Path, name: str) -> Response:
    kind = documents.content_type(path, name)
    if kind is None:
        abort(404)
    shown_as = file_names.on_whatsapp(name)
    answer = send_file(path, mimetype=kind, download_name=shown_as, conditional=True, max_age=0)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return pages.private(answer)


@blueprint.get("/course/<word>")
def course(word: str) -> Response:
    """The private page of a course whose text is in the product's options."""
    product = course_product(word)
    content = product.options.get("course") if product is not None else None
    if product is None or not content:
        abort(404)
    return pages.private(pages.page("course.html", title=product.title, cover=product.cover, **content))


@blueprint.get("/look.css")
def look_css() -> Response:
    """The shop's colour; its address changes with it."""
    answer = Response(look.css(), mimetype="text/css")
    answer.headers["Cache-Control"] = f"public, max-age={YEAR}"
    return answer


@blueprint.app_context_processor
def names_on_every_page() -> dict[str, Any]:
    """What `shop/base.html` needs, for the pages of plugins too."""
    if request.path.startswith("/admin"):
        return {}
    return {
        **_of_the_shop(),
        "home_url": url_for("shop.home"),
        "language": language().replace("_", "-"),
        "_": page_gettext,
        "ngettext": page_ngettext,
    }


def _of_the_shop() -> dict[str, Any]:
    try:
        colour, logo = look.colour(), look.logo()
        return {
            "shop_name": str(shop.setting("SHOP_NAME")),
            "look_url": url_for("shop.look_css", v=colour[1:]) if colour else None,
            "logo_url": url_for("shop.media", name=logo) if logo else None,
        }
    except (SQLAlchemyError, SalesbotError):
        # The page that says sorry must not need the database that is away.
        return {"shop_name": str(current_app.config["SHOP_NAME"])}


@blueprint.app_errorhandler(BadLink)
def bad_link(_error: BadLink) -> Response:
    """A link that was cut off or changed on its way."""
    return pages.private(notices.bad_link())


@blueprint.app_errorhandler(404)
def nothing_here(error: HTTPException) -> Response | HTTPException:
    """An address that we don't have; the back office says so in its own look."""
    if request.path.startswith((*_FOR_PROGRAMS, "/admin/")):
        return error
    return notices.nothing_here()


@blueprint.app_errorhandler(500)
def our_fault(error: HTTPException) -> Response | HTTPException:
    """Something broke. It is in the log; the customer hears that nothing is lost."""
    if request.path.startswith((*_FOR_PROGRAMS, "/admin")):
        return error
    db.session.rollback()
    # The database may be what broke: nothing is asked of it that is known.
    with as_last_seen():
        return notices.our_fault()
