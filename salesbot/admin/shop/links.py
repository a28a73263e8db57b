"""Links that sell: into the chat with the words typed, as an address and as a code to scan."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import segno
from flask import Response, abort, request
from flask_admin import BaseView, expose
from flask_babel import gettext, lazy_gettext
from sqlalchemy import func, select

from salesbot import clock
from salesbot.admin.access import asked
from salesbot.admin.access.guard import Guard
from salesbot.admin.rules import SHOP
from salesbot.admin.sales import takings
from salesbot.admin.shop import ads
from salesbot.admin.shop.ads import Ads
from salesbot.extensions import db
from salesbot.models import Order
from salesbot.money import show
from salesbot.services import catalog, shop, shop_links
from salesbot.services.shop_links import CATEGORY, PRODUCT

MOST = 60
"""Products on one page; more are found by words."""
_KINDS = {"png": "image/png", "svg": "image/svg+xml"}


@dataclass(frozen=True)
class Link:
    """One link: what it is of, the words it types, and its address, None without a number."""

    kind: str
    number: int
    title: str
    detail: str
    words: str
    url: str | None


class LinksView(Ads, Guard, BaseView):
    """`/admin/links/`."""

    needs = {"index": "look", "code": "look", "lead": "change", "add_ad": "change"}

    def __init__(self) -> None:
        super().__init__(
            name=lazy_gettext("Links that sell"),
            category=SHOP,
            endpoint="admin_links",
            url="links",
            menu_icon_type="fa",
            menu_icon_value="fa-qrcode",
        )

    @expose("/")
    def index(self) -> Any:
        """The links of the shop, its categories and its products, for one place or none."""
        place = shop_links.clean_place(request.args.get("place", ""))
        words, product = request.args.get("q", "").strip(), asked.number(request.args, "product")
        items = _items(words, product)
        narrowed = bool(words or product)
        return self.render(
            "admin/links.html",
            place=place,
            q=words,
            above=[] if narrowed else _above(place),
            products=[_of(item, place) for item in items[:MOST]],
            more=len(items) > MOST,
            narrowed=narrowed,
            from_where=_from_where(),
            ads=ads.rows(),
            ad_goods=ads.goods(),
        )

    @expose("/code/<kind>/<int:number>.<ext>")
    def code(self, kind: str, number: int, ext: str) -> Response:
        """A link's QR code, as a picture to look at or with `?keep=1` as a file to keep."""
        place = shop_links.clean_place(request.args.get("place", ""))
        link = _find(kind, number, place)
        if link is None or link.url is None or ext not in _KINDS:
            abort(404)
        picture, look = io.BytesIO(), {"scale": 20 if ext == "png" else 8, "border": 4}
        segno.make(link.url, error="m").save(picture, kind=ext, dark="#111", light="#fff", **look)
        answer = Response(picture.getvalue(), mimetype=_KINDS[ext])
        answer.headers["Cache-Control"] = "no-store"
        if request.args.get("keep"):
            name = "-".join(filter(None, (kind, str(number or ""), place)))
            answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{ext}"'
        return answer


def _above(place: str) -> list[Link]:
    """The shop's own link and those of its categories."""
    own = _link(shop_links.SHOP, 0, str(shop.setting("SHOP_NAME")), gettext("The whole shop"), place)
    shelves = catalog.shelves()
    return [own, *(_link(CATEGORY, one.id, one.title, gettext("Category"), place) for one in shelves)]


def _items(words: str, product: int | None) -> list[catalog.Item]:
    if product:
        return catalog.items([product])
    if words:
        return catalog.search(words)
    found: list[catalog.Item] = []
    for shelf in catalog.shelves():
        if len(found) > MOST:
            break
        found += catalog.items_on(shelf.id)
    return found


def _of(item: catalog.Item, place: str) -> Link:
    return _link(
        PRODUCT,
        item.id,
        item.title,
        show(item.price, shop.setting("CURRENCY"), str(shop.setting("LANGUAGES")[0])),
        place,
    )


def _find(kind: str, number: int, place: str) -> Link | None:
    if kind == PRODUCT:
        item = catalog.item(number)
        return None if item is None else _of(item, place)
    return next((link for link in _above(place) if (link.kind, link.number) == (kind, number)), None)


def _link(kind: str, number: int, title: str, detail: str, place: str) -> Link:
    words = shop_links.words(kind, number, title, place)
    return Link(kind, number, title, detail, words, shop_links.url(words))


def _from_where() -> list[Any]:
    """Rows (source, currency, placed, paid, money) of the orders of the last 30 days, the best first."""
    paid = func.count(Order.paid_at)
    found = db.session.execute(
        select(
            Order.source,
            Order.currency,
            func.count(Order.id).label("placed"),
            paid.label("paid"),
            func.sum(takings.of_order()).label("money"),
        )
        .where(Order.created_at >= clock.now() - timedelta(days=30), Order.source != "")
        .group_by(Order.source, Order.currency)
        .order_by(paid.desc(), func.count(Order.id).desc(), Order.source)
        .limit(20)
    )
    return list(found)
