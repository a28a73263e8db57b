from datetime import timedelta

import pytest

HOURS = "We are here from 9 to 17 o'clock."


@pytest.fixture
def at(clock):
    """Moves the clock on to the next time that it is so many hours after midnight, UTC."""

    def move(hour):
        midnight = clock.now().replace(hour=0, minute=0, second=0)
        clock.move(midnight + timedelta(days=1, hours=hour) - clock.now())

    return move


def test_at_night_whoever_asks_for_a_person_reads_the_hours(customer, at):
    at(22)
    assert HOURS in customer.says("person")[0].text


def test_by_day_nobody_needs_them(customer, at):
    at(12)
    said = customer.says("person")[0].text
    assert "A person will answer you" in said
    assert HOURS not in said


def test_other_answers_are_as_before(customer, at):
    at(22)
    customer.says("person")
    assert HOURS not in customer.says("menu")[0].text


def test_the_hours_are_those_of_the_shops_zone(customer, catalogue, at):
    catalogue.setting("opening_hours.opening_zone", "Asia/Tokyo")
    at(1)
    assert HOURS not in customer.says("person")[0].text


def test_a_crash_leaves_the_customer_an_answer(customer, catalogue, caplog):
    catalogue.setting("opening_hours.opening_hours", "nine to five")
    assert "A person will answer you" in customer.says("person")[0].text
    assert "plugin opening_hours failed in salesbot_filter_reply" in caplog.text
