"""Taking the demo out of a shop, so that it becomes the seller's own; what is theirs stays."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from salesbot.database import db
from salesbot.errors import WrongState
from salesbot.models import Category, LicenceKey, Product, ShopSetting
from salesbot.services import shop

ROWS = "demo.rows"
_OF_PRODUCT = (
    *("category_id", "kind", "title", "summary", "description", "price", "tax_rate", "cover"),
    *("file", "file_name", "link", "delivery_text", "options", "position"),
)
_SETTINGS = ("demo", "SHOP_NAME", "CURRENCY", "payment_manual.details")
_OF_CATEGORY = ("title", "detail", "position")


@dataclass
class Cleared:
    """What became of the demo's goods, by title.

    `hidden` is what somebody bought while trying: it is not for sale any more, and its orders stay.
    `kept` is what the seller has changed, and so is theirs.
    """

    removed: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def note_rows() -> None:
    """Remembers what the demo has put into the shop, and how it looked. Flush only."""
    rows: dict[str, str] = {}
    for product in db.session.scalars(select(Product)):
        rows[f"product:{product.id}"] = _look_of(product)
    for category in db.session.scalars(select(Category)):
        rows[f"category:{category.id}"] = _look_of(category)
    settings = db.session.scalars(select(ShopSetting).where(ShopSetting.name.in_(_SETTINGS)))
    rows |= {f"setting:{row.name}": row.value for row in settings}
    shop.save(ROWS, json.dumps(rows))


def untouched(products: list[Product]) -> set[int]:
    """The ids of those of these products that the demo brought and nobody has changed."""
    rows = _noted()
    brought = [one for one in products if f"product:{one.id}" in rows]
    return {one.id for one in brought if rows[f"product:{one.id}"] == _look_of(one)}


def clear(*, keep_goods: bool = False) -> Cleared:
    """Ends the demo. Flush only: it is one transaction, or nothing.

    The demo's untouched goods are removed or, with `keep_goods`, only no longer for sale. The name,
    the bank details and the currency of the demo go; what the seller typed stays. WrongState when
    this is no demo shop.
    """
    rows, done = _noted(), Cleared()
    # From here on the shop's state is not asked for: it would be remembered half changed.
    shop.changing()
    is_demo = db.session.get(ShopSetting, "demo", populate_existing=True)
    if is_demo is None or is_demo.value != "1":
        raise WrongState("this is no demo shop any more")
    for product in db.session.scalars(select(Product).order_by(Product.id).with_for_update()).all():
        look = rows.get(f"product:{product.id}")
        if look is None:
            continue
        if look != _look_of(product):
            done.kept.append(product.title)
        elif not keep_goods and _is_removed(product):
            done.removed.append(product.title)
        else:
            product.active = False
            done.hidden.append(product.title)
    db.session.flush()
    _clear_shelves(rows)
    _clear_settings(rows)
    db.session.flush()
    return done


def _noted() -> dict[str, str]:
    return dict(json.loads(shop.state().texts.get(ROWS) or "{}"))


def _look_of(row: Product | Category) -> str:
    """A word that changes when somebody changes the row, or puts keys of theirs beside it."""
    names = _OF_PRODUCT if isinstance(row, Product) else _OF_CATEGORY
    seen: list[Any] = [getattr(row, name) for name in names]
    if isinstance(row, Product):
        keys = select(LicenceKey.id).where(LicenceKey.product_id == row.id).order_by(LicenceKey.id)
        seen.append(list(db.session.scalars(keys)))
    return hashlib.sha256(json.dumps(seen, sort_keys=True, default=str).encode()).hexdigest()[:32]


def _is_removed(product: Product) -> bool:
    """Removes it with its keys; False, and nothing is changed, when an order or anything else needs it."""
    try:
        with db.session.begin_nested():
            db.session.execute(
                delete(LicenceKey).where(
                    LicenceKey.product_id == product.id, LicenceKey.delivery_id.is_(None)
                )
            )
            db.session.delete(product)
            db.session.flush()
    except IntegrityError:
        return False
    return True


def _clear_shelves(rows: dict[str, str]) -> None:
    """Removes the demo's empty categories, and hides those that hold only what is hidden."""
    for category in db.session.scalars(select(Category)).all():
        if rows.get(f"category:{category.id}") != _look_of(category):
            continue
        on_sale = db.session.scalars(select(Product.active).where(Product.category_id == category.id)).all()
        if not on_sale:
            db.session.delete(category)
        elif not any(on_sale):
            category.active = False


def _clear_settings(rows: dict[str, str]) -> None:
    """Forgets what the demo has set, as far as it still is as the demo set it."""
    for name in _SETTINGS:
        row = db.session.get(ShopSetting, name, populate_existing=True)
        if row is not None and (name == "demo" or row.value == rows.get(f"setting:{name}")):
            db.session.delete(row)
