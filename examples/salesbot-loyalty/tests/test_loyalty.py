import re

import pytest


@pytest.fixture
def book(catalogue):
    catalogue.setting("loyalty.loyalty_stamps", "3")
    return catalogue.file("Book", price=1000)


def buys(customer, book):
    customer.taps(f"buy:{book.id}")
    return customer.pays()[0].text


def fills_a_card(customer, book):
    said = [buys(customer, book) for _ in range(3)][-1]
    return re.search(r"Code (\w{10}) takes 20 % off", said)[1]


def test_every_order_is_a_stamp(customer, book):
    assert "stamp 1 of 3" in buys(customer, book)
    assert "stamp 2 of 3" in buys(customer, book)
    assert "You have 2 of 3 stamps." in customer.taps("loyalty:card")[0].text


def test_a_full_card_is_a_coupon_that_works_once(customer, book):
    code = fills_a_card(customer, book)
    assert code in customer.taps("loyalty:card")[0].text
    customer.taps(f"buy:{book.id}")
    assert "8.00" in customer.says(code)[0].text
    customer.pays()
    said = customer.taps("loyalty:card")[0].text
    assert code not in said
    assert "You have 1 of 3 stamps." in said


def test_two_customers_fill_two_cards(customers, book):
    ana, ben = customers("Ana"), customers("Ben")
    buys(ana, book)
    assert "stamp 1 of 3" in buys(ben, book)


def test_what_costs_nothing_is_no_stamp(customer, catalogue, book):
    gift = catalogue.file("Sample", price=0)
    customer.taps(f"buy:{gift.id}")
    assert "You have 0 of 3 stamps." in customer.taps("loyalty:card")[0].text


def test_a_reminder_comes_after_a_week_while_the_coupon_is_good(customers, book, clock):
    ana, ben = customers("Ana"), customers("Ben")
    unused, used = fills_a_card(ana, book), fills_a_card(ben, book)
    ben.taps(f"buy:{book.id}")
    ben.says(used)
    ben.pays()
    clock.move(days=8)
    assert f"A reminder: Code {unused}" in ana.replies[-1].text
    assert "A reminder" not in ben.replies[-1].text


def test_a_coupon_ends_and_the_night_job_puts_it_away(customer, book, clock, app):
    from salesbot.models import Coupon, db

    code = fills_a_card(customer, book)
    clock.move(days=91)
    assert customer.replies
    assert code not in customer.taps("loyalty:card")[0].text
    with app.app_context():
        assert not db.session.query(Coupon).filter_by(code=code).one().active


def test_staff_see_stamps_and_change_none(customer, book, staff):
    buys(customer, book)
    viewer = staff("viewer")
    assert "Sam" in viewer.get("/admin/loyalty_stamp/").text
    assert "Stamps of the last day" in viewer.get("/admin/").text
    assert staff("owner").get("/admin/loyalty_stamp/new/").status_code in {302, 403, 404}


def test_who_is_one_person_has_one_card_and_can_be_told_and_forgotten(customers, book, app):
    from salesbot import people
    from salesbot.models import db

    ana, phone = customers("Ana"), customers("Ana's phone")
    buys(ana, book)
    buys(phone, book)
    with app.app_context():
        numbers = [one.orders[-1].customer.id for one in (ana, phone)]
        people.join(*numbers, who="olga@example.com")
        db.session.commit()
        assert "You have 2 of 3 stamps." in phone.taps("loyalty:card")[0].text
        ours = people.find(str(numbers[0]))
        assert len(people.export(ours)["plugins"]["loyalty"]["stamps"]) == 2
        people.erase(ours)
        db.session.commit()
        assert not people.export(people.find(str(numbers[0])))["plugins"]["loyalty"]["stamps"]


def test_a_crash_stops_no_sale(customer, book, monkeypatch, caplog):
    monkeypatch.setattr("salesbot_loyalty.Stamp", None)
    assert "/d/" in buys(customer, book)
    assert "plugin loyalty failed in salesbot_order_changed" in caplog.text
