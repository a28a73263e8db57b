"""Money is integer minor units; people read and type it in their own way."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbot.money import decimals, is_currency, read, show, to_decimal, to_minor


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


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("19.99", "USD", 1999),
        ("19,99", "USD", 1999),
        (" 7.5 ", "USD", 750),
        ("$ 19.99", "USD", 1999),
        ("19,99 US$", "USD", 1999),
        ("USD 5", "USD", 500),
        ("R$\xa019,99", "BRL", 1999),
        ("1000", "USD", 100000),
        ("1.234,56", "EUR", 123456),
        ("1,234.56", "USD", 123456),
        ("1.234.567", "EUR", 123456700),
        ("1 234,5", "EUR", 123450),
        ("1.000", "KWD", 1000),
        ("1.234,567", "KWD", 1234567),
        ("1200", "JPY", 1200),
    ],
)
def test_an_amount_is_read_as_people_write_it(typed, currency, minor):
    assert read(typed, currency, "es") == minor


@pytest.mark.parametrize(
    ("typed", "currency"),
    [
        *(
            (typed, "USD")
            for typed in ("1.000", "1,000", "20.000", "12,000", "12.345", "1.234,567", "1.23.4")
        ),
        *(
            (typed, "USD")
            for typed in ("", "$", "-1", "+1", "1e3", "1_000", "1.", ".5", "\u0661\u0662", "0x10")
        ),
        *(
            (typed, "USD")
            for typed in ("1,234,56", "1.234.56", "12 34", "0.500,00", "€ 5", "9" * 16, "NaN", "1;2")
        ),
        ("1.000", "JPY"),
        ("12.5", "JPY"),
        ("1.0000", "KWD"),
    ],
)
def test_what_may_be_meant_otherwise_is_not_guessed(typed, currency):
    with pytest.raises(ValueError, match="not clearly"):
        read(typed, currency, "es")


@given(
    st.integers(0, 10**11),
    st.sampled_from(["USD", "EUR", "BRL", "KWD", "JPY"]),
    st.sampled_from(["en", "es", "pt"]),
)
def test_what_is_shown_is_read_back_or_refused_but_never_another_amount(amount, currency, language):
    try:
        assert read(show(amount, currency, language), currency, language) == amount
    except ValueError:
        assert currency == "JPY"
    assert read(f"{to_decimal(amount, currency):f}", currency, language) == amount


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
