"""What customers agree to and refuse in the chat is kept, each time, with its words and its message."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from salesbot.models import Consent, Customer, Message

pytestmark = pytest.mark.both_databases


def test_stop_and_start_are_kept_each_time_with_words_and_message(customer, stored):
    customer.says("STOP")
    customer.says("stop")
    answer = customer.says("start")[-1].text
    rows = stored(select(Consent).order_by(Consent.id))
    assert [row.what for row in rows] == ["stopped", "stopped", "allowed"]
    assert [row.said for row in rows] == ["STOP", "stop", "start"]
    assert rows[0].wording.startswith("Done. I will not write to you by myself any more.")
    assert answer.startswith(rows[2].wording)
    assert {row.who for row in rows} == {"customer"}
    said = stored(select(Message.id).where(Message.direction == "in").order_by(Message.id))
    assert [row.message_id for row in rows] == said
    assert stored(select(Customer.stopped_at)) == [None]


class TestInSpanish:
    """A shop that speaks Spanish too."""

    @pytest.fixture
    def salesbot_config(self, salesbot_config):
        return {**salesbot_config, "LANGUAGES": "en, es"}

    def test_asking_to_hear_of_stock_is_kept_as_it_was_said(self, customer, catalogue, stored):
        goods = catalogue.key("Night Writer")
        customer.says("hola, buenos días")
        promise = customer.taps(f"catalog:tell:{goods.id}")[-1].text
        [row] = stored(select(Consent))
        assert (row.what, row.about, row.language) == ("stock", "Night Writer", "es")
        assert promise.startswith(row.wording)
        assert row.said == "Avísame cuando vuelva"


def test_a_paid_delivery_comes_after_stop_and_a_reminder_does_not(customer, catalogue, clock, stored):
    """A file is delivered to whoever said stop between ordering and paying."""
    goods = catalogue.key("Focus Timer", keys=["KEY-1"])
    customer.taps(f"buy:{goods.id}")
    customer.says("stop")
    clock.move(minutes=50)
    assert customer.replies[-1].text.startswith("Done.")
    assert "KEY-1" in customer.pays()[-1].text
