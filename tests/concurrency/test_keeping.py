"""Old messages are deleted while customers write: nobody waits, and nothing of theirs is lost."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select

from salesbot import clock
from salesbot.database import in_transaction, table
from salesbot.models import Conversation, Message, db
from salesbot.services import retention, shop

pytestmark = pytest.mark.both_databases

PEOPLE, TURNS, OLD = 4, 12, 1500
LONGEST = 5.0
"""Seconds that one message may take on a busy machine."""


def test_old_messages_go_while_customers_write(app, customers, stored):
    people = [customers(f"Customer {number}") for number in range(PEOPLE)]
    for person in people:
        person.says("hi")
    long_ago = clock.now() - timedelta(days=400)
    with app.app_context():
        chats = list(db.session.scalars(select(Conversation.id)))
        first = db.session.scalar(select(func.max(Message.id))) or 0
        db.session.execute(
            insert(table(Message)),
            [
                {
                    "id": first + number,
                    "conversation_id": chats[number % len(chats)],
                    "direction": "in",
                    "state": "received",
                    "provider_id": f"OLD{number}",
                    "body": "old words",
                    "choices": [],
                    "media": [],
                    "created_at": long_ago,
                }
                for number in range(1, OLD + 1)
            ],
        )
        if db.engine.dialect.name == "postgresql":
            db.session.execute(select(func.setval("message_id_seq", first + OLD)))
        # Those before the old ones are as old as these, or the limit could not be found by their numbers.
        db.session.execute(
            table(Message).update().where(table(Message).c.id <= first).values(created_at=long_ago)
        )
        clock.move(timedelta(days=-2))
        shop.save("KEEP_MONTHS", "12")
        db.session.commit()
        clock.reset()

    def write(person) -> float:
        slowest = 0.0
        for _ in range(TURNS):
            began = time.monotonic()
            assert person.says("menu"), "each message is answered"
            slowest = max(slowest, time.monotonic() - began)
        return slowest

    def delete_old() -> int:
        deleted = 0
        with app.app_context():
            while in_transaction(retention.is_due):
                deleted += in_transaction(retention.delete_next)
        return deleted

    with ThreadPoolExecutor(PEOPLE + 1) as pool:
        deleting = pool.submit(delete_old)
        slowest = list(pool.map(write, people))
        assert deleting.result() > 0, "the customers' own workers do the rest"
    assert max(slowest) < LONGEST, slowest
    came = stored(select(Message.body).where(Message.direction == "in"))
    assert came == ["menu"] * (PEOPLE * TURNS)
    answered = stored(select(func.count(Message.id)).where(Message.direction == "out"))
    assert answered == [PEOPLE * TURNS]
    assert None not in stored(select(Conversation.trimmed_at))
