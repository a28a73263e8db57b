"""Finds products that the shop's own search does not find."""

from salesbot import hookimpl
from salesbot.models import Product, db

PLUGIN = "isbn"


@hookimpl
def salesbot_search(words, language):
    number = words.replace("-", "")
    if len(number) != 13 or not number.isdecimal():
        return None
    products = db.session.scalars(db.select(Product).where(Product.active))
    return [product.id for product in products if product.options.get("isbn") == number]


def test_a_book_is_found_by_its_number(customer, catalogue):
    catalogue.file("Moby Dick", options={"isbn": "9780142437247"})
    catalogue.file("Another book")
    assert "Moby Dick" in customer.says("978-0-14-243724-7")[0].text
    assert "Another book" in customer.says("another book")[0].text
