"""Staff accounts: made, found, and kept to rules that protect the shop."""

from __future__ import annotations

import re

from sqlalchemy import func, select

from salesbot.database import db
from salesbot.errors import SalesbotError
from salesbot.models import StaffUser
from salesbot.models.staff import ROLES

SHORTEST_PASSWORD = 10


def add(email: str, password: str, *, role: str = "owner", name: str = "") -> StaffUser:
    """A new account; SalesbotError says what is wrong with address, password or role."""
    email = read_email(email)
    if len(password) < SHORTEST_PASSWORD:
        raise SalesbotError("the password needs at least {n} characters", n=SHORTEST_PASSWORD)
    if role not in ROLES:
        raise SalesbotError("the role is one of {roles}", roles=", ".join(ROLES))
    if by_email(email) is not None:
        raise SalesbotError("{email} has an account already", email=email)
    user = StaffUser(email=email, name=name, role=role)
    user.set_password(password)
    db.session.add(user)
    db.session.flush()
    return user


def read_email(typed: str) -> str:
    """An address as it is kept; SalesbotError when it is none."""
    email = typed.strip().casefold()
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise SalesbotError("“{email}” is not an e-mail address", email=email)
    return email


def by_email(email: str) -> StaffUser | None:
    """The account of this address."""
    return db.session.scalar(select(StaffUser).where(StaffUser.email == email.strip().casefold()))


def from_session(word: str) -> StaffUser | None:
    """The account that a session cookie belongs to, while neither was ended."""
    number, _, epoch = word.partition(".")
    if not (number.isdecimal() and epoch.isdecimal()):
        return None
    user = db.session.get(StaffUser, int(number))
    fits = user is not None and user.active and user.epoch == int(epoch)
    return user if fits else None


def exist() -> bool:
    """Whether anybody can sign in."""
    return bool(db.session.scalar(select(func.count(StaffUser.id))))
