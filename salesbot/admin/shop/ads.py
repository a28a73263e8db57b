"""Advertisements on the page of links: those that people came by, and where each leads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from salesbot.admin.shown.noted import because
from salesbot.errors import SalesbotError
from salesbot.extensions import db, transaction
from salesbot.models import Advertisement, Category, Product
from salesbot.services import advertisements, catalog

MOST_GOODS = 400
"""Products in the drop-down; what is meant beyond them is found by its words."""
Option = tuple[str, str]


@dataclass(frozen=True)
class Row:
    """An advertisement, where it leads, and where it might."""

    ad: Advertisement
    chosen: str
    is_guess: bool


class Ads:
    """The forms about advertisements; mixed into the view of links."""

    get_url: Any

    @expose("/ad/<int:id>", methods=["POST"])
    def lead(self, id: int) -> Response:
        """From now on an advertisement leads to the chosen goods."""
        return self._kept(lambda: advertisements.lead(id, request.form.get("target", "")))

    @expose("/ad", methods=["POST"])
    def add_ad(self) -> Response:
        """The same for one that nobody has come by yet."""
        return self._kept(
            lambda: advertisements.add(request.form.get("words", "")[:500], request.form.get("target", ""))
        )

    def _kept(self, work: Callable[[], Advertisement]) -> Response:
        try:
            with transaction():
                work()
        except SalesbotError as exc:
            flash(because(exc), "error")
        else:
            flash(gettext("Saved. It counts for whoever comes next."), "success")
        return redirect(self.get_url(".index") + "#ads")


def rows() -> list[Row]:
    """The advertisements that are known; for those that lead nowhere yet, a guess."""
    found = []
    for ad in advertisements.seen():
        guess = "" if ad.target else advertisements.suggested(ad)
        found.append(Row(ad, ad.target or guess, bool(guess)))
    return found


def goods() -> tuple[Sequence[Option], Sequence[Option]]:
    """What an advertisement can lead to: categories and products, each with its title."""
    shelves = (
        select(Category.id, Category.title).where(Category.active).order_by(Category.position, Category.id)
    )
    products = (
        select(Product.id, Product.title)
        .join(Category, Category.id == Product.category_id)
        .where(catalog.FOR_SALE)
        .order_by(Product.title, Product.id)
        .limit(MOST_GOODS)
    )
    return (
        [(f"category:{number}", title) for number, title in db.session.execute(shelves)],
        [(f"product:{number}", title) for number, title in db.session.execute(products)],
    )
