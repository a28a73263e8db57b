"""Coupons, as a seller makes them."""

from __future__ import annotations

from sqlalchemy import select

from salesbot.models import Coupon
from tests.admin import rows as make

FORM = {"code": "WELCOME10", "percent": "10", "active": "y"}


def test_a_coupon_is_kept_as_customers_type_it(owner, stored):
    """Small letters and spaces make no difference."""
    owner.post("/admin/coupon/new/", {**FORM, "code": " welcome 10 "})
    [coupon] = stored(select(Coupon))
    assert (coupon.code, coupon.percent, coupon.amount, coupon.active) == ("WELCOME10", 10, None, True)
    assert "10 %" in owner.get("/admin/coupon/").text


def test_a_coupon_may_take_off_an_amount(owner, stored):
    """Typed as a price."""
    owner.post("/admin/coupon/new/", {**FORM, "percent": "", "amount": "2.50"})
    assert stored(select(Coupon.amount)) == [250]


def test_what_does_not_fit_together_is_told_at_the_field(rows, owner, stored):
    """And nothing is kept."""
    with rows():
        make.product()
    for change, words in (
        ({"percent": ""}, "Type either a percentage or an amount."),
        ({"amount": "5"}, "Type either a percentage or an amount."),
        ({"percent": "101"}, "Type a number from 1 to 100."),
        ({"percent": "0"}, "Type a number from 1 to 100."),
        ({"code": "a b"}, "A code has at least 3 letters."),
        ({"product": "1", "category": "1"}, "Choose a product or a category, not both."),
        ({"uses_allowed": "-1"}, "Type a number from 0 to 2147483647."),
        ({"uses_allowed": "3000000000"}, "Type a number from -2147483648 to 2147483647."),
        ({"uses_allowed": "9" * 25}, "Type a number from -2147483648 to 2147483647."),
        ({"uses_per_customer": "0"}, "Type a number from 1 to 2147483647."),
        ({"percent": "", "amount": "0"}, "Type an amount like $19.99."),
        (
            {"starts_at": "2030-05-02T10:00", "ends_at": "2030-05-01T10:00"},
            "The end must come after the start.",
        ),
        (
            {"starts_at": "2030-05-02T10:00", "ends_at": "2030-05-02T10:00"},
            "The end must come after the start.",
        ),
    ):
        answer = owner.post("/admin/coupon/new/", {**FORM, **change})
        assert (answer.status_code, words in answer.text) == (200, True), change
        assert 'value="WELCOME10"' in answer.text or "code" in change, "what was typed stays"
    assert stored(select(Coupon)) == []


def test_a_moment_that_no_clock_in_utc_has_is_told_at_the_field(owner, stored):
    """The last evening of the last year is another day in London."""
    owner.client.set_cookie("salesbot_zone", "America/Lima")
    answer = owner.post("/admin/coupon/new/", {**FORM, "ends_at": "9999-12-31T23:30"})
    assert "Choose another day." in answer.text
    assert stored(select(Coupon)) == []
