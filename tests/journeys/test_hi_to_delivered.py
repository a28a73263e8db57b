"""From "hi" to delivered as a customer goes: signed webhooks in, web pages to pay and to download."""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from salesbot import fulfilment
from salesbot.database import in_transaction, transaction
from salesbot.demo import load_demo
from salesbot.models import Delivery, LicenceKey, Message, Order, Payment, Product
from salesbot.services import inbox

pytestmark = pytest.mark.both_databases


@pytest.fixture
def salesbot_channel():
    return "twilio"


@pytest.fixture
def demo(app):
    """The demo shop, where the pretend provider takes the money."""
    with app.app_context(), transaction():
        load_demo()


def link(customer, kind):
    """The path of the newest link of a kind that the customer has."""
    texts = "\n".join(reply.text for reply in customer.history)
    return urlsplit(re.findall(rf"https?://\S+?/{kind}/\S+", texts)[-1]).path


def pay_in_browser(app, path, method="demo"):
    """Goes through the plain forms of the pay page as any browser does; the last page."""
    browser = app.test_client()
    page = browser.get(path)
    assert page.status_code == 200
    page = browser.post(path, data={"method": method})
    while page.status_code == 303:
        path = urlsplit(page.headers["Location"]).path
        page = browser.get(path)
        if "/demo-pay/" in path and page.status_code == 200:
            page = browser.post(path, data={"result": "pay"})
    return html.unescape(page.text)


def test_five_messages_from_hi_to_a_working_key(demo, app, customer, stored):
    customer.says("hi")
    for _step in range(3):
        customer.says("1")
    assert "Delivered" in pay_in_browser(app, link(customer, "pay"))
    key = customer.replies[-1].text
    assert len(customer.history) == 5
    [sold] = stored(select(LicenceKey).where(LicenceKey.delivery_id.is_not(None)))
    assert sold.secret in key
    assert sold.secret not in "".join(stored(select(Message.body))), "in the rows stands a mark"


@pytest.mark.parametrize("salesbot_config", [{"BUTTONS": True}], ids=["buttons"])
def test_four_messages_from_hi_to_a_working_key_with_buttons(demo, app, customer, twilio, stored):
    customer.says("hi")
    for line in ("Focus Timer Pro", "Buy"):
        customer.picks(line)
    assert "Delivered" in pay_in_browser(app, link(customer, "pay"))
    key = customer.replies[-1].text
    assert len(customer.history) == len(twilio.messages) == 4
    assert [taken.kind for taken in twilio.messages] == ["list", "buttons", "buttons", "buttons"]
    [sold] = stored(select(LicenceKey).where(LicenceKey.delivery_id.is_not(None)))
    assert sold.secret in key


def test_a_book_is_downloaded_from_the_link_in_the_chat(demo, app, customer, stored):
    customer.says("python book")
    customer.says("1")
    pay_in_browser(app, link(customer, "pay"))
    assert "Download it here" in customer.replies[-1].text
    browser = app.test_client()
    path = link(customer, "d")
    assert browser.get(path).status_code == 200
    file = browser.post(path, data={"unit": "1"}, follow_redirects=True)
    assert file.data.startswith(b"%PDF")
    file.close()
    assert stored(select(Delivery.downloads)) == [1]


def test_a_course_and_a_key_in_one_cart_are_one_payment(demo, app, customer, stored):
    customer.says("watercolour")
    customer.says("1")
    customer.says("focus timer")
    text = customer.says("1")[0].text
    assert "Watercolour" in text
    assert "Focus Timer" in text
    pay_in_browser(app, link(customer, "pay"))
    goods = customer.replies[-1].text
    assert "Open it here" in goods
    assert "Your key" in goods
    states = stored(select(Order.state).order_by(Order.id))
    assert states == ["cancelled", "fulfilled"], "the first order made room for the second"


def test_a_quantity_of_three_gives_three_keys(demo, app, customer):
    customer.says("focus timer")
    customer.picks("Buy several")
    assert "3 × Focus Timer" in customer.says("3")[0].text
    pay_in_browser(app, link(customer, "pay"))
    assert len(set(re.findall(r"FOCUS-\S+", customer.replies[-1].text))) == 3


def test_three_wanted_and_one_left_is_said_before_paying(demo, customer, stored):
    customer.taps(f"checkout:several:{stored(select(Product.id).where(Product.title == 'Night Writer'))[0]}")
    assert "only 1 of *Night Writer* are left" in customer.says("3")[0].text
    assert stored(select(Order)) == []


def test_what_is_free_comes_at_once(demo, customer):
    customer.says("calm inbox")
    customer.picks("Get it")
    assert "Download it here" in customer.replies[-1].text
    assert len(customer.history) == 2


def test_an_order_keeps_the_price_it_was_placed_at(demo, app, customer, catalogue, stored):
    customer.says("focus timer")
    customer.says("1")
    timer = stored(select(Product).where(Product.title == "Focus Timer Pro"))[0]
    catalogue.change(timer, price=9900)
    assert "$19.00" in pay_in_browser(app, link(customer, "pay"))
    assert stored(select(Order.total)) == [1900]


def test_what_was_taken_off_the_shelf_meanwhile_is_said_kindly(demo, customer, catalogue, stored):
    customer.says("focus timer")
    timer = stored(select(Product).where(Product.title == "Focus Timer Pro"))[0]
    catalogue.change(timer, active=False)
    reply = customer.says("1")[0]
    assert "not here any more" in reply.text
    assert reply.choices


def test_two_tabs_pay_once(demo, app, customer, stored):
    customer.says("focus timer")
    customer.says("1")
    path = link(customer, "pay")
    for _tab in range(2):
        assert "Delivered" in pay_in_browser(app, path)
    assert len(stored(select(Payment).where(Payment.state == "confirmed"))) == 1
    assert len(stored(select(Delivery))) == 1


def test_a_transfer_that_staff_confirm_is_delivered(demo, app, customer, stored):
    customer.says("focus timer")
    customer.says("1")
    assert "Write this on it" in pay_in_browser(app, link(customer, "pay"), method="manual")
    [payment] = stored(select(Payment))
    with app.app_context():
        in_transaction(lambda: fulfilment.confirm_by_staff(payment.id, who="ana@example.com"))
    assert "Your key" in customer.replies[-1].text


def test_my_orders_gives_it_again(demo, app, customer):
    customer.says("focus timer")
    customer.says("1")
    pay_in_browser(app, link(customer, "pay"))
    key = re.search(r"FOCUS-\S+", customer.replies[-1].text)[0]
    for words in ("my orders", "I lost my key", "get it again"):
        assert key in customer.says(words)[0].text


def test_a_person_answers_until_the_chat_is_given_back(demo, app, customer, stored):
    assert "A person will answer you" in customer.says("a person")[0].text
    assert customer.says("my key does not work") == []
    [chat_id] = set(stored(select(Message.conversation_id)))
    with app.app_context():
        in_transaction(lambda: inbox.give_back(chat_id, who="Olga"))
    assert customer.says("hi")[0].choices
    customer.says("human")
    assert customer.says("menu")[0].choices, "the customer can come back too"


@pytest.mark.parametrize("words", ["pyhton bok", "python book", "books about python", "PYTHON"])
def test_words_find_a_product_also_with_a_typo(demo, customer, words):
    assert "Python by Example" in customer.says(words)[0].text
