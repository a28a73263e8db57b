"""A buyer is reminded once before an unpaid order ends, and only where that is welcome."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from salesbot.models import Message

pytestmark = pytest.mark.both_databases


@pytest.fixture
def waiting(customers, catalogue):
    def buyer(name="Ana", **options):
        someone = customers(name, **options)
        book = catalogue.file(f"Book for {name}")
        someone.taps(f"buy:{book.id}")
        return someone

    return buyer


def reminders(customer):
    return [reply.text for reply in customer.replies if "still waiting" in reply.text]


def test_a_reminder_comes_once_with_the_pay_link(waiting, clock):
    ana = waiting()
    clock.move(minutes=30)
    assert reminders(ana) == []
    clock.move(minutes=20)
    [text] = reminders(ana)
    assert "/pay/" in text
    assert len(reminders(ana)) == 1


def test_nobody_is_reminded_of_what_is_paid(waiting, clock):
    ana = waiting()
    ana.pays()
    clock.move(minutes=50)
    assert reminders(ana) == []


def test_who_said_stop_is_not_reminded(waiting, clock):
    ana = waiting()
    ana.says("stop")
    clock.move(minutes=50)
    assert reminders(ana) == []


def test_who_talks_to_a_person_is_not_reminded(waiting, clock):
    ana = waiting()
    ana.says("a person")
    clock.move(minutes=50)
    assert reminders(ana) == []


def test_outside_the_window_nobody_is_reminded(waiting, clock, catalogue, stored):
    catalogue.setting("ORDER_MINUTES", "2000")
    ana = waiting(channel="twilio")
    clock.move(minutes=1990)
    assert reminders(ana) == []
    held = select(Message.id).where(Message.state == "held")
    assert stored(held) == [], "nor does one wait, to come when the order is long over"


def test_the_shop_can_do_without_reminders(waiting, clock, catalogue):
    catalogue.setting("REMIND_MINUTES", "0")
    ana = waiting()
    clock.move(minutes=59)
    assert reminders(ana) == []
