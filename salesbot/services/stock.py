"""How many of a product can be sold, and which key a unit gets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from salesbot import clock
from salesbot.database import db, rows, table, vault
from salesbot.models import Delivery, LicenceKey, Order, OrderLine, Product
from salesbot.services import orders

_KEY = table(LicenceKey)
_OTHER = _KEY.alias("free_key")
BATCH = 400
"""Keys in one statement."""
_ADDING = 7_372_000_000_000
"""Where the numbers of our advisory locks begin."""


@dataclass(frozen=True)
class AddedKeys:
    """What became of pasted keys: how many are new, and the lines that were there already."""

    added: int
    repeated: tuple[str, ...] = ()


_UNSOLD = (
    select(func.count(LicenceKey.id))
    .where(LicenceKey.product_id == Product.id, LicenceKey.delivery_id.is_(None))
    .scalar_subquery()
)
_HELD = (
    select(func.coalesce(func.sum(OrderLine.quantity), 0))
    .join(Order, Order.id == OrderLine.order_id)
    .where(OrderLine.product_id == Product.id, orders.holding(bindparam("now")))
    .scalar_subquery()
)
_OWED = (
    select(func.count(Delivery.id))
    .join(OrderLine, OrderLine.id == Delivery.line_id)
    .where(OrderLine.product_id == Product.id, Delivery.state == "no_stock")
    .scalar_subquery()
)
LEFT = case((Product.kind == "key", _UNSOLD - _HELD - _OWED)).label("left")
"""The unsold keys of a selected product, less those held by unexpired unpaid orders and those owed to
paid ones; NULL where there is no end to it. In one statement, so that no order is counted twice or
not at all while it is being paid; it takes the moment as `now`."""
_AVAILABLE = select(Product.id, LEFT).where(Product.id.in_(bindparam("ids", expanding=True)))


def available(product_ids: Iterable[int]) -> dict[int, int | None]:
    """Units that can be sold now, by product; None where there is no end to them."""
    ids = list(product_ids)
    counted = {number: sellable(left) for number, left in rows(_AVAILABLE, ids=ids, now=clock.now())}
    return {product_id: counted.get(product_id) for product_id in ids}


def left_of_all() -> list[tuple[int, str, int]]:
    """Of each product with keys that is for sale: its id, its title, and how many can be sold now.

    As `available`, but each table is read once, where that asks for each product anew.
    """
    unsold = (
        select(LicenceKey.product_id.label("product"), func.count().label("n"))
        .where(LicenceKey.delivery_id.is_(None))
        .group_by(LicenceKey.product_id)
        .subquery()
    )
    held = (
        select(OrderLine.product_id.label("product"), func.sum(OrderLine.quantity).label("n"))
        .join(Order, Order.id == OrderLine.order_id)
        .where(orders.holding(bindparam("now")))
        .group_by(OrderLine.product_id)
        .subquery()
    )
    owed = (
        select(OrderLine.product_id.label("product"), func.count().label("n"))
        .join(Delivery, Delivery.line_id == OrderLine.id)
        .where(Delivery.state == "no_stock")
        .group_by(OrderLine.product_id)
        .subquery()
    )
    counted = [func.coalesce(part.c.n, 0) for part in (unsold, held, owed)]
    found = select(Product.id, Product.title, counted[0] - counted[1] - counted[2])
    for part in (unsold, held, owed):
        found = found.outerjoin(part, part.c.product == Product.id)
    wanted = found.where(Product.active, Product.kind == "key").order_by(Product.id)
    return [(number, title, max(0, int(left))) for number, title, left in rows(wanted, now=clock.now())]


def sellable(left: int | None) -> int | None:
    """`LEFT` as customers see it: staff may have taken keys away that orders hold."""
    return None if left is None else max(0, left)


def lock(product_ids: Iterable[int]) -> None:
    """Keeps others from placing or paying orders of these products until this transaction ends."""
    db.session.execute(
        select(Product.id)
        .where(Product.id.in_(sorted(set(product_ids))))
        .order_by(Product.id)
        .with_for_update()
    ).all()


def take_key(product_id: int, delivery_id: int) -> bool:
    """Gives the oldest unsold key of a product to a unit; False when there is none."""
    for skip_locked in (True, False):
        free = (
            select(_OTHER.c.id)
            .where(_OTHER.c.product_id == product_id, _OTHER.c.delivery_id.is_(None))
            .order_by(_OTHER.c.id)
            .limit(1)
            .with_for_update(skip_locked=skip_locked)
            .scalar_subquery()
        )
        taken = db.session.connection().execute(
            update(_KEY)
            .where(_KEY.c.id == free, _KEY.c.delivery_id.is_(None))
            .values(delivery_id=delivery_id)
            .returning(_KEY.c.id)
        )
        if taken.first() is not None:
            return True
    return False


def add_keys(
    product_id: int, lines: Sequence[str], progress: Callable[[int], object] = lambda _count: None
) -> AddedKeys:
    """Puts keys in stock, one a line, encrypted; empty lines are passed over, repeated ones told.

    `progress` is called with the number of lines done, some hundreds at a time.
    """
    _alone_with_two_keys(product_id)
    added, repeated = 0, []
    secrets = [line.strip() for line in lines if line.strip()]
    for batch in batches(secrets):
        fresh = list(dict.fromkeys(batch))
        there = known(product_id, fresh)
        inserted = _insert(product_id, [secret for secret in fresh if secret not in there])
        added += len(inserted)
        for secret in batch:
            if secret in inserted:
                inserted.discard(secret)
            else:
                repeated.append(secret)
        progress(len(batch))
    return AddedKeys(added, tuple(repeated))


def known(product_id: int, secrets: Iterable[str]) -> set[str]:
    """Those of `secrets` that this product has or had in stock already."""
    found: set[str] = set()
    for batch in batches(list(secrets)):
        by_digest = {digest: secret for secret in batch for digest in vault.digests(secret)}
        there = db.session.scalars(
            select(LicenceKey.digest).where(
                LicenceKey.product_id == product_id, LicenceKey.digest.in_(by_digest)
            )
        )
        found |= {by_digest[digest] for digest in there}
    return found


def batches(secrets: Sequence[str]) -> Iterator[Sequence[str]]:
    """So many at a time as go into one statement."""
    for begin in range(0, len(secrets), BATCH):
        yield secrets[begin : begin + BATCH]


def _alone_with_two_keys(product_id: int) -> None:
    """Lets nobody else add keys of this product meanwhile, where one secret may have two digests.

    With one key in the ring the constraint on the digest is enough; SQLite has one writer anyway.
    """
    connection = db.session.connection()
    if connection.dialect.name == "postgresql" and len(vault.keyring.keys) > 1:
        connection.execute(select(func.pg_advisory_xact_lock(_ADDING + product_id)))


def hint(secret: str) -> str:
    """What staff see of a key: its last characters, never more than a quarter of it."""
    seen = min(4, len(secret) // 4)
    return "••••" + (secret[-seen:] if seen else "")


def _insert(product_id: int, secrets: Sequence[str]) -> set[str]:
    """Those of `secrets` that were not there, now in stock; somebody else may add the same ones."""
    if not secrets:
        return set()
    connection = db.session.connection()
    upsert = {"sqlite": sqlite, "postgresql": postgresql}[connection.dialect.name].insert
    by_digest = {vault.digest(secret): secret for secret in secrets}
    now = clock.now()
    fresh = [
        {
            "product_id": product_id,
            "secret": secret,
            "digest": digest,
            "hint": hint(secret),
            "created_at": now,
        }
        for digest, secret in by_digest.items()
    ]
    inserted = connection.execute(
        upsert(_KEY)
        .on_conflict_do_nothing(index_elements=[_KEY.c.product_id, _KEY.c.digest])
        .returning(_KEY.c.digest),
        fresh,
    )
    return {by_digest[digest] for digest in inserted.scalars()}
