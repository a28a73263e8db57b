"""Looking through what the shop sells: categories, products, search that forgives typing mistakes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rapidfuzz.distance import OSA
from sqlalchemy import Row, Select, and_, func, or_, select

from salesbot.database import db
from salesbot.models import Category, Product
from salesbot.services import stock
from salesbot.understanding import fold

SEARCH_WORDS = 8
FEWEST_LETTERS = 3


@dataclass(frozen=True)
class Shelf:
    """A category that has something for sale."""

    id: int
    title: str
    detail: str


@dataclass(frozen=True)
class Item:
    """A product for sale; `price` in minor units, `left` None where there is no end to it."""

    id: int
    category_id: int
    kind: str
    title: str
    summary: str
    description: str
    price: int
    cover: str
    left: int | None


_ITEM = select(
    Product.id,
    Product.category_id,
    Product.kind,
    Product.title,
    Product.summary,
    Product.description,
    Product.price,
    Product.cover,
).join(Category, Category.id == Product.category_id)
FOR_SALE = and_(
    Product.active,
    Category.active,
    or_(Product.kind != "file", Product.file != ""),
    or_(Product.kind != "link", Product.link != ""),
)
"""What may be sold: it is shown, its category too, and there is something to hand over."""
_FOR_SALE = _ITEM.where(FOR_SALE)
_SHELVES = (
    select(Category.id, Category.title, Category.detail)
    .where(
        Category.active,
        select(Product.id).where(Product.category_id == Category.id, FOR_SALE).exists(),
    )
    .order_by(Category.position, Category.id)
)


def shelves() -> list[Shelf]:
    """The categories that have something for sale, in the shop's order."""
    return [Shelf(**row._mapping) for row in db.session.execute(_SHELVES)]


def shelf(category_id: int) -> Shelf | None:
    """One such category, or None."""
    row = db.session.execute(_SHELVES.where(Category.id == category_id)).first()
    return None if row is None else Shelf(**row._mapping)


def items_on(category_id: int) -> list[Item]:
    """The products of a category that are for sale, in the shop's order."""
    return _items(_FOR_SALE.where(Product.category_id == category_id).order_by(Product.position, Product.id))


def item(product_id: int) -> Item | None:
    """A product that is for sale, or None."""
    found = _items(_FOR_SALE.where(Product.id == product_id))
    return found[0] if found else None


def search(words: str) -> list[Item]:
    """Products for `words`, best first; every word must be found, one mistake in a longer one is forgiven."""
    wanted = _significant(words)
    if not wanted:
        return []
    rows = db.session.execute(
        select(Product.id, Product.title, Product.summary, Product.description, Category.title)
        .join(Category, Category.id == Product.category_id)
        .where(FOR_SALE)
        .order_by(Category.position, Product.position, Product.id)
    )
    scored = [(_score(wanted, row), row[0]) for row in rows]
    best = [product_id for score, product_id in sorted(scored, key=lambda pair: -pair[0]) if score]
    by_id = {found.id: found for found in _items(_FOR_SALE.where(Product.id.in_(best)))}
    return [by_id[product_id] for product_id in best if product_id in by_id]


def has_any() -> bool:
    """Whether the shop holds any product at all, for sale or not."""
    return bool(db.session.scalar(select(func.count(Product.id))))


def _items(statement: Select[*tuple[Any, ...]]) -> list[Item]:
    rows = db.session.execute(statement).all()
    counted = [row.id for row in rows if row.kind == "key"]
    left = stock.available(counted) if counted else {}
    return [Item(**row._mapping, left=left.get(row.id)) for row in rows]


_FILLER = frozenset(
    "a an the of for with and or to in on at by i me my we you your it is are do have has want need buy "  # noqa: SIM905
    "get show find looking look please can could would some any about what which how".split()
)


def _significant(words: str) -> list[str]:
    found = [word for word in fold(words).replace("-", " ").split() if word not in _FILLER]
    return [word for word in found if len(word) >= FEWEST_LETTERS][:SEARCH_WORDS]


def _score(wanted: list[str], row: Row[*tuple[Any, ...]]) -> int:
    """Points for a product, 0 when a word is missing; a title counts more than a description."""
    texts: list[str] = list(row[1:])
    fields = [
        (fold(text).replace("-", " ").split(), weight)
        for text, weight in zip(texts, (8, 3, 1, 2), strict=True)
    ]
    total = 0
    for word in wanted:
        points = max(
            (weight * _likeness(word, other) for others, weight in fields for other in others),
            default=0,
        )
        if not points:
            return 0
        total += points
    return total


def _likeness(word: str, other: str) -> int:
    """3 for the same word (or its plural), 2 for a beginning, 1 for one mistake, 0 for another word."""
    other = other.strip(".,;:!?()[]\"'")
    if other == word or other.rstrip("s") == word.rstrip("s"):
        return 3
    if len(word) >= FEWEST_LETTERS + 1 and other.startswith(word):
        return 2
    if len(word) < FEWEST_LETTERS or word[:1] != other[:1]:
        return 0
    if len(word) == FEWEST_LETTERS and len(other) != len(word) + 1:
        return 0
    return int(OSA.distance(word, other, score_cutoff=1) == 1)
