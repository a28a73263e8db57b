"""The tax in what was sold, rate by rate, and discounts spread so that every sum still adds up."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbot.money import spread
from salesbot.services.taxes import Taxed, by_rate, read

amounts = st.integers(0, 10**9)
rates = st.one_of(st.none(), st.integers(0, 99_999).map(lambda thousandths: Decimal(thousandths) / 1000))


@pytest.mark.parametrize(
    ("rate", "gross", "net", "tax"),
    [
        ("19", 1900, 1597, 303),  # 19.00 EUR
        ("10", 1000, 909, 91),  # 1,000 JPY
        ("5", 10_500, 10_000, 500),  # 10.500 KWD
        ("8.875", 1999, 1836, 163),
        ("7.5", 43, 40, 3),
        ("0", 500, 500, 0),
    ],
)
def test_the_tax_is_worked_out_of_the_price(rate, gross, net, tax):
    assert by_rate([(Decimal(rate), gross)]) == (Taxed(Decimal(rate), net, tax, gross),)


def test_lines_of_one_rate_are_added_up_before_they_are_rounded():
    assert by_rate([(Decimal(19), 10)] * 3) == (Taxed(Decimal(19), 25, 5, 30),)


def test_nothing_is_said_where_nothing_is_taxed():
    assert by_rate([(None, 500), (None, 0)]) == ()
    assert by_rate([]) == ()


def test_what_is_not_taxed_stands_beside_what_is():
    assert by_rate([(None, 100), (Decimal(7), 107), (Decimal(19), 119)]) == (
        Taxed(Decimal(19), 100, 19, 119),
        Taxed(Decimal(7), 100, 7, 107),
        Taxed(None, 100, 0, 100),
    )


@given(st.lists(st.tuples(rates, amounts), max_size=20))
def test_net_and_tax_always_make_the_total(sold):
    found = by_rate(sold)
    assert not found or sum(one.gross for one in found) == sum(amount for _rate, amount in sold)
    for one in found:
        assert one.net + one.tax == one.gross
        assert 0 <= one.tax <= one.gross
        if one.rate is not None:
            assert abs(one.tax - one.net * one.rate / 100) <= 1


@given(st.lists(amounts, max_size=20), st.data())
def test_a_discount_is_spread_to_the_last_cent_and_takes_no_more_than_a_line_costs(lines, data):
    discount = data.draw(st.integers(0, sum(lines)))
    parts = spread(discount, lines)
    assert sum(parts) == discount
    for part, line in zip(parts, lines, strict=True):
        assert 0 <= part <= line
        assert abs(part - Decimal(discount * line) / max(1, sum(lines))) < 1


@given(st.lists(st.tuples(rates, amounts), min_size=1, max_size=12), st.data())
def test_what_is_taxed_after_a_discount_adds_up_to_what_was_paid(sold, data):
    lines = [amount for _rate, amount in sold]
    discount = data.draw(st.integers(0, sum(lines)))
    parts = spread(discount, lines)
    found = by_rate((rate, amount - part) for (rate, amount), part in zip(sold, parts, strict=True))
    assert not found or sum(one.net + one.tax for one in found) == sum(lines) - discount


@pytest.mark.parametrize(("amount", "over"), [(1, []), (1, [0, 0]), (-1, [5]), (6, [5])])
def test_more_than_there_is_cannot_be_spread(amount, over):
    with pytest.raises(ValueError, match="can't be spread"):
        spread(amount, over)


@pytest.mark.parametrize(
    ("typed", "rate"),
    [
        ("19", "19"),
        ("19 %", "19"),
        (" 7.5% ", "7.5"),
        ("8,875", "8.875"),
        ("0", "0"),
        ("", None),
        (" ", None),
    ],
)
def test_a_rate_is_typed_as_a_percentage(typed, rate):
    assert read(typed) == (None if rate is None else Decimal(rate))


@pytest.mark.parametrize("typed", ["abc", "-1", "100", "1.2345", "1e1", "NaN", "٣", "1.000,5", "%%"])
def test_what_is_no_rate_is_said_plainly(typed):
    with pytest.raises(ValueError, match="type a percentage"):
        read(typed)
