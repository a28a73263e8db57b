"""News go to devices of staff by Web Push: all that is due for one device in one, each once."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import Select, select

from salesbot import clock
from salesbot.channels import webpush
from salesbot.database import db, in_transaction
from salesbot.errors import NotSent
from salesbot.models import Notice, NoticeMail, NoticePush, PushDevice
from salesbot.newsmail import sentence
from salesbot.public_address import base_url
from salesbot.services import devices, news, shop
from salesbot.texts import speaking, translator

log = logging.getLogger(__name__)
_ = translator("salesbot")

MOST_ATTEMPTS = 5
LEASE = timedelta(minutes=2)
"""Whoever sends has this long; then it is tried again, as they may have died."""
LASTS = timedelta(hours=12)
"""How long a push service keeps news for a device that is off."""
MOST_LINES = 5
URGENT = frozenset({"person", "payment"})


@dataclass(frozen=True)
class _Call:
    """What is being sent to one device."""

    device_id: int
    device: dict[str, Any]
    pushes: tuple[int, ...]
    payload: bytes
    contact: str
    lasts: int
    urgent: bool


def send_next() -> bool:
    """Tells one device what is due for it; False when nothing is. Does its own transactions."""
    call = in_transaction(_claim)
    if call is None:
        return False
    if call.pushes:
        problem = _sent(call)
        in_transaction(lambda: _settle(call, problem))
    return True


def due() -> Select[NoticePush]:
    """What `send_next` might send."""
    return (
        select(NoticePush)
        .where(NoticePush.state == "due", NoticePush.due_at <= clock.now())
        .order_by(NoticePush.due_at)
    )


def _claim() -> _Call | None:
    """Takes what is due for one device; what is settled or told otherwise meanwhile is dropped."""
    first = db.session.scalar(due().limit(1).with_for_update(skip_locked=True))
    if first is None:
        return None
    device = first.device
    mine = list(
        db.session.scalars(due().where(NoticePush.device_id == device.id).with_for_update(skip_locked=True))
    )
    tests = [one for one in mine if one.notice_id is None]
    told = tests or _still_wanted(device, mine)
    for one in told:
        one.attempts += 1
        one.due_at = clock.now() + LEASE
    with speaking(device.staff.language or str(shop.setting("LANGUAGES")[0])):
        words = _words_of_test() if tests else _words(told)
    return _Call(
        device.id,
        {"endpoint": device.endpoint, "keys": {"p256dh": device.p256dh, "auth": device.auth}},
        tuple(one.id for one in told),
        json.dumps(words, ensure_ascii=False).encode(),
        _contact(device.staff.email),
        _lasts(device),
        bool(tests) or any(one.notice is not None and one.notice.kind in URGENT for one in told),
    )


def _still_wanted(device: PushDevice, mine: list[NoticePush]) -> list[NoticePush]:
    """Which of them this device is told of now; in quiet hours none, and the others are dropped."""
    person = device.staff
    choice = news.choice_of(person.id)
    still_open = news.open_keys()
    kinds = news.wanted(person, choice) if person.active and person.epoch == device.epoch else []
    mailed = set(
        db.session.scalars(
            select(NoticeMail.notice_id).where(
                NoticeMail.staff_id == person.id,
                NoticeMail.notice_id.in_([one.notice_id for one in mine]),
                NoticeMail.state.in_(("sending", "sent")),
            )
        )
    )
    later = news.quiet_until(choice, clock.now())
    told = []
    for one in mine:
        notice = one.notice
        fits = notice is not None and notice.key in still_open and notice.kind in kinds
        if not fits or one.notice_id in mailed:
            one.state = "dropped"
        elif later is not None:
            one.due_at = later
        else:
            told.append(one)
    return told


def _words(told: list[NoticePush]) -> dict[str, Any]:
    """What a device shows: what an e-mail would say, and where a tap leads."""
    notices: list[Notice] = [one.notice for one in told if one.notice is not None]
    lines = [sentence(notice.kind, notice.about) for notice in notices]
    title = str(shop.setting("SHOP_NAME"))
    if len(lines) > 1:
        title = f"{_('{n} things need you').format(n=len(lines))} · {title}"
    more = ["…"] if len(lines) > MOST_LINES else []
    return {
        "title": title,
        "body": "\n".join([*lines[:MOST_LINES], *more]),
        "address": notices[0].address if len(notices) == 1 else "/admin/",
        "tag": f"notice-{notices[0].id}" if notices else "",
    }


def _words_of_test() -> dict[str, Any]:
    return {
        "title": str(shop.setting("SHOP_NAME")),
        "body": _("This is the test. News will look like this."),
        "address": "/admin/news/",
        "tag": "test",
        "test": True,
    }


def _contact(email: str) -> str:
    """Whom the push service may write to about us, which its rules ask for."""
    public = urlsplit(base_url())
    if public.scheme == "https":
        return f"https://{public.hostname}"
    return f"mailto:{shop.setting('MAIL_FROM') or email}"


def _lasts(device: PushDevice) -> int:
    """Seconds; what is kept for a device that is off does not ring it in quiet hours."""
    now = clock.now()
    begin = news.quiet_from(news.choice_of(device.staff_id), now)
    lasts = LASTS if begin is None else min(LASTS, begin - now)
    return max(60, int(lasts.total_seconds()))


def _sent(call: _Call) -> NotSent | None:
    """Sends it, outside any transaction; what was in the way."""
    db.session.rollback()
    endpoint = call.device["endpoint"]
    if not devices.is_service(endpoint):
        return webpush.DeviceGone("this is no address of a push service")
    try:
        webpush.send(
            call.device,
            call.payload,
            key=shop.state().texts.get(devices.KEY, ""),
            contact=call.contact,
            lasts=call.lasts,
            urgent=call.urgent,
            stand_in=current_app.config["PUSH_URL"],
        )
    except NotSent as exc:
        log.warning("news for device %d were not sent: %s", call.device_id, exc)
        return exc
    return None


def _settle(call: _Call, problem: NotSent | None) -> None:
    device = db.session.get(PushDevice, call.device_id, with_for_update=True)
    if device is None:
        return
    if isinstance(problem, webpush.DeviceGone):
        db.session.delete(device)
        db.session.flush()
        return
    if problem is None:
        device.told_at = clock.now()
    mine = select(NoticePush).where(NoticePush.id.in_(call.pushes), NoticePush.state == "due")
    for one in db.session.scalars(mine):
        one.problem = "" if problem is None else problem.reason[:200]
        if problem is None:
            one.state = "sent"
        elif problem.retry_in is None or one.attempts >= MOST_ATTEMPTS:
            one.state = "failed"
        else:
            pause = min(problem.retry_in * 2 ** (one.attempts - 1), webpush.LONGEST_PAUSE)
            one.due_at = clock.now() + timedelta(seconds=pause)
    db.session.flush()
