"""News go to staff by e-mail: all that is due for one person in one, and never the same one twice."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, select

from salesbot import clock
from salesbot.channels import mail
from salesbot.database import db, in_transaction
from salesbot.errors import NotSent, SendUnknown
from salesbot.models import Notice, NoticeMail, NoticePush, PushDevice, StaffUser
from salesbot.public_address import base_url
from salesbot.services import news, shop
from salesbot.texts import speaking, translator

log = logging.getLogger(__name__)
_ = translator("salesbot")

MOST_ATTEMPTS = 5


@dataclass(frozen=True)
class _Letter:
    """What is being sent to one person."""

    staff_id: int
    to: str
    notices: tuple[int, ...]
    subject: str
    text: str
    attempts: int


def send_next() -> bool:
    """Mails one person what is due for them; False when nothing is. Does its own transactions."""
    letter = in_transaction(_claim)
    if letter is None:
        return False
    if letter.notices:
        in_transaction(lambda: _settle(letter, *_sent(letter)))
    return True


def sentence(kind: str, about: str) -> str:
    """A notice in words."""
    who = about or _("Somebody")
    words = {
        "person": _("{who} waits for a person."),
        "failed": _("Something for {who} did not arrive."),
        "payment": _("Order {who}: a picture of the payment is there to check."),
        "stock": _("Few keys are left, or none: {who}."),
    }
    return words[kind].format(who=who)


def due() -> Select[NoticeMail]:
    """What `send_next` might send."""
    return (
        select(NoticeMail)
        .where(NoticeMail.state == "due", NoticeMail.due_at <= clock.now())
        .order_by(NoticeMail.due_at)
    )


def _claim() -> _Letter | None:
    """Takes everything that is due for one person; what is settled meanwhile is dropped."""
    first = db.session.scalar(due().limit(1).with_for_update(skip_locked=True))
    if first is None:
        return None
    person = db.session.get_one(StaffUser, first.staff_id)
    mine = db.session.scalars(
        due().where(NoticeMail.staff_id == person.id).with_for_update(skip_locked=True)
    ).all()
    still_open, told = news.open_keys(), list[Notice]()
    pushed = _pushed(person.id, [one.notice_id for one in mine])
    for one in mine:
        fits = one.notice.key in still_open and one.notice_id not in pushed and person.active
        one.state = "sending" if fits else "dropped"
        one.attempts += 1
        if one.state == "sending":
            told.append(one.notice)
    with speaking(person.language or str(shop.setting("LANGUAGES")[0])):
        return _letter(person, told, max((one.attempts for one in mine), default=1))


def _letter(person: StaffUser, told: list[Notice], attempts: int) -> _Letter:
    """The e-mail in the language that is spoken."""
    lines = [f"{sentence(notice.kind, notice.about)}\n{base_url()}{notice.address}" for notice in told]
    subject = sentence(told[0].kind, told[0].about) if told else ""
    if len(told) > 1:
        subject = _("{n} things need you").format(n=len(told))
    name = str(shop.setting("SHOP_NAME"))
    return _Letter(
        person.id,
        person.email,
        tuple(notice.id for notice in told),
        f"{subject} · {name}",
        "\n\n".join([*lines, _("Change what you hear of: {link}").format(link=f"{base_url()}/admin/news/")]),
        attempts,
    )


def _pushed(staff_id: int, notices: list[int]) -> set[int]:
    """Which of these notices a device of theirs has told already."""
    told = (
        select(NoticePush.notice_id)
        .join(PushDevice, PushDevice.id == NoticePush.device_id)
        .where(PushDevice.staff_id == staff_id, NoticePush.notice_id.in_(notices), NoticePush.state == "sent")
    )
    return {number for number in db.session.scalars(told) if number is not None}


def _sent(letter: _Letter) -> tuple[str, float | None]:
    """Sends it, outside any transaction; the state that follows, and seconds until it is tried again."""
    url = str(shop.setting("SMTP_URL"))
    sender = str(shop.setting("MAIL_FROM")) or letter.to
    db.session.rollback()
    try:
        mail.send(url, sender, letter.to, letter.subject, letter.text)
    except NotSent as exc:
        log.warning("news for staff member %d were not sent: %s", letter.staff_id, exc)
        if exc.retry_in is None or letter.attempts >= MOST_ATTEMPTS:
            return "failed", None
        return "due", exc.retry_in * 2 ** (letter.attempts - 1)
    except SendUnknown as exc:
        log.warning("news for staff member %d may not have arrived: %s", letter.staff_id, exc)
        return "failed", None
    return "sent", None


def _settle(letter: _Letter, state: str, pause: float | None) -> None:
    for one in db.session.scalars(
        select(NoticeMail).where(
            NoticeMail.staff_id == letter.staff_id,
            NoticeMail.notice_id.in_(letter.notices),
            NoticeMail.state == "sending",
        )
    ):
        one.state = state
        if pause is not None:
            one.due_at = clock.now() + timedelta(seconds=pause)
    db.session.flush()
