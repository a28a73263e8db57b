"""What staff should hear of: found once, told to whoever chose to hear of it, and to nobody twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from salesbot import clock
from salesbot.database import db, table
from salesbot.models import (
    Conversation,
    Customer,
    Delivery,
    LicenceKey,
    Message,
    NewsChoice,
    Notice,
    NoticeMail,
    NoticePush,
    Order,
    OrderLine,
    Payment,
    Product,
    StaffUser,
)
from salesbot.models.conversations import TROUBLE
from salesbot.models.news import NEWS_KINDS
from salesbot.services import devices, shop, stock

RECENT = timedelta(days=1)
"""What went wrong longer ago is no news, as after an update."""
MOST = 50
"""Of each kind, at one look."""
DEVICES_FIRST = timedelta(minutes=5)
"""An e-mail waits this long for a device to be told."""
_SELLERS = frozenset({"owner", "manager"})
ROLES: Mapping[str, frozenset[str]] = {
    "person": _SELLERS | {"agent"},
    "failed": _SELLERS | {"agent"},
    "payment": _SELLERS,
    "stock": _SELLERS,
}
"""Who can do something about news of a kind; nobody else hears of it."""


@dataclass(frozen=True)
class Found:
    """Something that waits for staff now; `address` is a path of the back office."""

    kind: str
    key: str
    about: str
    address: str


def look() -> int:
    """Notes what is new, and whom to tell of it; how much it was. Flush only."""
    fresh = _fresh()
    connection = db.session.connection()
    upsert = {"sqlite": sqlite, "postgresql": postgresql}[connection.dialect.name].insert
    for one in fresh:
        number = connection.execute(
            upsert(table(Notice))
            .values(kind=one.kind, key=one.key, about=one.about[:200], address=one.address, at=clock.now())
            .on_conflict_do_nothing(index_elements=["key"])
            .returning(table(Notice).c.id)
        ).scalar()
        if number is not None:
            told = _plan_pushes(number, one.kind)
            if shop.setting("SMTP_URL"):
                _plan_mails(number, one.kind, told)
    db.session.flush()
    return len(fresh)


def has_new() -> bool:
    """Whether `look` would note something."""
    return bool(_fresh())


def open_keys() -> set[str]:
    """What waits for staff at this moment, by key."""
    return {one.key for one in _waiting()}


def choice_of(staff_id: int) -> NewsChoice:
    """What somebody chose, or what holds until they choose."""
    found = db.session.get(NewsChoice, staff_id)
    if found is not None:
        return found
    return NewsChoice(
        staff_id=staff_id, **dict.fromkeys(NEWS_KINDS, True), sound=True, email=False, zone="UTC"
    )


def wanted(person: StaffUser, choice: NewsChoice) -> list[str]:
    """The kinds that somebody wants to hear of and can do something about."""
    return [kind for kind in NEWS_KINDS if getattr(choice, kind) and person.role in ROLES[kind]]


def since(notice_id: int, kinds: Sequence[str], limit: int = 5) -> Sequence[Notice]:
    """What was noted after a notice, of these kinds, oldest first."""
    statement = select(Notice).where(Notice.id > notice_id, Notice.kind.in_(kinds))
    return db.session.scalars(statement.order_by(Notice.id).limit(limit)).all()


def newest() -> int:
    """The id of the newest notice, 0 when there is none."""
    return db.session.scalar(select(func.max(Notice.id))) or 0


def quiet_until(choice: NewsChoice, moment: datetime) -> datetime | None:
    """When the quiet hours end that `moment` lies in; None when it lies in none."""
    begin, end = choice.quiet_from, choice.quiet_to
    if begin is None or end is None or begin == end:
        return None
    here = moment.astimezone(ZoneInfo(choice.zone))
    minute = here.hour * 60 + here.minute
    if not (begin <= minute < end if begin < end else minute >= begin or minute < end):
        return None
    ends = here.replace(hour=end // 60, minute=end % 60, second=0, microsecond=0)
    if ends <= here:
        ends += timedelta(days=1)
    return ends.astimezone(moment.tzinfo)


def quiet_from(choice: NewsChoice, moment: datetime) -> datetime | None:
    """When the next quiet hours begin; None when somebody has none."""
    begin, end = choice.quiet_from, choice.quiet_to
    if begin is None or end is None or begin == end:
        return None
    here = moment.astimezone(ZoneInfo(choice.zone))
    begins = here.replace(hour=begin // 60, minute=begin % 60, second=0, microsecond=0)
    if begins <= here:
        begins += timedelta(days=1)
    return begins.astimezone(moment.tzinfo)


def _plan_pushes(notice_id: int, kind: str) -> set[int]:
    """Whoever has a device that is told of it."""
    told = set()
    for device in db.session.scalars(devices.valid()).all():
        choice = choice_of(device.staff_id)
        if kind in wanted(device.staff, choice):
            due_at = quiet_until(choice, clock.now()) or clock.now()
            db.session.add(NoticePush(notice_id=notice_id, device_id=device.id, due_at=due_at))
            told.add(device.staff_id)
    return told


def _plan_mails(notice_id: int, kind: str, told: set[int]) -> None:
    """A mail waits until the devices of `told` have had their chance, and is dropped when one was told."""
    chosen = select(NewsChoice, StaffUser).join(StaffUser, StaffUser.id == NewsChoice.staff_id)
    for choice, person in db.session.execute(chosen.where(NewsChoice.email, StaffUser.active)).all():
        if kind in wanted(person, choice):
            due_at = quiet_until(choice, clock.now()) or clock.now()
            if person.id in told:
                due_at += DEVICES_FIRST
            db.session.add(NoticeMail(notice_id=notice_id, staff_id=person.id, due_at=due_at))


def _fresh() -> list[Found]:
    found = list(_waiting())
    if not found:
        return []
    known = set(db.session.scalars(select(Notice.key).where(Notice.key.in_([one.key for one in found]))))
    return [one for one in found if one.key not in known]


def _waiting() -> Iterable[Found]:
    yield from _people()
    yield from _failures()
    yield from _payments()
    yield from _stock()


def _people() -> Iterable[Found]:
    rows = db.session.execute(
        select(Conversation.id, Conversation.person_wanted_at, Customer.name, Conversation.address)
        .join(Customer, Customer.id == Conversation.customer_id)
        .where(Conversation.person_wanted_at.is_not(None))
        .order_by(Conversation.person_wanted_at.desc())
        .limit(MOST)
    )
    for number, since_when, name, address in rows:
        key = f"person:{number}:{since_when:%Y%m%d%H%M%S}"
        who = name or address.removeprefix("whatsapp:")
        yield Found("person", key, who, f"/admin/conversation/details/?id={number}")


def _failures() -> Iterable[Found]:
    recent = clock.now() - RECENT
    messages = db.session.execute(
        select(Message.id, Message.conversation_id, Customer.name)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Customer, Customer.id == Conversation.customer_id)
        .where(Message.state.in_(TROUBLE), Message.created_at > recent)
        .order_by(Message.id.desc())
        .limit(MOST)
    )
    for number, chat, name in messages:
        yield Found("failed", f"message:{number}", name, f"/admin/conversation/details/?id={chat}#m{number}")
    units = db.session.execute(
        select(Delivery.id, Order.id, Order.number)
        .join(OrderLine, OrderLine.id == Delivery.line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(Delivery.state.in_(("failed", "no_stock")), Order.paid_at > recent)
        .limit(MOST)
    )
    for number, order, name in units:
        yield Found("failed", f"delivery:{number}", name, f"/admin/order/details/?id={order}")


def _payments() -> Iterable[Found]:
    rows = db.session.execute(
        select(Payment.id, Payment.proof_id, Order.id, Order.number)
        .join(Order, Order.id == Payment.order_id)
        .where(Payment.state == "started", Payment.proof_id.is_not(None))
        .order_by(Payment.id.desc())
        .limit(MOST)
    )
    for number, proof, order, name in rows:
        yield Found("payment", f"payment:{number}:{proof}", name, f"/admin/order/details/?id={order}")


def _stock() -> Iterable[Found]:
    """Products with few keys; new keys make it news again."""
    few = int(shop.setting("LOW_STOCK"))
    products = db.session.execute(
        select(Product.id, Product.title, func.max(LicenceKey.id))
        .join(LicenceKey, LicenceKey.product_id == Product.id)
        .where(Product.active, Product.kind == "key")
        .group_by(Product.id, Product.title)
    ).all()
    left = stock.available([number for number, _title, _newest in products])
    for number, title, last_key in products:
        there = left[number] or 0
        if there <= few:
            word = "low" if there else "out"
            yield Found(
                "stock", f"stock:{number}:{word}:{last_key}", title, f"/admin/product/edit/?id={number}#goods"
            )
