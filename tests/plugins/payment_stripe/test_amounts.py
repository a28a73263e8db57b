"""Amounts are the same money on both sides, in every currency."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from salesbot_payment_stripe import amounts

from salesbot.money import decimals

CURRENCIES = sorted(amounts.WHOLE | amounts.THOUSANDTHS | amounts.HUNDREDTHS)


@pytest.mark.parametrize(
    ("ours", "currency", "counted"),
    [
        (1999, "USD", 1999),
        (500, "JPY", 500),
        (5120, "KWD", 5120),
        (5, "ISK", 500),
        (120000, "RSD", 120000),
        (5050, "HUF", 5050),
        (70000, "MGA", 700),
    ],
)
def test_an_amount_as_stripe_counts_it(ours, currency, counted):
    assert amounts.to_stripe(ours, currency) == counted
    assert amounts.from_stripe(counted, currency) == ours


@given(st.sampled_from(CURRENCIES), st.integers(0, 10**12))
def test_whatever_stripe_can_say_comes_back_as_it_went(currency, amount):
    counted = amounts.to_stripe(amount, currency)
    if counted is None:
        assert currency in amounts.THOUSANDTHS or currency == "MGA"
        assert amount % 10 or amount % 100
    else:
        assert amounts.from_stripe(counted, currency) == amount


def test_a_part_of_what_stripe_counts_whole_cannot_be_said():
    assert amounts.to_stripe(70050, "MGA") is None


def test_the_last_of_three_decimals_must_be_nothing():
    assert amounts.to_stripe(5124, "KWD") is None
    assert not amounts.can_be_paid(5124, "KWD")
    assert amounts.can_be_paid(5120, "KWD")


@pytest.mark.parametrize("currency", ["UGX", "IRR", "LYD", "XXX"])
def test_a_currency_that_stripe_does_not_take_or_counts_in_two_ways_is_not_offered(currency):
    assert not amounts.can_be_paid(10_000, currency)


@pytest.mark.parametrize(
    ("currency", "least"), [("USD", 50), ("GBP", 30), ("JPY", 50), ("MXN", 1000), ("CZK", 1500)]
)
def test_less_than_the_least_is_not_offered(currency, least):
    assert amounts.can_be_paid(least, currency)
    assert not amounts.can_be_paid(least - 1, currency)


def test_nothing_and_more_than_the_most_are_not_offered():
    assert not amounts.can_be_paid(0, "KES")
    assert amounts.can_be_paid(99_999_999, "USD")
    assert not amounts.can_be_paid(100_000_000, "USD")
    assert amounts.can_be_paid(100_000_000, "IDR")


def test_parts_of_our_unit_are_rounded_and_never_add_up_to_more():
    assert amounts.from_stripe(1049, "ISK") == 10
    assert amounts.from_stripe(1051, "ISK") == 11
    assert amounts.from_stripe(7, "XYZ") == 7


def test_every_currency_is_counted_in_one_way():
    assert not amounts.WHOLE & amounts.HUNDREDTHS
    assert not amounts.THOUSANDTHS & amounts.HUNDREDTHS
    assert {decimals(code) for code in amounts.WHOLE - {"MGA"}} == {0}
    assert {decimals(code) for code in amounts.THOUSANDTHS} == {3}
    assert set(amounts.LEAST) <= set(CURRENCIES)
