"""The database handle, its column types, and the transactions that edges open."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flask import current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Executable,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
)
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator
from werkzeug.local import LocalProxy

from salesbot import sqlite_queue
from salesbot.containment import GuardedSession
from salesbot.errors import TransactionBroken
from salesbot.vault import Vault

T = TypeVar("T")

vault: Vault = LocalProxy(lambda: current_app.extensions["salesbot.vault"])  # type: ignore[assignment]

Money = BigInteger
"""Minor units of a currency."""

BigId = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can find it again on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, session_options={"class_": GuardedSession})

if TYPE_CHECKING:

    class Model(Base):
        """What models of salesbot and of plugins subclass; `db.Model` at run time."""

        __abstract__ = True
else:
    Model = db.Model


class UTCDateTime(TypeDecorator[datetime]):
    """An aware moment, stored in UTC; a naive one is refused because nobody knows what it means."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class EncryptedText(TypeDecorator[str]):
    """Text that rests encrypted with the shop's keyring."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else vault.encrypt(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else vault.decrypt(value)


class Percent(TypeDecorator[Decimal]):
    """A percentage with up to three decimals, such as 8.875; kept as a whole number of thousandths."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        thousandths = Decimal(value) * 1000
        if thousandths != thousandths.to_integral_value():
            raise ValueError("a percentage has three decimals at most")
        return int(thousandths)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value) / 1000


def table(model: type[Any]) -> Table:
    """The table of a model, for statements that need no objects."""
    return cast("Table", model.__table__)


def rows(statement: Executable, **values: object) -> Sequence[Row[*tuple[Any, ...]]]:
    """What a statement for columns finds now, what the session holds included; half the price of objects."""
    session = db.session()
    session.flush()
    return session.connection().execute(statement, values).all()


def holds(text: Any, words: str) -> ColumnElement[bool]:
    """Whether `words` stand somewhere in a text, whatever their case."""
    if db.engine.dialect.name == "sqlite" or words.lower() == words.upper():
        # SQLite's LIKE takes no notice of the case, and twice as long with lower() on both sides.
        return cast("ColumnElement[bool]", text.contains(words, autoescape=True))
    # PostgreSQL takes a third of the time where it need not look after the case of other alphabets.
    column = text.collate("C") if words.isascii() else text
    return cast("ColumnElement[bool]", column.icontains(words, autoescape=True))


def state_type() -> String:
    """The column type of a state, a kind or another short word."""
    return String(32)


@contextmanager
def transaction() -> Iterator[None]:
    """One transaction of an edge: committed at the end, undone when anything is raised."""
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


def in_transaction(work: Callable[[], T], *, repeatable: bool = False) -> T:
    """Runs `work` in one transaction, commits, and runs it again where that is known to be safe.

    Again without a plugin that destroyed the transaction (`TransactionBroken`), and again, once,
    when the server dropped the connection: before the commit was sent, or at any moment when
    `repeatable` says that a second run of finished work changes nothing.
    """
    session = db.session()
    broken: list[TransactionBroken] = session.info.setdefault("broken_by", [])
    dropped = 0
    while True:
        sent = False
        try:
            result = work()
            session.flush()
            sent = True
            session.commit()
        except TransactionBroken as exc:
            session.rollback()
            broken.append(exc)
        except DBAPIError as exc:
            session.rollback()
            dropped += 1
            if not exc.connection_invalidated or dropped > 1 or (sent and not repeatable):
                raise
        except BaseException:
            session.rollback()
            raise
        else:
            broken.clear()
            return result


@contextmanager
def reading() -> Iterator[None]:
    """No transaction begun inside may write; on SQLite it then waits for no writer."""
    with sqlite_queue.read_only():
        yield


@contextmanager
def writing() -> Iterator[None]:
    """Lets a page that is only looked at write all the same; no transaction may be open before."""
    with sqlite_queue.writable():
        yield


RESTED = 1.0
"""Seconds unused after which a connection to PostgreSQL is tried before it is used again.

`in_transaction` begins anew when a busier one is lost, and a try each time costs a round trip.
"""


def _rests(_dbapi: Any, record: ConnectionPoolEntry) -> None:
    record.info["rests_since"] = time.monotonic()


def _is_there(dbapi: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    """Has the pool connect anew instead of handing out what the server has closed meanwhile."""
    since = record.info.get("rests_since")
    if since is None or time.monotonic() - since < RESTED:
        return
    try:
        dbapi.execute("SELECT 1")
        dbapi.rollback()
    except dbapi.Error as exc:
        raise InvalidatePoolError from exc


def engine_options(url: str, threads: int = 4) -> dict[str, Any]:
    """What the engine of a database address needs, with a pool for `threads` threads."""
    # Errors of the database must not carry keys or customers' words into a log.
    common = {"pool_size": threads, "max_overflow": 8, "hide_parameters": True}
    if url.startswith("sqlite"):
        return {**common, "connect_args": {"timeout": 30}}
    return {
        **common,
        "pool_use_lifo": True,
        "pool_events": [(_rests, "checkin"), (_is_there, "checkout")],
        "pool_recycle": 1800,
        "connect_args": {"options": "-c lock_timeout=10s -c timezone=UTC", "connect_timeout": 10},
    }
