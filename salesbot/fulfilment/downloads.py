"""Files on their way: a download is counted when a person asks; its bytes may then take several tries."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update

from salesbot import clock
from salesbot.database import db, table
from salesbot.errors import WrongState
from salesbot.models import Delivery, Order, OrderLine
from salesbot.services import file_names, orders, shop, uploads

log = logging.getLogger(__name__)

_DELIVERY = table(Delivery)
_FROZEN = (
    select(Order.id)
    .join(OrderLine, OrderLine.order_id == Order.id)
    .where(OrderLine.id == _DELIVERY.c.line_id, Order.frozen_at.is_not(None))
    .correlate(_DELIVERY)
)


@dataclass(frozen=True)
class File:
    """A file that may be handed over now, and the name under which its buyer keeps it."""

    path: Path
    name: str


def count_download(delivery_id: int) -> int:
    """Counts one download of a file; which one it is, from 1. Flush only.

    WrongState says what is in the way: "used up", "over", "held", "gone".
    """
    file_of(delivery_id)
    counted: int | None = (
        db.session.connection()
        .execute(
            update(_DELIVERY)
            .where(
                _DELIVERY.c.id == delivery_id,
                _DELIVERY.c.state == "delivered",
                _DELIVERY.c.downloads < _DELIVERY.c.downloads_allowed,
                _DELIVERY.c.expires_at > clock.now(),
                ~_FROZEN.exists(),
            )
            .values(downloads=_DELIVERY.c.downloads + 1)
            .returning(_DELIVERY.c.downloads)
        )
        .scalar()
    )
    if counted is None:
        unit = db.session.get(Delivery, delivery_id)
        raise WrongState("over" if unit is not None and is_over(unit) else "used up")
    unit = db.session.get_one(Delivery, delivery_id)
    orders.note(unit.line.order, "customer", "downloaded", unit.file_name or unit.line.title)
    log.info("download %d of delivery %d", counted, delivery_id)
    return counted


def file_of(delivery_id: int) -> File:
    """The file of a unit, while its buyer may have it; WrongState "held" or "gone" when not."""
    unit = db.session.get(Delivery, delivery_id)
    if unit is None or unit.state != "delivered" or not unit.file:
        raise WrongState("gone")
    if unit.line.order.frozen_at is not None:
        raise WrongState("held")
    path = uploads.files_folder() / unit.file
    if not path.is_file():
        log.error("the file of delivery %d is not there", delivery_id)
        raise WrongState("gone")
    return File(path, file_names.kept_as(unit.file_name or path.name))


def allow(unit: Delivery) -> None:
    """Gives a file right its number of downloads and its last day, anew."""
    unit.downloads = 0
    unit.downloads_allowed = shop.setting("DOWNLOADS")
    unit.expires_at = clock.now() + timedelta(days=shop.setting("DOWNLOAD_DAYS"))


def renew(delivery_id: int, *, who: str = "") -> None:
    """Gives a file right its downloads and its days anew, in the timeline too by `who`. Flush only."""
    unit = db.session.get(Delivery, delivery_id, with_for_update=True)
    if unit is None or unit.state != "delivered" or not unit.file:
        raise WrongState("there is nothing to download here")
    allow(unit)
    if who:
        orders.note(unit.line.order, who, "renewed a download", unit.line.title)
    db.session.flush()


def renew_if_needed(unit: Delivery) -> None:
    """The same for a buyer who asks for it again, when the link is used up or over."""
    if unit.file and (unit.downloads >= unit.downloads_allowed or is_over(unit)):
        renew(unit.id)


def is_over(unit: Delivery) -> bool:
    """Whether the days of a file right are over."""
    return unit.expires_at is not None and unit.expires_at <= clock.now()
