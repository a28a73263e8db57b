"""Work that a plugin puts off: answers that take a while, reminders, what is done every night."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, select

from salesbot import asking, clock, messages, outbox, plugin_manager, turns
from salesbot.database import db, in_transaction
from salesbot.errors import PluginProblem
from salesbot.messages import Chat, Reply
from salesbot.models import Customer, Job, Order
from salesbot.plugin_loading import Plugin
from salesbot.replies import checked_notes, checked_replies
from salesbot.services import jobs, shop
from salesbot.texts import speaking

log = logging.getLogger(__name__)

HOOK = "salesbot_run_job"


def later(
    name: str,
    data: Mapping[str, Any] | None = None,
    *,
    chat: Chat | None = None,
    order: messages.Order | None = None,
    after: timedelta = timedelta(),
) -> None:
    """Puts work off until the present transaction is committed and `after` has passed.

    A worker then calls `salesbot_run_job` of the plugin that `name`, "plugin:rest", begins with;
    `data` is JSON. What that returns goes to `chat`, or to that of `order`; to who said "stop" only
    when it is for `chat` and was put off since then, for they have asked. In a turn it is undone
    with the turn; elsewhere it belongs into `transaction()`.
    """
    owner = name.partition(":")[0]
    plugin = plugin_manager.current().named(owner)
    if plugin is None or HOOK not in plugin.implementations:
        raise PluginProblem(f"job {name!r}: there is no plugin {owner!r} with {HOOK}")
    conversation_id = chat.id if chat is not None else None
    if order is not None:
        conversation_id = db.session.scalar(select(Order.conversation_id).where(Order.id == order.id))
    notes = checked_notes(dict(data or {}))
    asked = chat is not None and order is None
    jobs.put(owner, name, notes, conversation_id=conversation_id, due_at=clock.now() + after, asked=asked)


def plan() -> None:
    """Lets the rows of periodic jobs follow what the plugins of this process declare. Flush only."""
    manager = plugin_manager.current()
    for plugin in manager.plugins:
        if HOOK in plugin.implementations:
            jobs.plan(plugin.name, {job.name: job.every for job in manager.periodic.get(plugin.name, ())})


def due() -> Select[Any]:
    """What `claim` might find."""
    return jobs.due(_active())


def claim() -> messages.Job | None:
    """Takes a job for this process, or None; `perform` does it. Does its own transaction."""
    return in_transaction(lambda: jobs.claim(_active()))


def perform(job: messages.Job) -> None:
    """Lets the plugin do a job, outside any transaction of ours, and keeps what came of it."""
    manager = plugin_manager.current()
    plugin = manager.named(job.name.partition(":")[0])
    if plugin is None:
        return
    replies: list[Reply] = []
    problem, is_its_fault = "", True
    try:
        with speaking(job.customer.language if job.customer else str(shop.setting("LANGUAGES")[0])):
            replies = manager.call_outside(plugin, HOOK, lambda: _run(plugin, job))
    except KeyboardInterrupt:
        raise
    except BaseException as exc:  # noqa: BLE001 - whatever a plugin raises stays with it
        problem = asking.cause(exc, plugin)
        is_its_fault = not isinstance(exc, ConnectionError | TimeoutError)
    in_transaction(lambda: _settle(plugin, job, replies, problem, counts=is_its_fault))


def _run(plugin: Plugin, job: messages.Job) -> list[Reply]:
    replies = [
        reply for impl in plugin.implementations[HOOK] for reply in checked_replies(impl(job=job)) or ()
    ]
    if replies and job.customer is None:
        raise PluginProblem(f"job {job.name!r} belongs to no chat that could be replied to")
    return replies


def _settle(plugin: Plugin, job: messages.Job, replies: list[Reply], problem: str, *, counts: bool) -> None:
    row = jobs.locked(job.id)
    if row is None or row.attempts != job.attempt:
        return  # it took so long that another worker has begun it again
    if problem:
        jobs.again(row, problem)
        if counts:
            asking.failed(plugin, HOOK, problem)
        else:
            log.warning("plugin %s gets no answer in job %s: %s", plugin.name, job.name, problem)
        return
    customer = db.session.get(Customer, job.customer.id) if job.customer else None
    if row.conversation_id is not None and customer is not None and _wants(customer, row):
        with speaking(customer.language):
            for reply in turns.filtered_for(row.conversation_id, replies):
                outbox.say(row.conversation_id, reply, plugin=plugin.name)
    jobs.done(row)


def _wants(customer: Customer, row: Job) -> bool:
    """Whoever said "stop" gets only what they have asked for since then."""
    stopped = customer.stopped_at
    return stopped is None or (row.asked and row.created_at > stopped)


def _active() -> list[str]:
    """The plugins that can do jobs now."""
    off = shop.state().switched_off
    return [
        plugin.name
        for plugin in plugin_manager.current().plugins
        if HOOK in plugin.implementations and plugin.name not in off
    ]
