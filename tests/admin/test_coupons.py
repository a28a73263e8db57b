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
    ):
        answer = owner.post("/admin/coupon/new/", {**FORM, **change})
        assert words in answer.text, change
    assert stored(select(Coupon)) == []
