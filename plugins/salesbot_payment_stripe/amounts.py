"""Amounts as Stripe counts them: its unit is not always our minor unit, and there are limits.

From https://docs.stripe.com/currencies. UGX is left out: that page gives two readings of an amount
in it, a hundred times apart.
"""

from __future__ import annotations

from decimal import Decimal

from salesbot import currency_decimals


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


WHOLE = _codes("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF")
"""Stripe counts these in whole units."""

THOUSANDTHS = _codes("BHD JOD KWD OMR TND")
"""Stripe counts these in thousandths, and the last digit must be 0."""

HUNDREDTHS = _codes(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF
    CNY COP CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS
    INR ISK JMD KES KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN
    NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SHP SLE SOS SRD
    STD SZL THB TJS TOP TRY TTD TWD TZS UAH USD UYU UZS WST XCD YER ZAR ZMW
    """
)
"""Stripe counts these in hundredths, also where ISO 4217 has none, as with ISK."""

LEAST = {
    "AED": 200, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500, "DKK": 250,
    "EUR": 50, "GBP": 30, "HKD": 400, "HUF": 17500, "INR": 50, "JPY": 50, "MXN": 1000, "MYR": 200,
    "NOK": 300, "NZD": 50, "PLN": 200, "RON": 200, "SEK": 300, "SGD": 50, "THB": 1000, "USD": 50,
}  # fmt: skip
"""The smallest payment, as Stripe counts; elsewhere it depends on where Stripe pays out to."""

MOST = {"IDR": 999_999_999_999, "INR": 999_999_999, "LBP": 99_999_999_999}
MOST |= dict.fromkeys(("COP", "HUF", "JPY"), 9_999_999_999)
USUAL_MOST = 99_999_999


def to_stripe(amount: int, currency: str) -> int | None:
    """Our minor units as Stripe counts them; None where Stripe cannot say that amount."""
    decimals = _decimals(currency)
    if decimals is None:
        return None
    counted = Decimal(amount).scaleb(decimals - currency_decimals(currency))
    if counted != counted.to_integral_value() or (currency in THOUSANDTHS and counted % 10):
        return None
    return int(counted)


def from_stripe(amount: int, currency: str) -> int:
    """What Stripe counts in our minor units, rounded where they are larger than Stripe's."""
    decimals = _decimals(currency)
    if decimals is None:
        return amount
    return int(Decimal(amount).scaleb(currency_decimals(currency) - decimals).to_integral_value())


def can_be_paid(amount: int, currency: str) -> bool:
    """Whether Stripe takes a payment of so many of our minor units."""
    counted = to_stripe(amount, currency)
    if counted is None:
        return False
    return max(1, LEAST.get(currency, 1)) <= counted <= MOST.get(currency, USUAL_MOST)


def _decimals(currency: str) -> int | None:
    if currency in WHOLE:
        return 0
    if currency in THOUSANDTHS:
        return 3
    return 2 if currency in HUNDREDTHS else None
