"""Coupons make an order cheaper, never below nothing, never more often than allowed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from salesbot import clock as time
from salesbot import fulfilment
from salesbot.database import db, in_transaction, transaction
from salesbot.models import Conversation, Coupon, Order

pytestmark = pytest.mark.both_databases


@pytest.fixture
def coupon(app):
    def make(code="SAVE10", **columns):
        with app.app_context(), transaction():
            db.session.add(Coupon(code=code, **columns))

    return make


def orders(stored):
    return stored(select(Order).order_by(Order.id.desc()))


def buy(customer, title):
    customer.says(title)
    return customer.picks("Buy")[0].text


def test_a_percentage_comes_off_when_the_code_is_typed_at_the_pay_link(customer, catalogue, coupon, stored):
    catalogue.key("Editor", price=1999, keys=1)
    coupon(percent=10)
    assert "$19.99" in buy(customer, "Editor")
    text = customer.says("save10")[0].text
    assert "Code SAVE10: −$2.00" in text
    assert "Total: *$17.99*" in text
    assert (orders(stored)[0].total, orders(stored)[0].discount) == (1799, 200)


def test_a_code_typed_before_anything_counts_with_the_next_order(customer, catalogue, coupon):
    catalogue.key("Editor", price=2000, keys=1)
    coupon(percent=50)
    assert "next order" in customer.says("SAVE 10")[0].text
    assert "Total: *$10.00*" in buy(customer, "Editor")


def test_a_code_is_no_number_when_asked_how_many(customer, catalogue, coupon, stored):
    catalogue.key("Editor", price=2000, keys=20)
    coupon(percent=50)
    customer.says("Editor")
    customer.picks("Buy several")
    assert "How many" in customer.says("SAVE10")[0].text
    assert "Total: *$20.00*" in customer.says("2")[0].text


def test_a_fixed_amount_never_goes_below_nothing(customer, catalogue, coupon):
    catalogue.key("Editor", price=500, keys=["ED-1"])
    coupon(amount=900)
    customer.says("SAVE10")
    customer.says("Editor")
    customer.picks("Buy")
    assert "ED-1" in customer.replies[-1].text, "what costs nothing is delivered at once"


def test_a_code_for_one_product_takes_nothing_off_others(customer, catalogue, coupon):
    book = catalogue.file("Book", price=1000)
    catalogue.key("Editor", price=2000, keys=1)
    coupon(percent=50, product_id=book.id)
    buy(customer, "Editor")
    text = customer.says("SAVE10")[0].text
    assert "not for what is in your cart" in text
    assert "Total: *$20.00*" in text
    customer.says("Book")
    customer.picks("Buy")
    assert "Total: *$25.00*" in customer.says("SAVE10")[0].text


def test_a_code_counts_in_its_time_only(customer, catalogue, coupon, clock):
    editor = catalogue.key("Editor", price=2000, keys=1)
    coupon(percent=50, starts_at=time.now() + timedelta(days=1), ends_at=time.now() + timedelta(days=2))
    customer.taps(f"buy:{editor.id}")
    assert "does not count today" in customer.says("SAVE10")[0].text
    clock.move(hours=25)
    customer.taps(f"buy:{editor.id}")
    assert "Total: *$10.00*" in customer.says("SAVE10")[0].text
    clock.move(hours=24)
    customer.taps(f"buy:{editor.id}")
    assert "does not count today" in customer.says("SAVE10")[0].text


def test_one_use_each_is_one_use_each(customers, catalogue, coupon):
    catalogue.key("Editor", price=2000, keys=9)
    coupon(percent=50, uses_per_customer=1)
    ana, ben = customers("Ana"), customers("Ben")
    for someone in (ana, ben):
        buy(someone, "Editor")
        assert "$10.00" in someone.says("SAVE10")[0].text
        someone.pays()
    buy(ana, "Editor")
    assert "used up" in ana.says("SAVE10")[0].text


def test_the_same_code_twice_for_one_cart_is_one_use(customer, catalogue, coupon):
    catalogue.key("Editor", price=2000, keys=9)
    coupon(percent=50, uses_allowed=1)
    buy(customer, "Editor")
    for _ in range(2):
        assert "Total: *$10.00*" in customer.says("SAVE10")[0].text


def test_the_last_use_goes_to_one_of_many_at_once(app, customers, catalogue, coupon, stored):
    editor = catalogue.key("Editor", price=2000, keys=50)
    coupon(percent=50, uses_allowed=3)
    for name in range(8):
        customers(f"C{name}").says("hi")
    chats = [(chat.customer_id, chat.id) for chat in stored(select(Conversation))]
    together = Barrier(len(chats))

    def place(chat):
        with app.app_context():
            together.wait()
            try:
                in_transaction(lambda: fulfilment.place(chat[0], chat[1], [(editor.id, 1)], coupon="SAVE10"))
            except fulfilment.CouponRefused as exc:
                return exc.reason
            return "placed"

    with ThreadPoolExecutor(len(chats)) as pool:
        results = sorted(pool.map(place, chats))
    assert results == ["placed"] * 3 + ["used up"] * 5
    assert sum(order.discount for order in orders(stored)) == 3000
