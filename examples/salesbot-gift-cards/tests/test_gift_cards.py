import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from salesbot_gift_cards.models import GiftCard, balance

from salesbot.models import db


@pytest.fixture
def fifty(catalogue):
    return catalogue.product("Gift card over 50", kind="gift_card", price=5000)


@pytest.fixture
def book(catalogue):
    return catalogue.file("Book", price=3000)


@pytest.fixture
def left(app):
    """Minor units on all cards, as somebody else reads them."""

    def read():
        with app.app_context():
            return [balance(card) for card in db.session.query(GiftCard).order_by(GiftCard.id)]

    return read


def buys_a_card(customer, goods):
    customer.taps(f"buy:{goods.id}")
    said = "\n".join(reply.text for reply in customer.pays())
    return re.search(r"\w{4}-\w{4}-\w{4}-\w{4}", said)[0]


def redeems(customer, code):
    customer.taps("gift_cards:redeem")
    return customer.says(code)[0].text


def pays_by_card(customer, goods):
    customer.taps(f"buy:{goods.id}")
    return customer.opens_pay_page("gift_cards")


def test_a_card_is_bought_given_away_and_spent(customers, fifty, book, left):
    ana, ben = customers("Ana"), customers("Ben")
    code = buys_a_card(ana, fifty)
    assert left() == [5000]
    assert "You have $50.00 on gift cards." in redeems(ben, code.lower().replace("-", " "))
    assert pays_by_card(ben, book).status_code == 303
    assert ben.orders[-1].state == "fulfilled"
    assert "/d/" in ben.replies[-1].text
    assert left() == [2000]


def test_what_is_left_is_too_little_until_another_card_joins_it(customer, fifty, book, left):
    redeems(customer, buys_a_card(customer, fifty))
    pays_by_card(customer, book)
    assert pays_by_card(customer, book).status_code == 409
    assert "Gift card" not in customer.opens_pay_page().text
    assert customer.orders[-1].state == "pending"
    redeems(customer, buys_a_card(customer, fifty))
    assert pays_by_card(customer, book).status_code == 303
    assert left() == [0, 4000]


def test_two_orders_at_once_spend_a_card_once(customer, fifty, book, left, app):
    redeems(customer, buys_a_card(customer, fifty))
    pages = []
    for _ in range(2):
        customer.taps(f"buy:{book.id}")
        pages.append(customer.opens_pay_page().request.path)
    pay = lambda page: app.test_client().post(page, data={"method": "gift_cards"}).status_code  # noqa: E731
    with ThreadPoolExecutor(4) as people:
        list(people.map(pay, pages * 2))
    assert left() == [2000]
    assert sorted(order.state for order in customer.orders[-2:]) in (
        ["fulfilled", "pending"],
        ["cancelled", "fulfilled"],
    )


def test_a_card_cannot_be_bought_with_a_card(customer, fifty):
    redeems(customer, buys_a_card(customer, fifty))
    assert pays_by_card(customer, fifty).status_code == 409


def test_a_card_that_somebody_holds_is_nobody_elses(customers, fifty):
    ana, ben = customers("Ana"), customers("Ben")
    code = buys_a_card(ana, fifty)
    redeems(ana, code)
    assert "do not know this code" in redeems(ben, code)


def test_whoever_guesses_is_sent_to_a_person(customer, fifty):
    for _ in range(5):
        last = redeems(customer, "AAAA-BBBB-CCCC-DDDD")
    assert "Talk to a person" in last
    assert "too many" in customer.taps("gift_cards:redeem")[0].text


def test_a_refund_goes_back_onto_the_card(customer, fifty, book, left, app):
    from salesbot import fulfilment
    from salesbot.models import Payment

    redeems(customer, buys_a_card(customer, fifty))
    pays_by_card(customer, book)
    with app.app_context():
        payment = db.session.query(Payment).filter_by(method="gift_cards").one()
        fulfilment.ask_refund(payment.id, 1000, who="olga@example.com")
        db.session.commit()
    assert customer.replies
    assert left() == [3000]


@pytest.fixture
def give_back(app):
    """Staff give the money for some units of the newest order back; their ids."""
    from salesbot import fulfilment, transaction
    from salesbot.models import Delivery, Payment

    def give(*places):
        with app.app_context(), transaction():
            payment = db.session.query(Payment).order_by(Payment.id.desc()).first()
            units = [db.session.query(Delivery).order_by(Delivery.id).all()[place].id for place in places]
            refund = fulfilment.ask_refund(payment.id, 5000 * len(units), who="olga", units=tuple(units))
            fulfilment.refunded_by_staff(refund.id, who="olga")
        return units

    return give


def buys_two(customer, goods):
    customer.taps(f"checkout:several:{goods.id}")
    customer.says("2")
    said = "\n".join(reply.text for reply in customer.pays())
    return re.findall(r"\w{4}-\w{4}-\w{4}-\w{4}", said)


def test_when_the_money_for_a_card_goes_back_the_card_is_worth_nothing(customer, fifty, give_back, staff):
    code = buys_a_card(customer, fifty)
    give_back(0)
    assert customer.orders[-1].state == "cancelled"
    assert "can't be used" in redeems(customer, code)
    assert "Left on all gift cards: <b>nothing</b>" in staff("manager").get("/admin/gift-cards/").text


def test_one_card_of_two_goes_back_and_the_other_stays_good(customers, fifty, book, give_back, staff):
    ana, ben, eve = customers("Ana"), customers("Ben"), customers("Eve")
    first, second = buys_two(ana, fifty)
    give_back(0)
    assert ana.orders[-1].state == "fulfilled"
    assert "can't be used" in redeems(ben, first)
    assert "You have $50.00 on gift cards." in redeems(eve, second)
    assert pays_by_card(ben, book).status_code == 409
    assert pays_by_card(eve, book).status_code == 303
    assert "$20.00" in staff("manager").get("/admin/gift-cards/").text


def test_a_card_that_somebody_holds_pays_no_more_when_its_money_goes_back(
    customers, fifty, book, give_back, app
):
    from salesbot import fulfilment, transaction

    ana, ben = customers("Ana"), customers("Ben")
    first, _second = buys_two(ana, fifty)
    redeems(ben, first)
    (unit,) = give_back(0)
    assert "on gift cards" not in ben.taps("gift_cards:redeem")[0].text
    assert pays_by_card(ben, book).status_code == 409
    with app.app_context(), transaction():
        fulfilment.give_again(unit, who="olga")
    assert pays_by_card(ben, book).status_code == 303


def test_while_a_bank_asks_for_the_money_the_card_rests(customer, fifty, app):
    from salesbot import PaymentEvent, fulfilment, transaction

    code, order = buys_a_card(customer, fifty), customer.orders[-1]
    with app.app_context(), transaction():
        event = PaymentEvent("d1", order.id, f"money-{order.id}", "disputed", 5000, order.currency)
        fulfilment.take_event("test", event)
    assert "can't be used" in redeems(customer, code)


def test_staff_give_one_away_and_see_what_is_owed(staff, customer):
    assert staff("viewer").post("/admin/gift-cards/give", {"amount": "100"}).status_code in {400, 403}
    manager = staff("manager")
    manager.get("/admin/gift-cards/")
    manager.post("/admin/gift-cards/give", {"amount": "2500"})
    page = manager.get("/admin/gift-cards/").text
    assert "$25.00" in page
    code = re.search(r"\w{4}-\w{4}-\w{4}-\w{4}", page)[0]
    assert "$25.00" in redeems(customer, code)
    assert code not in manager.get("/admin/gift_cards_card/").text
    assert "$25.00" in manager.get("/admin/").text


def test_a_crash_takes_no_money(customer, fifty, book, left, monkeypatch, caplog):
    redeems(customer, buys_a_card(customer, fifty))
    monkeypatch.setattr("salesbot_gift_cards.payment.take_event", None)
    assert pays_by_card(customer, book).status_code == 409
    assert left() == [5000]
    assert "plugin gift_cards failed in PaymentMethod.start" in caplog.text
