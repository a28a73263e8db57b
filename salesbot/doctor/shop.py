"""Checks of the shop itself: database, keys, worker, disk, address, stock, people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from alembic.runtime.migration import MigrationContext
from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from salesbot import clock, disk
from salesbot.database import db
from salesbot.doctor.checks import BAD, GOOD, WARN, Check, in_utc, looking
from salesbot.errors import KeyringError, SalesbotError
from salesbot.migrations.support import newest
from salesbot.models import Message, NoticePush, Product
from salesbot.services import beats, devices, keyring, shop, staff, stock
from salesbot.texts import plural_translator, translator

_ = translator("salesbot")
_n = plural_translator("salesbot")

WORKER_SILENT = timedelta(seconds=90)
STUCK = timedelta(minutes=10)
NEWS_STUCK = timedelta(days=1)
LITTLE_ROOM, SOME_ROOM = 200 * 1024**2, 1024**3


def database() -> Check:
    """Whether it answers, is at this program's version, and can be read with the shop's keys."""
    check = partial(Check, "database", _("Database"))
    try:
        with looking():
            present = MigrationContext.configure(db.session.connection()).get_current_revision()
            if present != newest():
                return check(
                    BAD,
                    _("It is not at this program's version."),
                    _("Run `salesbot db upgrade`, or start the shop with `salesbot serve`, which does it."),
                )
            keyring.check()
    except KeyringError as exc:
        return check(BAD, str(exc), _("Put back the keyring of this shop's backup."))
    except (SQLAlchemyError, SalesbotError) as exc:
        return check(
            BAD,
            _("It does not answer ({why}).").format(why=type(exc).__name__),
            _("Is the database running, and is DATABASE_URL right?"),
        )
    return check(GOOD, _("It answers, and is at this program's version."))


def worker() -> Check | None:
    """Whether somebody sends, delivers and expires."""
    with when_ready() as ready:
        if not ready:
            return None
        last = beats.newest()
        oldest = db.session.scalar(select(func.min(Message.send_at)).where(Message.state == "waiting"))
    check, now = partial(Check, "worker", _("Worker")), clock.now()
    if last is None or last < now - WORKER_SILENT:
        since = _("No worker runs.") if last is None else _("No worker has run since {when}.")
        return check(
            BAD,
            since.format(when=in_utc(last) if last else ""),
            _(
                "Start `salesbot serve`, which looks after one, or `salesbot worker`. "
                "Nothing is sent till then."
            ),
            last,
        )
    if oldest is not None and oldest < now - STUCK:
        return check(
            WARN,
            _("It runs, but a message has been waiting to be sent for more than ten minutes."),
            _("Look at the conversations for what Twilio said, and into the worker's log."),
        )
    return check(GOOD, _("It runs, and nothing waits for long."))


def room() -> Check:
    """Whether there is room for uploads, logs and the database."""
    check = partial(Check, "disk", _("Disk"))
    folder = Path(current_app.instance_path)
    free = disk.free_bytes(folder)
    said = _("{size} are free where {folder} is.").format(size=disk.size_in_words(free), folder=folder)
    remedy = _("Make room on this disk: a full one stops every sale.")
    state = BAD if free < LITTLE_ROOM else WARN if free < SOME_ROOM else GOOD
    return check(state, said, "" if state == GOOD else remedy)


def address() -> Check | None:
    """Whether the world has an address for the shop, with https."""
    with when_ready() as ready:
        if not ready:
            return None
        public = str(shop.setting("PUBLIC_URL"))
    check = partial(Check, "address", _("The shop's address"))
    if not public:
        return check(
            WARN,
            _("The shop has no address for the world yet: only this computer reaches it."),
            _(
                "`salesbot tunnel` gives it one to try with. "
                "On a server, set PUBLIC_URL to its https address."
            ),
        )
    if urlsplit(public).scheme != "https":
        return check(
            BAD,
            _("{address} begins with http://, which Twilio and browsers do not trust.").format(
                address=public
            ),
            _("Put a proxy with https in front, and let PUBLIC_URL begin with https://."),
        )
    return check(GOOD, public)


def goods() -> Check | None:
    """Whether what is for sale is there."""
    with when_ready() as ready:
        if not ready:
            return None
        rows = db.session.execute(
            select(Product.id, Product.title).where(Product.active, Product.kind == "key")
        ).all()
        left = stock.available([row.id for row in rows])
        few = int(shop.setting("LOW_STOCK"))
        count = db.session.scalar(select(func.count(Product.id)).where(Product.active)) or 0
    check = partial(Check, "stock", _("Stock"))
    low = [f"{row.title} ({left[row.id] or 0})" for row in rows if (left[row.id] or 0) <= few]
    if not count:
        return check(
            WARN,
            _("Nothing is for sale."),
            _("Add a product in the back office, under Products."),
        )
    if low:
        return check(
            WARN,
            _("Few keys are left or none: {products}.").format(products=", ".join(low[:5])),
            _("Open these products and paste more keys."),
        )
    return check(GOOD, _n("%d product is for sale.", "%d products are for sale.", count) % count)


def people() -> Check | None:
    """Whether anybody can sign in."""
    with when_ready() as ready:
        if not ready:
            return None
        anybody = staff.exist()
    check = partial(Check, "staff", _("Staff"))
    if anybody:
        return check(GOOD, _("Somebody can sign in to the back office."))
    return check(WARN, _("Nobody can sign in."), _("Run `salesbot staff add you@example.com`."))


def telling() -> Check | None:
    """Whether staff hear of news when no page is open."""
    with when_ready() as ready:
        if not ready:
            return None
        told = len(db.session.scalars(devices.valid()).all())
        stuck = db.session.scalar(
            select(NoticePush.problem)
            .where(NoticePush.problem != "", NoticePush.due_at > clock.now() - NEWS_STUCK)
            .order_by(NoticePush.id.desc())
            .limit(1)
        )
    check = partial(Check, "news", _("News for staff"))
    if stuck:
        return check(
            WARN,
            _("News did not reach a device of staff: {why}.").format(why=stuck),
            _("Let the worker reach the push services by https; docs/operators.md names them."),
        )
    if told:
        return check(GOOD, _n("%d device is told of news.", "%d devices are told of news.", told) % told)
    return check(GOOD, _("They show in open pages. Staff switch them on for phones under My news."))


@contextmanager
def when_ready() -> Iterator[bool]:
    """Looks into the database; False inside when it can't be read, which the first check has said."""
    try:
        with looking():
            ready = MigrationContext.configure(db.session.connection()).get_current_revision() == newest()
    except (SQLAlchemyError, SalesbotError):
        ready = False
    if not ready:
        yield False
        return
    with looking():
        yield True


CHECKS: tuple[Callable[[], Check | None], ...] = (database, worker, room, address, goods, people, telling)
