"""Order lines keep the tax rate and the part of the discount with which they were sold."""

from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, StatementError

from salesbot.database import db, transaction
from salesbot.models import Coupon, OrderLine

pytestmark = pytest.mark.both_databases


@pytest.fixture
def coupon(app):
    def make(code, **columns):
        with app.app_context(), transaction():
            db.session.add(Coupon(code=code, **columns))

    return make


def lines(stored):
    return stored(select(OrderLine).order_by(OrderLine.order_id.desc(), OrderLine.position))


def test_a_line_keeps_the_rate_it_was_sold_with(customer, catalogue, stored):
    book = catalogue.file("Book", tax_rate=Decimal("8.875"))
    customer.says("Book")
    customer.picks("Buy")
    catalogue.change(book, tax_rate=Decimal(20))
    assert lines(stored)[0].tax_rate == Decimal("8.875")


def test_a_product_that_is_not_taxed_makes_a_line_that_is_not(customer, catalogue, stored):
    catalogue.file("Book")
    customer.says("Book")
    customer.picks("Buy")
    assert lines(stored)[0].tax_rate is None


def test_a_coupon_for_one_product_lowers_the_tax_of_that_one_only(customer, catalogue, stored, coupon):
    book = catalogue.file("Book", price=1000, tax_rate=Decimal(7))
    catalogue.file("Song", price=500, tax_rate=Decimal(19), file_name="song.mp3")
    coupon("HALF", percent=50, product_id=book.id)
    customer.says("Book")
    customer.picks("Buy")
    customer.says("Song")
    customer.picks("Buy")
    customer.says("HALF")
    assert [(line.title, line.discount) for line in lines(stored)[:2]] == [("Book", 500), ("Song", 0)]


def test_a_coupon_for_everything_is_spread_over_the_lines(customer, catalogue, stored, coupon):
    for title, price in [("Anna", 333), ("Berta", 333), ("Clara", 334)]:
        catalogue.file(title, price=price)
    coupon("TEN", amount=100)
    for title in ("Anna", "Berta", "Clara"):
        customer.says(title)
        customer.picks("Buy")
    customer.says("TEN")
    assert [line.discount for line in lines(stored)[:3]] == [33, 33, 34]


def test_a_rate_that_is_no_percentage_is_refused_by_the_database(catalogue):
    book = catalogue.file("Book")
    for rate, refusal in [(Decimal(100), IntegrityError), (Decimal("1.2345"), StatementError)]:
        with pytest.raises(refusal):
            catalogue.change(book, tax_rate=rate)
