"""Jobs as rows: put off with their cause, claimed by one worker at a time, tried again when they fail."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, or_, select

from salesbot import clock, messages
from salesbot.database import db
from salesbot.models import Conversation, Job

MOST_ATTEMPTS = 6
CLAIM = timedelta(minutes=10)
"""How long one worker has a job for itself; one that takes longer may be begun a second time."""


def put(
    plugin: str,
    name: str,
    data: Mapping[str, Any],
    *,
    conversation_id: int | None,
    due_at: datetime,
    asked: bool = False,
) -> None:
    """Stores a job. Flush only."""
    db.session.add(
        Job(
            plugin=plugin,
            name=name,
            data=dict(data),
            conversation_id=conversation_id,
            due_at=due_at,
            asked=asked,
        )
    )
    db.session.flush()


def plan(plugin: str, every: Mapping[str, timedelta]) -> None:
    """Makes the rows of a plugin's periodic jobs what it declares now. Flush only."""
    known = {
        job.name: job
        for job in db.session.scalars(select(Job).where(Job.plugin == plugin, Job.every.is_not(None)))
    }
    for name, pause in every.items():
        seconds = int(pause.total_seconds())
        if name not in known:
            db.session.add(Job(plugin=plugin, name=name, every=seconds))
        elif known[name].every != seconds:
            known[name].every = seconds
            known[name].due_at = min(known[name].due_at, clock.now() + pause)
    for name in known.keys() - every.keys():
        db.session.delete(known[name])
    db.session.flush()


def claim(plugins: Collection[str]) -> messages.Job | None:
    """Takes the job of one of these plugins that is due first, or None. Flush only."""
    row = db.session.scalar(due(plugins).limit(1).with_for_update(skip_locked=True, of=Job))
    if row is None:
        return None
    row.claimed_at = clock.now()
    row.attempts += 1
    db.session.flush()
    customer, chat = None, row.conversation
    if chat is not None:
        buyer = chat.customer
        customer = messages.Customer(buyer.id, buyer.name, buyer.language, chat.address)
    return messages.Job(
        key=f"job-{row.id}-{row.runs}",
        name=row.name,
        data=dict(row.data),
        customer=customer,
        id=row.id,
        attempt=row.attempts,
    )


def due(plugins: Collection[str]) -> Select[Job]:
    """What `claim` might find.

    While a person answers in a chat, the bot is silent there, and its jobs wait.
    """
    now = clock.now()
    return (
        select(Job)
        .outerjoin(Conversation, Conversation.id == Job.conversation_id)
        .where(
            Job.state == "waiting",
            Job.due_at <= now,
            or_(Job.claimed_at.is_(None), Job.claimed_at < now - CLAIM),
            or_(Job.conversation_id.is_(None), Conversation.answered_by == "bot"),
            Job.plugin.in_(plugins),
        )
        .order_by(Job.due_at, Job.id)
    )


def done(row: Job) -> None:
    """Ends a locked job, or sets its next time. Flush only."""
    if row.every is None:
        db.session.delete(row)
    else:
        row.claimed_at, row.attempts, row.error = None, 0, ""
        row.runs += 1
        row.due_at = clock.now() + timedelta(seconds=row.every)
    db.session.flush()


def again(row: Job, why: str) -> None:
    """A locked job has failed: it is tried again after pauses that grow, six times in all. Flush only."""
    pause = timedelta(seconds=15 * 4 ** (row.attempts - 1))
    row.claimed_at, row.error = None, why
    if row.attempts < MOST_ATTEMPTS:
        row.due_at = clock.now() + pause
    elif row.every is None:
        row.state = "failed"
    else:
        row.attempts, row.due_at = 0, clock.now() + timedelta(seconds=row.every)
    db.session.flush()


def locked(job_id: int) -> Job | None:
    """The row, for ending it; None when it is there no more."""
    return db.session.get(Job, job_id, with_for_update=True, populate_existing=True)
