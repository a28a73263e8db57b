"""What a form showed, so that saving an older page undoes nobody's work.

Beside each box stands a fingerprint of what was in it. What somebody typed counts where it differs from
that; where the value was changed meanwhile as well, they are told and decide.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from flask import current_app
from flask_babel import gettext
from sqlalchemy import inspect
from sqlalchemy.orm import DeclarativeBase

SUFFIX = "-was"
"""What the name of a box gets for that of its fingerprint."""


@dataclass(frozen=True)
class Merged:
    """`value` is what to keep or to show again, `mine` whether it was typed, `problem` what to tell."""

    value: Any
    mine: bool
    problem: str = ""


def fingerprint(value: Any) -> str:
    """Tells values apart without showing them; nobody outside can make one."""
    secret = current_app.secret_key or ""
    key = secret if isinstance(secret, bytes) else secret.encode()
    return hmac.new(key, f"shown:{_text(value)}".encode(), "sha256").hexdigest()[:20]


def merge(form: Mapping[str, str], name: str, typed: Any, present: Any, words: Any = None) -> Merged:
    """What becomes of the box `name`; `words` is how the present value is told, if not as it is."""
    was, now = form.get(f"{name}{SUFFIX}"), fingerprint(present)
    if _text(typed) == _text(present) or (was is not None and was == fingerprint(typed)):
        return Merged(present, mine=False)
    if was is None or was == now:
        return Merged(typed, mine=True)
    told = present if words is None else words
    if told in (None, ""):
        told = gettext("nothing")
    problem = gettext(
        "Somebody changed this meanwhile. Now it is: %(now)s. Save once more to put yours in its place.",
        now=told,
    )
    return Merged(typed, mine=True, problem=problem)


def _text(value: Any) -> str:
    """A value as a browser would send it back, so that what nobody touched is the same."""
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    if isinstance(value, datetime):  # browsers show no seconds
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat(timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, DeclarativeBase):
        return f"{value.__tablename__} {inspect(value).identity}"
    if isinstance(value, dict):
        return json.dumps({key: _text(one) for key, one in value.items()}, sort_keys=True) if value else ""
    if isinstance(value, list | tuple | set):
        return json.dumps(sorted(map(_text, value))) if value else ""
    return str(getattr(value, "name", value)).replace("\r\n", "\n").strip()
