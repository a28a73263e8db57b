"""Later work: sends what waits, delivers what plugins make, expires what nobody paid."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from salesbot import (
    clock,
    fulfilment,
    handback,
    jobs,
    logs,
    newsmail,
    newspush,
    nudging,
    outbox,
    plugin_manager,
    shop_state,
)
from salesbot.channels import Outgoing, registry
from salesbot.database import db, in_transaction, reading
from salesbot.errors import DatabaseBusy, NotSent, SalesbotError, SendUnknown
from salesbot.fulfilment import deliveries, giving_back, orders
from salesbot.messages import Job
from salesbot.services import beats, devices, keyring, news, plugin_usage, retention, waiting

log = logging.getLogger(__name__)

PAUSE = 0.25
"""Seconds between two looks when there was nothing to do."""
LONGEST_PAUSE = 10.0
"""Seconds between two looks while something is wrong."""
SENDERS = 8
DOERS = 4
"""Jobs of plugins that one worker does at the same time."""
SWEEP = timedelta(seconds=15)
"""Between two looks for what a dead worker left behind."""
NUDGES = timedelta(seconds=10)
"""Between two looks for who stopped in the middle of buying."""
NEWS = timedelta(seconds=3)
"""Between two looks for what staff should hear of."""
KEEPING = timedelta(minutes=1)
"""Between two looks for messages that are older than the shop keeps them."""
SHARE = 9
"""While such messages are deleted, so many times as long as it took nothing is deleted."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)

Sending = tuple[str, Outgoing]
Mapper = Callable[..., object]


class Worker:
    """One process that does later work, or one of several on PostgreSQL."""

    def __init__(self, app: Flask, *, ends: Callable[[], bool] | None = None) -> None:
        """`ends` is asked now and then whether to stop, as when code has changed."""
        self.app = app
        self._ends = ends
        self._jobs: tuple[tuple[Callable[[], Select[Any] | None], Callable[[Mapper], bool]], ...] = (
            (outbox.due, self._send),
            (deliveries.due, lambda _each: fulfilment.deliver_next()),
            (deliveries.to_fill, lambda _each: in_transaction(fulfilment.fill_waiting)),
            (self._to_nudge, self._nudge),
            (handback.due, lambda _each: in_transaction(handback.give_back_next)),
            (newsmail.due, lambda _each: self._beside(newsmail.send_next)),
            (newspush.due, lambda _each: self._beside(newspush.send_next)),
            (waiting.due, lambda _each: in_transaction(fulfilment.tell_next)),
            (giving_back.due, lambda _each: fulfilment.refund_next()),
            (orders.to_remind, lambda _each: in_transaction(fulfilment.remind_next)),
            (orders.overdue, lambda _each: in_transaction(fulfilment.expire_next)),
            (jobs.due, self._do_a_job),
        )
        self._doers: ThreadPoolExecutor | None = None
        self._doing: set[Future[None]] = set()
        self._tellers: ThreadPoolExecutor | None = None
        self._telling: dict[Callable[[], bool], Future[bool]] = {}
        self.stopping = threading.Event()
        self._swept = self._beaten = self._looked = self._deleted = self._nudged = LONG_AGO
        self._rest = KEEPING

    def run(self) -> None:
        """Works until told to stop; what it has begun is finished first.

        KeyringError at once when the database was encrypted with other keys.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        log.info("worker started")
        pause = PAUSE
        while not self.stopping.is_set() and not self._open_up():
            self.stopping.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        with (
            ThreadPoolExecutor(SENDERS, thread_name_prefix="sender") as senders,
            ThreadPoolExecutor(DOERS, thread_name_prefix="job") as self._doers,
            ThreadPoolExecutor(2, thread_name_prefix="news") as self._tellers,
        ):
            while not self.stopping.is_set():
                try:
                    self._say_that_it_works()
                    busy = self.once(senders.map)
                    pause = PAUSE
                except (SQLAlchemyError, SalesbotError) as exc:
                    log.error("the database did not answer: %s", type(exc).__name__)  # noqa: TRY400
                    busy, pause = False, min(pause * 2, LONGEST_PAUSE)
                except Exception:  # whatever it is, the rest of the work must go on
                    log.exception("the worker stumbled")
                    busy, pause = False, min(pause * 2, LONGEST_PAUSE)
                if not busy:
                    self.stopping.wait(pause)
        log.info("worker stopped")

    def _open_up(self) -> bool:
        """Whether the database is there, with the keys that it was encrypted with."""
        try:
            with self.app.app_context():
                in_transaction(keyring.ensure)
        except (SQLAlchemyError, DatabaseBusy) as exc:
            log.error("the database did not answer: %s", type(exc).__name__)  # noqa: TRY400
            return False
        return True

    def _say_that_it_works(self) -> None:
        if _is_past(self._beaten, SWEEP):
            self._beaten = clock.now()
            with self.app.app_context():
                in_transaction(beats.beat)

    def once(self, each: Mapper = map) -> bool:
        """One look at everything; True when there was something to do. `each` maps over sendings.

        A job that stumbles does not keep the others from being done; what it raised is raised then.
        """
        busy, stumbled = False, None
        with self.app.app_context():
            self._sweep()
            self._look_for_news()
            for work in self._due():
                try:
                    busy |= work(each)
                except Exception as exc:  # noqa: BLE001 - it is raised below
                    stumbled = exc
            if not busy:
                self._delete_old()
        if stumbled is not None:
            raise stumbled
        return busy

    def _due(self) -> list[Callable[[Mapper], bool]]:
        """The work for which there is something. One statement finds it, for it is asked all the time."""
        asked = [(statement, work) for due, work in self._jobs if (statement := due()) is not None]
        with reading():
            found = db.session.execute(select(*(statement.exists() for statement, _work in asked))).one()
            db.session.rollback()
        return [work for is_there, (_statement, work) in zip(found, asked, strict=True) if is_there]

    def drain(self) -> None:
        """Works until nothing is due any more; for tests and the terminal."""
        while self.once():
            pass

    def _sweep(self) -> None:
        if _is_past(self._swept, SWEEP):
            self._swept = clock.now()
            in_transaction(outbox.find_stale)
            in_transaction(jobs.plan)
            plugin_usage.write_down(plugin_manager.current().plugins)
        if self._ends is not None and self._ends():
            self.stopping.set()

    def _do_a_job(self, _each: Mapper) -> bool:
        """Begins one job of a plugin, beside all other work: it may take as long as it likes."""
        self._doing = {doing for doing in self._doing if not doing.done()}
        if len(self._doing) >= DOERS:
            return False
        job = jobs.claim()
        if job is None:
            return False
        if self._doers is None:
            jobs.perform(job)
        else:
            self._doing.add(self._doers.submit(self._do, job))
        return True

    def _do(self, job: Job) -> None:
        try:
            with self.app.app_context():
                jobs.perform(job)
        except Exception:  # nobody waits for what it raises
            log.exception("what became of job %s can't be written down", job.name)

    def _beside(self, tell_next: Callable[[], bool]) -> bool:
        """Tells staff beside all other work: no customer waits for a slow server of theirs."""
        if self._tellers is None:
            return tell_next()
        begun = self._telling.get(tell_next)
        if begun is not None and not begun.done():
            return False
        self._telling[tell_next] = self._tellers.submit(self._tell, tell_next)
        return True

    def _tell(self, tell_next: Callable[[], bool]) -> bool:
        try:
            with self.app.app_context():
                return tell_next()
        except Exception:  # nobody waits for what it raises
            log.exception("staff can't be told of news")
            self.stopping.wait(PAUSE)
            return False

    def _to_nudge(self) -> Select[Any] | None:
        if not _is_past(self._nudged, NUDGES):
            return None
        self._nudged = clock.now()
        return nudging.due()

    def _nudge(self, _each: Mapper) -> bool:
        found = in_transaction(nudging.nudge_next)
        if found:
            self._nudged = LONG_AGO  # there may be somebody else
        return found

    def _look_for_news(self) -> None:
        """Notes now and then what staff should hear of, and which devices hear nothing any more."""
        if not _is_past(self._looked, NEWS):
            return
        self._looked = clock.now()
        with reading():
            is_new, have_ended = news.has_new(), devices.have_ended()
            db.session.rollback()
        if have_ended:
            in_transaction(devices.sweep)
        if is_new:
            in_transaction(news.look)

    def _delete_old(self) -> None:
        """Deletes some of what the shop keeps no longer, when there is nothing else to do."""
        if not _is_past(self._deleted, self._rest):
            return
        began = clock.now()
        with reading():
            due = retention.is_due()
            db.session.rollback()
        deleted = in_transaction(retention.delete_next) if due else 0
        self._deleted = clock.now()
        self._rest = (self._deleted - began) * SHARE if deleted else KEEPING

    def _send(self, each: Mapper) -> bool:
        taken = in_transaction(outbox.claim)
        results = each(self._deliver_message, taken)
        for (_channel, message), settle in zip(taken, results, strict=True):  # type: ignore[call-overload]
            with logs.about(message=message.id):
                _write_down(message.id, settle)
        return bool(taken)

    def _deliver_message(self, sending: Sending) -> Callable[[], None]:
        """Sends one message, outside any transaction, and says what to write down about it."""
        name, message = sending
        channel = registry.channel(name)
        try:
            with self.app.app_context(), shop_state.as_last_seen():
                provider_id = channel.send(message)
        except NotSent as exc:
            refusal = exc
            return lambda: outbox.refused(message.id, refusal)
        except SendUnknown as exc:
            why = str(exc)
            return lambda: outbox.lost_sight(message.id, why)
        except Exception as exc:  # one message must not stop all the others
            log.exception("message %s could not be sent", message.id)
            why = f"{type(exc).__name__} while it was being sent"
            return lambda: outbox.lost_sight(message.id, why)
        return lambda: outbox.sent(message.id, provider_id, arrived=channel.window_hours is None)


def _is_past(last: datetime, pause: timedelta) -> bool:
    """Whether something is to be done again; a clock that was put back makes nothing wait."""
    return not timedelta() <= clock.now() - last < pause


def _write_down(message_id: int, settle: Callable[[], None]) -> None:
    """Keeps what became of one message; when that can't be kept, staff must look at it."""
    try:
        in_transaction(settle, repeatable=True)
    except IntegrityError:
        log.exception("what became of message %s can't be written down", message_id)
        why = "Twilio's answer about it does not fit what is known"
        in_transaction(lambda: outbox.lost_sight(message_id, why), repeatable=True)
