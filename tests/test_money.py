"""Money is integer minor units; people read and type it in their own way."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbot.money import decimals, is_currency, show, to_decimal, to_minor


@pytest.mark.parametrize(
    ("amount", "currency", "language", "shown"),
    [
        (1999, "USD", "en", "$19.99"),
        (0, "USD", "en", "$0.00"),
        (1999, "JPY", "en", "¥1,999"),
        (199900, "EUR", "de", "1.999,00\xa0€"),
        (5, "EUR", "fr", "0,05\xa0€"),
        (5120, "KWD", "de", "5,120\xa0KWD"),
        (199000, "HUF", "de", "1.990\xa0HUF"),
        (199050, "HUF", "de", "1.990,50\xa0HUF"),
        (1999, "BRL", "pt-BR", "R$\xa019,99"),
        (1999, "USD", "es_KLINGON", "19,99\xa0US$"),
        (1999, "USD", "spanish", "$19.99"),
        (1999, "USD", "", "$19.99"),
    ],
)
def test_an_amount_is_shown_as_its_reader_writes_it(amount, currency, language, shown):
    assert show(amount, currency, language) == shown


@pytest.mark.parametrize(("typed", "minor"), [("19.99", 1999), ("19", 1900), ("0.1", 10), (" 7.50 ", 750)])
def test_a_typed_amount_becomes_minor_units(typed, minor):
    assert to_minor(typed, "USD") == minor


@pytest.mark.parametrize(
    "typed", ["", "abc", "1,5", "NaN", "sNaN", "Infinity", "1.999", "1e400", "1e999999999", "9" * 40]
)
def test_what_is_no_amount_is_said_plainly(typed):
    with pytest.raises(ValueError, match=r"amount|decimals"):
        to_minor(typed, "USD")


def test_a_currency_without_cents_takes_none():
    assert to_minor("500", "JPY") == 500
    with pytest.raises(ValueError, match="JPY has 0 decimals"):
        to_minor("500.5", "JPY")


@pytest.mark.parametrize(("code", "known"), [("USD", True), ("usd", False), ("XYZ1", False), ("", False)])
def test_a_currency_is_known_by_its_code(code, known):
    assert is_currency(code) is known


@pytest.mark.parametrize(
    ("code", "count"), [("USD", 2), ("JPY", 0), ("KWD", 3), ("HUF", 2), ("RSD", 2), ("ISK", 0)]
)
def test_minor_units_are_those_of_iso_4217_whatever_people_are_used_to(code, count):
    assert decimals(code) == count


@given(st.integers(-(10**15) + 1, 10**15 - 1), st.sampled_from(["USD", "JPY", "KWD"]))
def test_what_is_written_out_is_read_back(amount, currency):
    assert to_minor(to_decimal(amount, currency), currency) == amount
    assert to_decimal(amount, currency) == Decimal(amount) / 10 ** decimals(currency)
