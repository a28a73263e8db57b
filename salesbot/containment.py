"""Keeps what a plugin does to the database undoable, and keeps plugins from ending the transaction.

A savepoint for each plugin asked would cost more than the asking. So a `Guard` opens one only at
the plugin's first write, or when it first loads an object that it could change.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from flask_sqlalchemy.session import Session
from sqlalchemy import Connection, Engine, ExecutionContext, PoolProxiedConnection, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import ORMExecuteState, SessionTransaction

from salesbot.calls import Call, running
from salesbot.errors import PluginProblem, TransactionBroken

_IN_TRANSACTION = 2
"""libpq's PQTRANS_INTRANS; the driver is not loaded for it where SQLite is enough."""
_ENDS = re.compile(
    r"(?:\s|/\*.*?\*/|--[^\n]*\n)*(?:COMMIT|END|ABORT|ROLLBACK(?!\s+(?:WORK\s+|TRANSACTION\s+)?TO\b))\b",
    re.IGNORECASE | re.DOTALL,
)
"""A statement that ends a transaction; the core's own never come as statements."""


def is_guarded() -> bool:
    """Whether a plugin is running inside the core's transaction."""
    return isinstance(running.get(), Guard)


class GuardedSession(Session):
    """A session that a running plugin can neither commit, roll back nor close."""

    def connection(self, *args: Any, **kwargs: Any) -> Connection:
        _touched()
        return super().connection(*args, **kwargs)

    def get_transaction(self) -> SessionTransaction | None:
        _touched()
        return super().get_transaction()

    def get_nested_transaction(self) -> SessionTransaction | None:
        _touched()
        return super().get_nested_transaction()

    def delete(self, instance: object) -> None:
        _touched()
        super().delete(instance)

    def invalidate(self) -> None:
        _touched()
        super().invalidate()

    def begin_nested(self) -> SessionTransaction:
        """A plugin's own savepoints lie inside the one that can undo the plugin."""
        guard = running.get()
        if isinstance(guard, Guard):
            guard.open_savepoint()
        return super().begin_nested()

    def commit(self) -> None:
        _refuse("commits")
        super().commit()

    def rollback(self) -> None:
        _refuse("rolls back")
        super().rollback()

    def close(self) -> None:
        _refuse("closes the session and")
        super().close()


class Guard(Call):
    """Calls of plugins inside the core's transaction, and what the last one has done to the session so far.

    It is made `anew` for the next plugin after one that touched anything.
    `in_database` are the seconds that its statements took, waiting for others' locks included.
    `touched` is False while it has had nothing in hand with which a transaction could be harmed.
    """

    __slots__ = (
        "_keeping",
        "_opening",
        "_root",
        "_savepoint",
        "connection",
        "driver",
        "in_database",
        "offence",
        "session",
        "touched",
    )

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._root, self.connection, self.driver = _under_way(session)
        self.anew()

    def anew(self) -> None:
        """Forgets what was done; the transaction has been found whole since."""
        self.offence = ""
        self.in_database = 0.0
        self.touched = False
        self._savepoint: SessionTransaction | None = None
        self._opening = self._keeping = False

    @property
    def own_seconds(self) -> float:
        """How long the last call took, without what its statements took."""
        return self.seconds - self.in_database

    def open_savepoint(self) -> None:
        """Makes all that follows undoable; does nothing when it is already."""
        if self._savepoint is None and not self._opening:
            self._opening = True
            try:
                self._savepoint = self.session.begin_nested()
                # Only now is it sent: a statement past the session would come before it.
                self.session.connection()
            finally:
                self._opening = False

    def keep(self) -> None:
        """Writes out what the plugin did; raises what the database says about it.

        Not after an offence: all of it will be undone then.
        """
        if self.offence:
            return
        if self._savepoint is not None:
            self._keeping = self._is_open(self._savepoint)
            self._savepoint.commit()
        elif self.touched or self.session.identity_map.check_modified():
            self.session.flush()
        if self.touched:
            self._check_root("it ended the transaction of the core")

    def undo(self, reason: str) -> None:
        """Takes back what the plugin did; TransactionBroken when that cannot be done any more.

        So it is when the plugin ended the savepoint itself; a `keep` that failed has taken it back already.
        """
        is_open = self._savepoint is not None and self._is_open(self._savepoint)
        is_lost = self._savepoint is not None and not is_open and not self._keeping
        if is_lost or not self._is_connected():
            raise TransactionBroken(self.plugin.name, reason)
        try:
            if self._savepoint is not None and is_open:
                self._savepoint.rollback()
            for started in (*self.session.new, *self.session.deleted):
                self.session.expunge(started)
        except SQLAlchemyError as exc:
            raise TransactionBroken(self.plugin.name, reason) from exc
        self._check_root(reason)
        self.session.expire_all()

    def _is_open(self, savepoint: SessionTransaction) -> bool:
        """Also when a failed flush has made it unusable for anything but to be rolled back."""
        nested: SessionTransaction | None = self.session.get_nested_transaction()
        while nested is not None and nested is not savepoint:
            nested = nested.parent
        return nested is not None

    def _check_root(self, reason: str) -> None:
        root = self.session.get_transaction()
        whole = root is self._root and root is not None and root.is_active
        if not (whole and self._is_connected() and self._takes_more()):
            raise TransactionBroken(self.plugin.name, reason)

    def _is_connected(self) -> bool:
        return self.connection.in_transaction() and not self.connection.invalidated

    def _takes_more(self) -> bool:
        """On PostgreSQL a statement that failed outside a savepoint has ended all that could follow."""
        if self.connection.dialect.name != "postgresql":
            return True
        dbapi: Any = self.driver.dbapi_connection
        return dbapi is not None and dbapi.pgconn.transaction_status == _IN_TRANSACTION


_root_of = Session.get_transaction
"""The core's own look at the transaction, which is nobody's doing."""

UnderWay = tuple[SessionTransaction | None, Connection, PoolProxiedConnection]


def _under_way(session: Session) -> UnderWay:
    """The session's transaction and its connection, which is begun when it is not yet."""
    known: UnderWay | None = session.info.get("under_way")
    if known is None or known[0] is not _root_of(session):
        session.connection()
        known = session.info["under_way"]
    return known


@event.listens_for(GuardedSession, "after_begin")
def _begun(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if not transaction.nested:
        session.info["under_way"] = transaction, connection, connection.connection


def _touched() -> None:
    guard = running.get()
    if isinstance(guard, Guard):
        guard.touched = True


def _refuse(what: str) -> None:
    guard = running.get()
    if isinstance(guard, Guard):
        guard.offence, guard.touched = what, True
        raise PluginProblem(f"a plugin must not do this: it {what} the transaction of the core")


@event.listens_for(GuardedSession, "before_attach")
def _before_attach(session: Session, instance: Any) -> None:
    guard = running.get()
    if isinstance(guard, Guard) and guard.session is session:
        guard.open_savepoint()


@event.listens_for(GuardedSession, "do_orm_execute")
def _before_orm(state: ORMExecuteState) -> None:
    guard = running.get()
    if not isinstance(guard, Guard) or guard.session is not state.session:
        return
    descriptions = getattr(state.statement, "column_descriptions", None)
    if descriptions is None or any(
        d["entity"] is not None and d["expr"] is d["entity"] for d in descriptions
    ):
        guard.open_savepoint()


def watch(engine: Engine) -> None:
    """Looks at what running plugins do through an engine before it happens, and how long it takes.

    In its dialect: with one listener at the engine itself SQLAlchemy looks for more of them all the
    way of every statement, which makes each a third dearer.
    """
    dialect = engine.dialect
    for way in ("do_execute", "do_executemany", "do_execute_no_params"):
        setattr(dialect, way, partial(_execute, getattr(dialect, way)))
    dialect.do_commit = partial(_commit, dialect.do_commit)  # type: ignore[method-assign]
    dialect.do_rollback = partial(_roll_back, dialect.do_rollback)  # type: ignore[method-assign]


def _execute(execute: Callable[..., None], cursor: Any, statement: str, *rest: Any) -> None:
    guard = running.get()
    if not isinstance(guard, Guard):
        execute(cursor, statement, *rest)
        return
    guard.touched = True
    _look_at(guard, statement, rest[-1])
    began = time.monotonic()
    try:
        execute(cursor, statement, *rest)
    finally:
        guard.in_database += time.monotonic() - began


def _look_at(guard: Guard, statement: str, context: ExecutionContext) -> None:
    if statement[:6].upper() == "SELECT" or context.root_connection is not guard.connection:
        return
    if _ENDS.match(statement):
        _refuse("ends")
    if not statement.lstrip()[:9].upper().startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN")):
        guard.open_savepoint()


def _commit(commit: Callable[[PoolProxiedConnection], None], connection: PoolProxiedConnection) -> None:
    guard = running.get()
    if isinstance(guard, Guard) and guard.driver is connection:
        _refuse("commits")
    commit(connection)


def _roll_back(roll_back: Callable[[PoolProxiedConnection], None], connection: PoolProxiedConnection) -> None:
    guard = running.get()
    if isinstance(guard, Guard) and guard.driver is connection:
        guard.offence, guard.touched = guard.offence or "rolls back", True
    roll_back(connection)
