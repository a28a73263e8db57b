"""SQLite made safe for many writers: IMMEDIATE transactions, one after the other, with a deadline.

SQLAlchemy's defaults lose updates silently on SQLite; see docs/operators.md. A lock file beside
the database orders the processes, a lock in memory orders the threads of this one.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Engine, PoolProxiedConnection, event

from salesbot.errors import DatabaseBusy

DEADLINE = 20.0
PRAGMAS = ("busy_timeout=30000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON")

_reading: ContextVar[bool] = ContextVar("salesbot_reading", default=False)


@contextmanager
def read_only() -> Iterator[None]:
    """Transactions begun inside take no place in the queue and cannot write."""
    with _set(reading=True):
        yield


@contextmanager
def writable() -> Iterator[None]:
    """Transactions begun inside may write, also within `read_only`."""
    with _set(reading=False):
        yield


@contextmanager
def _set(*, reading: bool) -> Iterator[None]:
    token = _reading.set(reading)
    try:
        yield
    finally:
        _reading.reset(token)


@dataclass
class WriterQueue:
    """The order in which this process's threads, and other processes, write to one database."""

    path: str
    deadline: float = DEADLINE
    _threads: threading.Lock = field(default_factory=threading.Lock)
    _writer: int | None = None
    _file: int | None = None

    def enter(self) -> None:
        """Waits for its turn; DatabaseBusy after `deadline` seconds.

        A second writer in the same thread could only wait for itself and is refused at once.
        """
        me = threading.get_ident()
        if self._writer == me:
            raise DatabaseBusy("this thread already writes through another connection")
        until = time.monotonic() + self.deadline
        if not self._threads.acquire(timeout=self.deadline):
            raise DatabaseBusy(f"waited {self.deadline:.0f} s for another writer of this process")
        try:
            self._lock_file(until)
        except BaseException:
            self._threads.release()
            raise
        self._writer = me

    def leave(self) -> None:
        """Lets the next one write."""
        self._writer = None
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._threads.release()

    def forget(self) -> None:
        """Starts anew in a forked child, which must not share its parent's lock."""
        self._threads = threading.Lock()
        self._writer = None
        self._close()

    def put_away(self) -> None:
        """Closes the lock file until the next turn, unless somebody writes now."""
        if self._threads.acquire(blocking=False):
            self._close()
            self._threads.release()

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _lock_file(self, until: float) -> None:
        if self._file is None:
            self._file = os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        pause = 0.0005
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    raise DatabaseBusy(
                        f"waited {self.deadline:.0f} s for another process that writes"
                    ) from None
                time.sleep(pause)
                pause = min(pause * 1.5, 0.005)
            else:
                return


def install(engine: Engine) -> None:
    """Gives an SQLite engine its pragmas, its own BEGIN, and the writer queue."""
    path = engine.url.database or ""
    in_memory = path in {"", ":memory:"} or "mode=memory" in path
    queue = None if in_memory else WriterQueue(path + "-writer")
    if not in_memory:
        event.listen(engine, "do_connect", partial(_keep_private, path))
    event.listen(engine, "connect", _set_pragmas)
    # Not by the engine's own events: with one of them SQLAlchemy looks for more around every statement.
    engine.dialect.do_begin = partial(_begin, queue)  # type: ignore[method-assign]
    event.listen(engine, "reset", partial(_reset, queue))
    event.listen(engine, "close", partial(_closed, queue))
    if queue is not None:
        os.register_at_fork(after_in_child=queue.forget)


def _keep_private(path: str, *_about_the_connection: Any) -> None:
    """A new database is its owner's alone, for it will hold what customers write; so are its side files."""
    with suppress(OSError):  # it is there, or SQLite says better what is wrong
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))


def _set_pragmas(dbapi: Any, record: Any) -> None:
    dbapi.isolation_level = None
    cursor = dbapi.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(queue: WriterQueue | None, connection: PoolProxiedConnection) -> None:
    dbapi: Any = connection.dbapi_connection
    if _reading.get():
        dbapi.execute("PRAGMA query_only=ON")
        connection.info["reading"] = True
        dbapi.execute("BEGIN")
        return
    # A migration commits and begins again while it keeps its connection, and so its turn.
    if queue is not None and not connection.info.get("writing"):
        queue.enter()
        connection.info["writing"] = True
    dbapi.execute("BEGIN IMMEDIATE")


def _reset(queue: WriterQueue | None, dbapi: Any, record: Any, state: Any) -> None:
    """The pool takes a connection back: its transaction is over."""
    if dbapi.in_transaction:
        dbapi.rollback()
    if record.info.pop("reading", False):
        dbapi.execute("PRAGMA query_only=OFF")
    _leave(queue, record)


def _closed(queue: WriterQueue | None, dbapi: Any, record: Any) -> None:
    """Undoes what is open: closed alone, SQLite keeps its lock as long as anybody holds a cursor."""
    if dbapi.in_transaction:
        dbapi.rollback()
    _leave(queue, record)
    if queue is not None:
        queue.put_away()


def _leave(queue: WriterQueue | None, record: Any) -> None:
    if record.info.pop("writing", False) and queue is not None:
        queue.leave()
