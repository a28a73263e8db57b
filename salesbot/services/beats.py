"""Which workers run: each says so now and then."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from salesbot import clock
from salesbot.database import db
from salesbot.models import WorkerBeat

FORGOTTEN = timedelta(days=1)


def beat() -> None:
    """This process works. Flush only."""
    name = f"{socket.gethostname()[:100]} {os.getpid()}"
    row = db.session.get(WorkerBeat, name) or WorkerBeat(name=name)
    row.at = clock.now()
    db.session.add(row)
    db.session.execute(delete(WorkerBeat).where(WorkerBeat.at < clock.now() - FORGOTTEN))
    db.session.flush()


def newest() -> datetime | None:
    """When a worker was last seen at work."""
    return db.session.scalar(select(func.max(WorkerBeat.at)))
