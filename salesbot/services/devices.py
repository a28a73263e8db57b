"""Browsers of staff that take Web Push: let in, told apart, and let go."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Select, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from salesbot import clock
from salesbot.database import db
from salesbot.errors import SalesbotError
from salesbot.models import NoticePush, PushDevice, ShopSetting, StaffUser
from salesbot.services import shop

KEY = "webpush.key"
"""The setting that holds the shop's private key for Web Push (VAPID), encrypted; made once."""
MOST = 10
"""Devices of one person; one more takes the place of the one that was told least recently."""
SERVICES = (
    "fcm.googleapis.com",
    "jmt17.google.com",
    ".push.services.mozilla.com",
    ".push.apple.com",
    ".notify.windows.com",
)
"""Hosts of the push services of Chrome, Edge, Firefox, Safari and their kin; a dot begins an ending."""
_CURVE = ec.SECP256R1()
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)


class NoDevice(SalesbotError):
    """What a browser sent is nothing that could be told of news. `reason` is "service" or "keys"."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"this browser can't be told: {reason}")
        self.reason = reason


def private_key() -> str:
    """The shop's private key for Web Push, made when there is none yet. Flush only."""
    known = shop.state().texts.get(KEY)
    if known:
        return known
    # Whoever else makes one at this moment waits here.
    shop.changing()
    row = db.session.get(ShopSetting, KEY, populate_existing=True)
    if row is not None and row.secret:
        return row.secret
    fresh = ec.generate_private_key(_CURVE).private_numbers().private_value
    made = _as_text(fresh.to_bytes(32, "big"))
    shop.save(KEY, made, secret=True)
    return made


def public_key() -> str:
    """What browsers subscribe with; it belongs to `private_key`. Flush only."""
    number = int.from_bytes(_bytes_of(private_key()), "big")
    public = ec.derive_private_key(number, _CURVE).public_key()
    return _as_text(public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def is_service(endpoint: str) -> bool:
    """Whether this is an address of a browser's push service, and so one that may be called."""
    try:
        meant = urlsplit(endpoint)
        plain = meant.port in {None, 443} and meant.username is None and endpoint.isascii()
    except ValueError:
        return False
    host = (meant.hostname or "").rstrip(".")
    known = any(host.endswith(one) if one.startswith(".") else host == one for one in SERVICES)
    return meant.scheme == "https" and plain and known and not re.search(r"[\s\\]", endpoint)


def add(person: StaffUser, endpoint: str, p256dh: str, auth: str, agent: str = "") -> PushDevice:
    """Lets a browser in, or gives one that is known to whoever sits there now. Flush only.

    NoDevice when its address or its keys are nothing that a browser would send.
    """
    if len(endpoint) > 1000 or not is_service(endpoint):
        raise NoDevice("service")
    _check_keys(p256dh, auth)
    values = {
        "staff_id": person.id,
        "epoch": person.epoch,
        "p256dh": p256dh,
        "auth": auth,
        "name": name_of(agent),
        "created_at": clock.now(),
    }
    device = by_endpoint(endpoint) or _new(endpoint, values)
    for name, value in values.items():
        setattr(device, name, value)
    db.session.flush()
    for old in of_person(person)[MOST:]:
        db.session.delete(old)
    db.session.flush()
    return device


def of_person(person: StaffUser) -> Sequence[PushDevice]:
    """Somebody's devices that count, the one that was told last first."""
    lately = func.coalesce(PushDevice.told_at, PushDevice.created_at)
    mine = valid().where(PushDevice.staff_id == person.id)
    return db.session.scalars(mine.order_by(lately.desc(), PushDevice.id.desc())).all()


def valid() -> Select[PushDevice]:
    """Devices whose owner may sign in, and has not signed out everywhere since."""
    return (
        select(PushDevice)
        .join(StaffUser, StaffUser.id == PushDevice.staff_id)
        .where(StaffUser.active, StaffUser.epoch == PushDevice.epoch)
    )


def by_endpoint(endpoint: str) -> PushDevice | None:
    """The device with this address at its push service."""
    return db.session.scalar(select(PushDevice).where(PushDevice.endpoint == endpoint))


def is_of(person: StaffUser, endpoint: str) -> bool:
    """Whether this browser tells this person of news."""
    mine = valid().where(PushDevice.staff_id == person.id, PushDevice.endpoint == endpoint)
    return db.session.scalar(mine) is not None


def remove(endpoint: str) -> None:
    """Lets a browser go, whoever's it is: its address is known to itself alone. Flush only."""
    db.session.execute(delete(PushDevice).where(PushDevice.endpoint == endpoint))


def stay(person: StaffUser, endpoint: str) -> None:
    """Keeps the browser in which somebody has just signed out everywhere else. Flush only."""
    mine = update(PushDevice).where(PushDevice.staff_id == person.id, PushDevice.endpoint == endpoint)
    db.session.execute(mine.values(epoch=person.epoch))


def have_ended() -> bool:
    """Whether `sweep` would let any go."""
    return db.session.scalar(_ended().limit(1)) is not None


def sweep() -> None:
    """Lets go whatever was signed out everywhere, or belongs to somebody who may not sign in. Flush only."""
    db.session.execute(delete(PushDevice).where(PushDevice.id.in_(_ended())))


def test(device: PushDevice) -> NoticePush:
    """Has the worker send a word to a device; one that still waits is enough. Flush only."""
    waits = select(NoticePush).where(
        NoticePush.device_id == device.id, NoticePush.notice_id.is_(None), NoticePush.state == "due"
    )
    found = db.session.scalar(waits)
    if found is None:
        tests = delete(NoticePush).where(NoticePush.device_id == device.id, NoticePush.notice_id.is_(None))
        db.session.execute(tests)
        found = NoticePush(device_id=device.id)
        db.session.add(found)
        db.session.flush()
    return found


def name_of(agent: str) -> str:
    """A browser as people call it, such as "Chrome · Android", from its `User-Agent`."""
    words = [next((name for mark, name in table if mark in agent), "") for table in (_BROWSERS, _SYSTEMS)]
    return " · ".join(word for word in words if word)


def _new(endpoint: str, values: dict[str, Any]) -> PushDevice:
    """A device, or the one that another page of the same browser has let in at this moment."""
    try:
        with db.session.begin_nested():
            fresh = PushDevice(endpoint=endpoint, **values)
            db.session.add(fresh)
            db.session.flush()
    except IntegrityError:
        return db.session.scalars(select(PushDevice).where(PushDevice.endpoint == endpoint)).one()
    return fresh


def _ended() -> Select[int]:
    return (
        select(PushDevice.id)
        .join(StaffUser, StaffUser.id == PushDevice.staff_id)
        .where(or_(~StaffUser.active, StaffUser.epoch != PushDevice.epoch))
    )


def _check_keys(p256dh: str, auth: str) -> None:
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, _bytes_of(p256dh))
        fits = len(p256dh) <= 100 and len(_bytes_of(auth)) == 16
    except ValueError:
        fits = False
    if not fits:
        raise NoDevice("keys")


def _bytes_of(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _as_text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
