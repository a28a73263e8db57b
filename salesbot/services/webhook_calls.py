"""What comes in and goes out, for whoever connects WhatsApp: the last message, and what was wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select

from salesbot import clock
from salesbot.database import db
from salesbot.models import Conversation, Message, WebhookTrouble
from salesbot.models.conversations import PROVIDER_STATES

REFUSED, OTHER_ACCOUNT, OTHER_NUMBER = "refused_signature", "other_account", "other_number"
RECENT = timedelta(days=1)


def note(kind: str, detail: str) -> None:
    """Remembers that something was wrong with a call. Flush only."""
    row = db.session.get(WebhookTrouble, kind, with_for_update=True)
    if row is None:
        row = WebhookTrouble(kind=kind, times=0)
        db.session.add(row)
    row.detail, row.at = detail[:300], clock.now()
    row.times += 1
    db.session.flush()


def troubles() -> list[WebhookTrouble]:
    """What was wrong in the last day and is not over: a message that came since is proof that it is."""
    last = last_message()
    rows = db.session.scalars(
        select(WebhookTrouble).where(WebhookTrouble.at > clock.now() - RECENT).order_by(WebhookTrouble.kind)
    )
    return [row for row in rows if row.kind == OTHER_NUMBER or last is None or row.at > last.created_at]


def last_message() -> Message | None:
    """The newest message that came from WhatsApp."""
    return db.session.scalars(
        select(Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Conversation.channel == "twilio", Message.direction == "in")
        .order_by(Message.id.desc())
        .limit(1)
    ).first()


def last_refusal() -> tuple[str, datetime] | None:
    """The code with which the newest message out failed, and when it was said; None when it went well."""
    row = db.session.execute(
        select(Message.state, Message.error_code, Message.created_at)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Conversation.channel == "twilio",
            Message.direction == "out",
            Message.state.in_(PROVIDER_STATES),
        )
        .order_by(Message.id.desc())
        .limit(1)
    ).first()
    if row is None or row.state not in {"failed", "undelivered"} or not row.error_code:
        return None
    return row.error_code, row.created_at


def codes_since(since: datetime) -> Mapping[str, int]:
    """The providers' codes of messages that did not arrive since then, with how many."""
    rows = db.session.execute(
        select(Message.error_code, func.count())
        .where(Message.direction == "out", Message.created_at > since, Message.error_code != "")
        .group_by(Message.error_code)
    )
    return {row[0]: row[1] for row in rows}
