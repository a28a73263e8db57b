"""Messages are kept as long as the shop says; what is older goes, and nothing else does."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from salesbot import clock
from salesbot.database import in_transaction
from salesbot.models import Conversation, ConversationEvent, Message, Order, Payment, db
from salesbot.services import attachments, inbox, retention, shop
from salesbot.worker import LONG_AGO, Worker
from tests.admin import rows as make

pytestmark = pytest.mark.both_databases

OLD = timedelta(days=200)


@pytest.fixture
def keep(app):
    """Says how many months messages are kept, some days ago."""

    def months(number: int) -> None:
        with app.app_context():
            clock.move(timedelta(days=-2))
            in_transaction(lambda: shop.save("KEEP_MONTHS", str(number)))
            clock.reset()

    return months


@pytest.fixture
def delete_all(app):
    """Deletes until nothing is due; how many in each transaction."""

    def until_done() -> list[int]:
        with app.app_context():
            counts = []
            while in_transaction(retention.is_due):
                counts.append(in_transaction(retention.delete_next))
                assert counts[-1], "what is due can be deleted"
            return counts

    return until_done


@pytest.fixture
def ana(customers, catalogue, app):
    """Ana bought something half a year ago, and said a lot; her order number."""
    ana = customers("Ana")
    book = catalogue.file("Book")
    clock.move(-OLD)
    ana.says("my secret is 42")
    ana.taps(f"buy:{book.id}")
    ana.pays()
    with app.app_context():
        chat = db.session.scalar(select(Conversation.id))
        stored, kind = attachments.keep(io.BytesIO(b"%PDF-1.4"), "offer.pdf")
        make.message(db.session.get(Conversation, chat), "out", media=[{"url": stored, "content_type": kind}])
        inbox.note(chat, "Olga", inbox.NOTE, "likes chess")
        db.session.commit()
    clock.reset()
    return ana


def test_by_default_and_a_day_after_a_change_nothing_is_deleted(ana, app, stored):
    """For ever is the default; and whoever slipped in the settings has a day to put it right."""
    before = stored(select(func.count(Message.id)))
    Worker(app).drain()
    with app.app_context():
        in_transaction(lambda: shop.save("KEEP_MONTHS", "3"))
        assert not retention.is_due()
        assert in_transaction(retention.delete_next) == 0
        clock.move(timedelta(hours=25))
        assert retention.is_due()
    assert stored(select(func.count(Message.id))) == before


def test_old_messages_files_and_notes_go_and_the_order_stays(ana, app, keep, delete_all, stored):
    """Ana writes again: her new words stay, and she still gets her file."""
    ana.says("hi")
    keep(6)
    assert sum(delete_all()) > 4
    assert stored(select(Message.body).where(Message.direction == "in")) == ["hi"]
    assert stored(select(ConversationEvent)) == []
    with app.app_context():
        assert list(attachments.folder().iterdir()) == []
    assert stored(select(Order.state)) == ["fulfilled"]
    assert stored(select(Payment.state)) == ["confirmed"]
    assert stored(select(Conversation.trimmed_at))[0] is not None
    assert "/d/" in ana.says("my orders")[-1].text


def test_the_worker_does_it_by_itself_in_small_parts(ana, app, keep, stored, monkeypatch):
    """A worker that lives on comes back to it, and rests in between."""
    monkeypatch.setattr(retention, "BATCH", 2)
    keep(3)
    worker = Worker(app)
    before = stored(select(func.count(Message.id)))[0]
    worker.once()
    assert before - stored(select(func.count(Message.id)))[0] == 2
    for _ in range(200):
        worker.once()
        worker._deleted = LONG_AGO  # as if the rest were over
    assert stored(select(func.count(Message.id))) == [0]


def test_what_waits_to_be_sent_and_what_proves_a_payment_stays(ana, app, keep, delete_all, stored):
    """A delivery that waits for its customer to write again is owed to them, however old."""
    with app.app_context():
        held, proof = db.session.scalars(select(Message.id).order_by(Message.id).limit(2))
        db.session.execute(update(Payment).values(proof_id=proof))
        db.session.execute(
            update(Message)
            .where(Message.id == held)
            .values(direction="out", state="held", send_at=clock.now() - OLD)
        )
        db.session.commit()
    keep(3)
    delete_all()
    assert set(stored(select(Message.id))) == {held, proof}


def test_an_answer_that_stays_outlives_what_it_answers(ana, app, keep, delete_all, stored):
    """The limit may lie between a question and its answer."""
    with app.app_context():
        first = db.session.scalar(select(func.min(Message.id)))
        db.session.execute(update(Message).where(Message.reply_to_id == first).values(created_at=clock.now()))
        db.session.commit()
    keep(3)
    delete_all()
    assert stored(select(Message.reply_to_id)) == [None]
