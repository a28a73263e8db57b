"""Looking through what the shop sells: categories, products, search that forgives typing mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from typing import Any

from rapidfuzz.distance import OSA
from sqlalchemy import Executable, and_, bindparam, func, or_, select

from salesbot import clock
from salesbot.database import db, rows
from salesbot.models import Category, Order, OrderLine, Product
from salesbot.services import stock
from salesbot.texts import language, translator
from salesbot.understanding import fold

_ = translator("salesbot")

SEARCH_WORDS = 8
FEWEST_LETTERS = 3
FAVOURITE_FOR = timedelta(days=90)
"""How long a sale counts for what sells best."""


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


FOR_SALE = and_(
    Product.active,
    Category.active,
    or_(Product.kind != "file", Product.file != ""),
    or_(Product.kind != "link", Product.link != ""),
)
"""What may be sold: it is shown, its category too, and there is something to hand over."""
_ITEMS = (
    select(
        Product.id,
        Product.category_id,
        Product.kind,
        Product.title,
        Product.summary,
        Product.description,
        Product.price,
        Product.cover,
        Product.texts,
        stock.LEFT,
    )
    .join(Category, Category.id == Product.category_id)
    .where(FOR_SALE)
    .order_by(Product.position, Product.id)
)
_ITEMS_ON = _ITEMS.where(Product.category_id == bindparam("shelf"))
_SOME_ITEMS = _ITEMS.where(Product.id.in_(bindparam("ids", expanding=True)))
_TEXTS = (
    select(
        Product.id,
        Product.title,
        Product.summary,
        Product.description,
        Category.title,
        Product.texts,
        Category.texts,
    )
    .join(Category, Category.id == Product.category_id)
    .where(FOR_SALE)
    .order_by(Category.position, Product.position, Product.id)
)
_SHELVES = (
    select(Category.id, Category.title, Category.detail, Category.texts)
    .where(
        Category.active,
        select(Product.id).where(Product.category_id == Category.id, FOR_SALE).exists(),
    )
    .order_by(Category.position, Category.id)
)
_SHELF = _SHELVES.where(Category.id == bindparam("shelf"))
_SOLD = (
    select(Product.id)
    .join(OrderLine, OrderLine.product_id == Product.id)
    .join(Order, Order.id == OrderLine.order_id)
    .where(Order.paid_at >= bindparam("since"))
    .group_by(Product.id)
    .order_by(func.sum(OrderLine.quantity).desc(), Product.id)
    .limit(20)
)
_FIRSTS = (
    select(Product.id)
    .join(Category, Category.id == Product.category_id)
    .where(FOR_SALE)
    .order_by(Product.position, Category.position, Product.id)
    .limit(20)
)


def in_words(texts: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Those of a row's `texts` that are there in the language that is spoken, by name."""
    code = language()
    own = texts.get(code) or texts.get(code.partition("_")[0]) or {}
    return {name: text for name, text in own.items() if text}


def title_of(product: Product) -> str:
    """A product's title in the language that is spoken."""
    return in_words(product.texts).get("title", product.title)


def shelves() -> list[Shelf]:
    """The categories that have something for sale, in the shop's order."""
    return [_shelf(*row) for row in rows(_SHELVES)]


def shelf(category_id: int) -> Shelf | None:
    """One such category, or None."""
    return next((_shelf(*row) for row in rows(_SHELF, shelf=category_id)), None)


def items_on(category_id: int) -> list[Item]:
    """The products of a category that are for sale, in the shop's order."""
    return _items(_ITEMS_ON, shelf=category_id)


def item(product_id: int) -> Item | None:
    """A product that is for sale, or None."""
    return next(iter(_items(_SOME_ITEMS, ids=[product_id])), None)


def favourites(limit: int) -> list[Item]:
    """What sells best and is in stock, filled up with the first product of each shelf."""
    since = clock.now() - FAVOURITE_FOR
    ids = list(dict.fromkeys(row.id for row in (*rows(_SOLD, since=since), *rows(_FIRSTS))))
    by_id = {found.id: found for found in _items(_SOME_ITEMS, ids=ids[: 3 * limit])}
    return [by_id[number] for number in ids if number in by_id and by_id[number].left != 0][:limit]


def search(words: str) -> list[Item]:
    """Products for `words`, best first."""
    return items(find(words))


def find(words: str) -> list[int]:
    """The ids of products for `words`, best first.

    Every word must be found, and one mistake in a longer one is forgiven.
    """
    wanted = _significant(words)
    if not wanted:
        return []
    scored = [(_score(wanted, _searched(*texts)), product_id) for product_id, *texts in rows(_TEXTS)]
    return [product_id for score, product_id in sorted(scored, key=lambda pair: -pair[0]) if score]


def named_in(text: str) -> list[int]:
    """The ids of products whose whole title stands in `text`, in the shop's order."""
    shown = f" {' '.join(_words(text))} "
    found = []
    for product_id, title, *_rest, texts, _shelf_texts in rows(_TEXTS):
        titles = (title, in_words(texts).get("title", ""))
        if any(words and f" {' '.join(words)} " in shown for words in map(_words, titles)):
            found.append(product_id)
    return found


def nearest_title(text: str) -> int | None:
    """The product of whose title most words stand in `text`, at least half; None when there is none."""
    shown = set(_words(text))
    best, nearest = 0.5, None
    for product_id, title, *_rest in rows(_TEXTS):
        words = _words(title)
        share = len(shown.intersection(words)) / len(words) if words else 0
        if share > best or (share == best and nearest is None):
            best, nearest = share, product_id
    return nearest


def items(product_ids: Sequence[int]) -> list[Item]:
    """Those of these products that are for sale, in the order of the ids."""
    by_id = {found.id: found for found in _items(_SOME_ITEMS, ids=product_ids)} if product_ids else {}
    return [by_id[product_id] for product_id in product_ids if product_id in by_id]


def has_any() -> bool:
    """Whether the shop holds any product at all, for sale or not."""
    return bool(db.session.scalar(select(func.count(Product.id))))


def _items(statement: Executable, **values: object) -> list[Item]:
    found = rows(statement, now=clock.now(), **values)
    return [_item(texts, *goods, stock.sellable(left)) for *goods, texts, left in found]


def _item(texts: Mapping[str, Mapping[str, str]], *goods: Any) -> Item:
    own: dict[str, Any] = dict(in_words(texts)) if texts else {}
    return replace(Item(*goods), **own) if own else Item(*goods)


def _shelf(category_id: int, title: str, detail: str, texts: Mapping[str, Mapping[str, str]]) -> Shelf:
    own = in_words(texts) if texts else {}
    return Shelf(category_id, own.get("title", title), own.get("detail", detail))


def _searched(*of_a_product: Any) -> list[str]:
    """Title, summary, description and category, as they stand and in the language that is spoken."""
    *plain, texts, shelf_texts = of_a_product
    own, shelf = in_words(texts), in_words(shelf_texts)
    translated = (own.get("title"), own.get("summary"), own.get("description"), shelf.get("title"))
    return [f"{text} {other}" if other else text for text, other in zip(plain, translated, strict=True)]


# For translators: small words in which nobody looks for a product.
_FILLER = _(
    "a, an, the, of, for, with, and, or, to, in, on, at, by, i, me, my, we, you, your, it, is, are, do, "
    "have, has, want, need, buy, get, show, find, looking, look, please, can, could, would, some, any, "
    "about, what, which, how"
)


def filler() -> frozenset[str]:
    """The small words of the language that is spoken, folded."""
    return _filler(_(_FILLER))


def _significant(words: str) -> list[str]:
    small = filler()
    found = [word for word in fold(words).replace("-", " ").split() if word not in small]
    return [word for word in found if len(word) >= FEWEST_LETTERS][:SEARCH_WORDS]


@lru_cache(maxsize=32)
def _filler(words: str) -> frozenset[str]:
    return frozenset(fold(word) for word in words.split(","))


def _score(wanted: list[str], texts: Iterable[str]) -> int:
    """Points for a product, 0 when a word is missing; a title counts more than a description."""
    fields = list(zip(map(_words, texts), (8, 3, 1, 2), strict=True))
    total = 0
    for word in wanted:
        points = [
            weight * _likeness(word, other)
            for others, weight in fields
            for other in others
            if other[0] == word[0]
        ]
        if not any(points):
            return 0
        total += max(points)
    return total


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[str, ...]:
    """The words of a shop's text, folded; kept, because every search reads all of them."""
    stripped = (word.strip(".,;:!?()[]\"'") for word in fold(text).replace("-", " ").split())
    return tuple(word for word in stripped if word)


def _likeness(word: str, other: str) -> int:
    """Of words that begin alike: 3 for the same (or its plural), 2 for a beginning, 1 for one mistake."""
    if other == word or other.rstrip("s") == word.rstrip("s"):
        return 3
    if len(word) >= FEWEST_LETTERS + 1 and other.startswith(word):
        return 2
    if len(word) < FEWEST_LETTERS:
        return 0
    if len(word) == FEWEST_LETTERS and len(other) != len(word) + 1:
        return 0
    return int(OSA.distance(word, other, score_cutoff=1) == 1)
