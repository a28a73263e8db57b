"""The demo shop: goods in shop.toml, covers and downloads beside it, and how it is loaded."""

from __future__ import annotations

import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import func, select

from salesbot.config import DEMO_SIGN_IN
from salesbot.database import db
from salesbot.demo import clearing
from salesbot.errors import SalesbotError
from salesbot.models import Category, Customer, Product
from salesbot.services import catalog, pages, shop, staff, stock, uploads

OWNER = "owner@demo.example"
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True)
class Loaded:
    """What `load_demo` did; `sign_in` as the function of this name gives it."""

    products: int
    sign_in: tuple[str, str] | None
    again: bool

    def __str__(self) -> str:
        done = "The demo shop is there already" if self.again else "The demo shop is loaded"
        lines = [f"{done}: {self.products} products."]
        if self.sign_in is not None:
            lines.append("Sign in at /admin/ as {} with the password {}".format(*self.sign_in))
        return "\n".join(lines)


def load_demo() -> Loaded:
    """Fills an empty shop with the demo; a second time it changes nothing. Flushes, never commits.

    SalesbotError when the shop holds anything of its own.
    """
    if shop.is_demo():
        return _loaded(again=True)
    _refuse_a_real_shop()
    content = read()
    for position, shelf in enumerate(content["categories"], 1):
        category = Category(title=shelf["title"], detail=shelf["summary"], position=position)
        db.session.add(category)
        for place, goods in enumerate(shelf["products"], 1):
            _add(category, place, goods, content["courses"])
    _name_the_shop(content)
    shop.save("demo", "1")
    shop.save("payment_manual.details", content["transfer"])
    if not staff.exist():
        staff.add(OWNER, _new_password(), name="Demo owner")
    db.session.flush()
    clearing.note_rows()
    return _loaded(again=False)


def read() -> dict[str, Any]:
    """The content of shop.toml."""
    return tomllib.loads(_file("shop.toml").read_text(encoding="utf-8"))


def _file(*path: str) -> Any:
    return files(__package__).joinpath(*path)


def _refuse_a_real_shop() -> None:
    if (
        catalog.has_any()
        or db.session.scalar(select(func.count(Category.id)))
        or db.session.scalar(select(func.count(Customer.id)))
    ):
        raise SalesbotError(
            "This shop has goods or customers of its own, so the demo is not loaded. Try it in an "
            "empty folder: SALESBOT_INSTANCE=/path/to/the/folder salesbot serve --demo"
        )


def _add(category: Category, place: int, goods: Mapping[str, Any], courses: Mapping[str, Any]) -> None:
    slug = goods["slug"]
    product = Product(
        category=category,
        kind=goods["kind"],
        title=goods["title"],
        summary=goods["summary"],
        description=goods["description"],
        price=goods["price"],
        position=place,
        cover=uploads.keep_cover(_file("covers", f"{slug}.png").read_bytes(), f"{slug}.png"),
        options={"course": courses[slug]} if slug in courses else {},
    )
    if goods["kind"] == "file":
        product.file_name = goods["file"]
        product.file = uploads.keep_file(_file("files", goods["file"]).read_bytes(), goods["file"])
    db.session.add(product)
    db.session.flush()
    if goods["kind"] == "link":
        product.link = pages.course_path(product.id)
    stock.add_keys(product.id, [_new_key(slug) for _number in range(goods.get("keys", 0))])


def _new_key(slug: str) -> str:
    groups = ("".join(secrets.choice(_LETTERS) for _letter in range(5)) for _group in range(4))
    return "-".join([slug.partition("-")[0].upper(), *groups])


def _name_the_shop(content: Mapping[str, Any]) -> None:
    for name, value in (("SHOP_NAME", content["name"]), ("CURRENCY", content["currency"])):
        if name not in current_app.config["FIXED"]:
            shop.save(name, value)


def sign_in() -> tuple[str, str] | None:
    """The demo owner's address and password; None when one does not sign in so (any more)."""
    path = _sign_in_file()
    owner = staff.by_email(OWNER)
    if owner is None or not owner.active or not path.is_file():
        return None
    password = path.read_text().strip()
    return (OWNER, password) if owner.has_password(password) else None


def is_sign_in(email: str, password: str) -> bool:
    """Whether this is how the demo owner signs in, as it was printed when the demo was loaded."""
    path = _sign_in_file()
    return email.strip().casefold() == OWNER and path.is_file() and path.read_text().strip() == password


def _loaded(*, again: bool) -> Loaded:
    products = db.session.scalar(select(func.count(Product.id))) or 0
    return Loaded(products, sign_in(), again)


def _sign_in_file() -> Path:
    return Path(current_app.instance_path) / DEMO_SIGN_IN


def _new_password() -> str:
    """A password for the demo's owner, kept so that each start can tell it."""
    password = "-".join(
        "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _letter in range(4))
        for _group in range(3)
    )
    path = _sign_in_file()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(password + "\n")
    return password
