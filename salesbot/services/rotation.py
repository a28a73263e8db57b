"""How everything that is encrypted moves to a new key while the shop sells."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from salesbot.database import db, in_transaction, reading, vault
from salesbot.errors import DatabaseBusy, KeyringError
from salesbot.services.keyring import Held, columns

BATCH = 200
"""Values in one transaction: others wait for a few milliseconds at most."""
PASSES = 20
PAUSE = 0.2
"""Seconds between two passes, for what others were writing during the first."""
ATTEMPTS = 40
LOCK_WAIT = "1s"
LOCK_NOT_AVAILABLE = "55P03"

Row = Any


@dataclass
class Rotated:
    """What a rotation did; the last two name rows that a person must look at."""

    renewed: int = 0
    left: int = 0
    unreadable: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)


def counts() -> list[int]:
    """How many values each key of the ring reads, in its order, and how many none does."""
    counted = [0] * (len(vault.keyring.keys) + 1)
    for held in _columns_now():
        for page in _pages(held):
            for row in page:
                place = vault.key_of(row[-2])
                counted[-1 if place is None else place] += 1
    return counted


def size() -> int:
    """How many values are encrypted."""
    with reading():
        found = sum(
            db.session.scalar(sa.select(sa.func.count()).select_from(held.table).where(held.there)) or 0
            for held in columns(db.session.connection())
        )
        db.session.rollback()
    return found


def renew(looked_at: Callable[[int], object] = lambda count: None) -> Rotated:
    """Encrypts again whatever is not encrypted with the first key; does its own transactions.

    It may be stopped at any moment and begun again. `looked_at` hears how many values were looked
    at since it was last called, the first time round.
    """
    settle()
    done = Rotated()
    for number in range(PASSES):
        before, done.left = done.renewed, 0
        done.unreadable, done.doubled = [], []
        for held in _columns_now():
            for page in _pages(held):
                _renew_page(held, page, done)
                if number == 0:
                    looked_at(len(page))
        if done.renewed == before and not done.left:
            break
        time.sleep(PAUSE)
    return done


def settle() -> None:
    """Waits until nobody is still writing who began before this moment, with the keys of then.

    DatabaseBusy when somebody takes longer than a minute.
    """
    # One table after the other: holding one while waiting for the next could stop a sale.
    for name in sorted({held.table.name for held in _columns_now()}):
        for _attempt in range(ATTEMPTS):
            if _nobody_writes(name):
                break
            time.sleep(0.5)
        else:
            raise DatabaseBusy(
                "Somebody has been writing to the shop's keys for a minute. Let them finish and try again."
            )


def _nobody_writes(name: str) -> bool:
    def wait() -> None:
        connection = db.session.connection()
        # A writing transaction on SQLite is alone: that this one has begun says that all others are over.
        if connection.dialect.name == "postgresql":
            quoted = connection.dialect.identifier_preparer.quote(name)
            connection.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'"))
            connection.execute(sa.text(f"LOCK TABLE {quoted} IN SHARE MODE"))

    try:
        in_transaction(wait)
    except DBAPIError as exc:
        if getattr(exc.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
            return False
        raise
    return True


def _columns_now() -> list[Held]:
    with reading():
        found = columns(db.session.connection())
        db.session.rollback()
    return found


def _pages(held: Held) -> Iterator[list[Row]]:
    """All rows, a batch at a time, each in a short look of its own; a row is (*ids, secret, digest)."""
    last: tuple[Any, ...] | None = None
    while True:
        statement = _select(held).order_by(*held.ids).limit(BATCH)
        if last is not None:
            statement = statement.where(_after(held, last))
        with reading():
            page = list(db.session.execute(statement))
            db.session.rollback()
        if page:
            yield page
        if len(page) < BATCH:
            return
        last = tuple(page[-1][: len(held.ids)])


def _select(held: Held) -> sa.Select[Any]:
    digest = sa.null() if held.digest is None else held.digest
    return sa.select(*held.ids, held.secret, digest).where(held.there)


def _after(held: Held, last: tuple[Any, ...]) -> sa.ColumnElement[bool]:
    found: sa.ColumnElement[bool] = (
        held.ids[0] > last[0] if len(last) == 1 else sa.tuple_(*held.ids) > sa.tuple_(*map(sa.literal, last))
    )
    return found


def _renew_page(held: Held, page: Iterable[Row], done: Rotated) -> None:
    old = []
    for row in page:
        place = vault.key_of(row[-2])
        if place is None:
            done.unreadable.append(_called(held, row))
        elif place > 0 or _digest_is_old(row):
            old.append(tuple(row[: len(held.ids)]))
    if old:
        in_transaction(lambda: _renew_rows(held, old, done))


def _digest_is_old(row: Row) -> bool:
    return row[-1] is not None and row[-1] != vault.digest(vault.decrypt(row[-2]))


def _renew_rows(held: Held, ids: list[tuple[Any, ...]], done: Rotated) -> None:
    """Rows that somebody else holds at this moment are left for the next pass: nobody waits in a ring."""
    which = held.ids[0].in_([one[0] for one in ids]) if len(held.ids) == 1 else sa.tuple_(*held.ids).in_(ids)
    rows = db.session.execute(_select(held).where(which).with_for_update(skip_locked=True)).all()
    done.left += len(ids) - len(rows)
    fresh = [(row, values) for row in rows if (values := _anew(held, row)) is not None]
    if not fresh or _written(held, [values for _row, values in fresh]):
        done.renewed += len(fresh)
        return
    for row, values in fresh:
        if _written(held, [values]):
            done.renewed += 1
        else:
            done.doubled.append(_called(held, row))


def _anew(held: Held, row: Row) -> dict[str, Any] | None:
    """What `_written` takes; None when somebody has just put a value there that no key reads."""
    try:
        secret = vault.decrypt(row[-2])
    except KeyringError:
        return None
    ids = {f"id_{number}": value for number, value in enumerate(row[: len(held.ids)])}
    return {**ids, "fresh": vault.encrypt(secret), "digest": vault.digest(secret)}


def _written(held: Held, values: list[dict[str, Any]]) -> bool:
    """Writes values, or none of them when one of the keys is in stock a second time."""
    this = (column == sa.bindparam(f"id_{number}") for number, column in enumerate(held.ids))
    change = sa.update(held.table).where(*this).values({held.secret: sa.bindparam("fresh")})
    if held.digest is not None:
        change = change.values({held.digest: sa.bindparam("digest")})
    try:
        with db.session.begin_nested():
            db.session.connection().execute(change, values)
    except IntegrityError:
        return False
    return True


def _called(held: Held, row: Row) -> str:
    return f"{held.table.name} {', '.join(str(value) for value in row[: len(held.ids)])}"
