"""Whoever stops in the middle of buying is asked once whether to go on, and only where that is welcome."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from salesbot import nudging
from salesbot.database import db
from salesbot.models import Conversation

pytestmark = pytest.mark.both_databases


@pytest.fixture
def looking(customers, catalogue):
    """Somebody who looks at a product and says no more."""

    def looker(name="Ana", **options):
        someone = customers(name, **options)
        book = catalogue.file(f"Book for {name}")
        someone.says("hi")
        someone.taps(f"product:{book.id}")
        return someone

    return looker


def nudges(customer):
    return [reply for reply in customer.replies if "Still thinking" in reply.text]


def test_a_question_comes_once_with_the_way_on(looking, clock):
    ana = looking()
    clock.move(minutes=110)
    assert not nudges(ana)
    clock.move(minutes=15)
    [nudge] = nudges(ana)
    assert "*Book for Ana*" in nudge.text
    assert "Write “stop”" in nudge.text
    assert [choice.title for choice in nudge.choices] == ["Buy", "Talk to a person", "Menu"]
    clock.move(hours=3)
    assert len(nudges(ana)) == 1
    assert "/pay/" in ana.says("1")[0].text


def test_nobody_is_asked_again_within_a_week(looking, clock, customers):
    ana = looking()
    clock.move(minutes=125)
    assert len(nudges(ana)) == 1
    ana.says("menu")
    ana.says("Book for Ana")
    clock.move(minutes=125)
    assert not nudges(ana)
    clock.move(days=8)
    ana.says("Book for Ana")
    clock.move(minutes=125)
    assert len(nudges(ana)) == 1


def test_an_open_question_of_the_checkout_is_such_a_stop(looking, clock):
    ana = looking()
    ana.picks("Buy several")
    clock.move(minutes=125)
    [nudge] = nudges(ana)
    assert "*Book for Ana*" in nudge.text


def test_a_cart_that_was_left_brings_one_message_only(looking, clock):
    ana = looking()
    ana.picks("Buy")
    clock.move(minutes=50)
    assert sum("still waiting" in reply.text for reply in ana.replies) == 1
    clock.move(minutes=15)
    assert ana.replies
    clock.move(minutes=60)
    texts = [reply.text for reply in ana.replies]
    assert not [text for text in texts if "let it go. Nothing" in text or "Still thinking" in text], texts


def test_whoever_could_not_be_reminded_hears_of_the_end(looking, clock, catalogue):
    catalogue.setting("REMIND_MINUTES", "0")
    ana = looking()
    ana.picks("Buy")
    clock.move(minutes=65)
    assert [reply for reply in ana.replies if "Nothing was charged" in reply.text]


@pytest.mark.parametrize("words", ["stop", "a person", "menu"])
def test_who_said_stop_or_has_a_person_or_went_elsewhere_is_left_alone(looking, clock, words):
    ana = looking()
    ana.says(words)
    clock.move(minutes=125)
    assert not nudges(ana)


def test_whoever_has_bought_is_left_alone(looking, clock):
    ana = looking()
    ana.picks("Buy")
    ana.pays()
    ana.says("Book for Ana")
    clock.move(minutes=125)
    assert not nudges(ana)


def test_outside_the_window_or_when_the_worker_stood_still_nobody_is_asked(looking, clock, catalogue, stored):
    catalogue.setting("NUDGE_MINUTES", "1430")
    ana = looking(channel="twilio")
    clock.move(minutes=1435)
    assert not nudges(ana)
    catalogue.setting("NUDGE_MINUTES", "120")
    bea = looking("Bea")
    clock.move(hours=9)
    assert not nudges(bea)
    assert stored(select(Conversation.nudged_at)) == [None, None]


def test_what_is_not_for_sale_any_more_is_not_asked_about(looking, clock, app):
    ana = looking()
    with app.app_context():
        db.session.execute(db.text("UPDATE product SET active = false"))
        db.session.commit()
    clock.move(minutes=125)
    assert not nudges(ana)


def test_the_shop_can_do_without_and_two_workers_ask_once(looking, clock, catalogue, app):
    catalogue.setting("NUDGE_MINUTES", "0")
    ana = looking()
    clock.move(minutes=125)
    assert not nudges(ana)
    catalogue.setting("NUDGE_MINUTES", "90")
    with app.app_context():
        assert nudging.nudge_next()
        db.session.commit()
        assert not nudging.nudge_next()
