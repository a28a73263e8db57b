import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from salesbot import clock
from salesbot.models import Customer, Order, Payment, db
from salesbot.services import shop as shop_settings
from tests.web.conftest import words


def latest_order():
    return db.session.scalar(select(Order).order_by(Order.id.desc()).limit(1))


def test_the_pay_page_says_what_how_much_and_how(shop):
    path = shop.order("Focus Timer Pro", "Python by Example", quantity=2)
    answer = shop.browser(REMOTE_ADDR="192.0.2.7").get(path)
    page = words(answer)
    assert "Focus Timer Pro 2 × $19.00 $38.00" in page
    assert "Python by Example 2 × $12.00 $24.00" in page
    assert "Total $62.00" in page
    assert "To pay" in page
    assert "60 minutes" in page
    assert re.findall(r'name="method" value="(\w+)"', answer.text) == ["demo", "manual"]
    assert "<script" in answer.text
    assert "csrf" not in answer.text


def test_the_address_of_a_pay_page_stays_between_us(shop):
    answer = shop.browser().get(shop.order("Plain Money"))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"]


def test_a_page_that_a_person_opened_is_noted_once_and_a_robot_s_look_is_not(shop):
    path = shop.order("Plain Money")
    browser = shop.browser()
    assert "data-unopened" in browser.get(path).text
    with shop.app.app_context():
        assert latest_order().opened_at is None
    for _time in range(2):
        assert browser.post(f"{path}/opened").status_code == 204
    assert "data-unopened" not in browser.get(path).text
    with shop.app.app_context():
        order = latest_order()
        assert order.opened_at is not None
        assert [event.what for event in order.events].count("opened the page") == 1
    assert browser.post("/pay/made-up/opened").status_code == 404


def test_one_press_leads_to_the_provider_without_a_cookie_or_a_script(shop):
    path = shop.order("Plain Money")
    answer = shop.browser().post(path, data={"method": "demo"})
    assert answer.status_code == 303
    assert "/demo-pay/" in answer.location
    with shop.app.app_context():
        payment = db.session.scalar(select(Payment))
        assert (payment.method, payment.state, payment.amount) == ("demo", "started", 600)


def test_a_transfer_shows_where_the_money_goes_and_again_when_asked_twice(shop):
    shop.change(lambda: shop_settings.save("payment_manual.details", "Harbour Bank, 12345"))
    path = shop.order("Plain Money")
    for _time in range(2):
        answer = shop.browser().post(path, data={"method": "manual"})
        assert answer.status_code == 200
        assert "Almost done" in words(answer)
        assert "Harbour Bank, 12345" in words(answer)
    with shop.app.app_context():
        assert len(db.session.scalars(select(Payment)).all()) == 1


def test_a_way_to_pay_that_is_gone_is_said_and_the_others_stay(shop):
    path = shop.order("Plain Money")
    for data in ({"method": "cheque"}, {}):
        answer = shop.browser().post(path, data=data)
        assert answer.status_code == 409
        assert "does not work right now" in words(answer)
        assert 'value="demo"' in answer.text


def test_a_paid_order_shows_the_goods_and_the_way_back(shop):
    path, deliveries = shop.bought("Focus Timer Pro", "Python by Example")
    answer = shop.browser().get(path)
    assert "Thank you! It is paid, and everything is in your chat." in words(answer)
    for page in deliveries:
        assert page in answer.text
    assert 'class="button full" href="/"' in answer.text
    assert "<form" not in answer.text


def test_the_other_tab_of_a_paid_order_pays_nothing(shop):
    path = shop.order("Plain Money")
    shop.pay(path)
    answer = shop.browser().post(path, data={"method": "demo"}, follow_redirects=True)
    assert answer.request.path == path
    assert "Thank you!" in words(answer)
    with shop.app.app_context():
        assert len(db.session.scalars(select(Payment)).all()) == 1


def test_an_order_whose_time_is_over_takes_no_money_even_before_the_worker_looks(shop):
    path = shop.order("Plain Money")

    def wait():
        latest_order().expires_at = clock.now() - timedelta(seconds=1)

    shop.change(wait)
    assert "The time for this order is over" in words(shop.browser().get(path))
    answer = shop.browser().post(path, data={"method": "demo"})
    assert answer.status_code == 303
    with shop.app.app_context():
        assert db.session.scalars(select(Payment)).all() == []
    shop.work()
    assert "Time is up" in words(shop.browser().get(path))


def test_a_cancelled_order_sends_on_to_the_newer_one(shop):
    path = shop.order("Plain Money")

    def cancel():
        order = latest_order()
        order.state, order.closed_at = "cancelled", clock.now()

    shop.change(cancel)
    assert "This order was cancelled There is nothing to pay here." in words(shop.browser().get(path))


def test_what_waits_for_a_key_is_said_and_not_called_delivered(shop):
    path = shop.order("Night Writer")

    def lose_the_key():
        from salesbot.models import LicenceKey

        product = shop.product("Night Writer")
        db.session.query(LicenceKey).filter_by(product_id=product).delete()

    shop.change(lose_the_key)
    shop.pay(path)
    assert "We are getting your things ready" in words(shop.browser().get(path))


def test_a_free_order_needs_no_payment(shop):
    path = shop.order("The Calm Inbox")
    shop.work()
    answer = shop.browser().get(path)
    assert "Thank you!" in words(answer)
    assert "Total $0.00" in words(answer)


@pytest.mark.parametrize("cut", [slice(0, -1), slice(0, 5), slice(5, None)])
def test_a_damaged_link_gets_a_kind_word(shop, cut):
    word = shop.order("Plain Money").removeprefix("/pay/")
    for method in ("get", "post"):
        answer = getattr(shop.browser(), method)(f"/pay/{word[cut]}")
        assert answer.status_code == 404
        assert "This link does not work" in words(answer)


def test_a_delivery_link_is_no_pay_link(shop):
    _path, [page] = shop.bought("Plain Money")
    assert shop.browser().get(page.replace("/d/", "/pay/")).status_code == 404


def test_prices_are_written_in_the_customers_language(shop):
    path = shop.order("Plain Money")

    def move_to_berlin():
        db.session.scalar(select(Customer)).language = "de"

    shop.change(move_to_berlin)
    answer = shop.browser().get(path)
    assert 'lang="de"' in answer.text
    assert "6,00 $" in words(answer)


def test_a_customer_on_whatsapp_is_led_back_to_whatsapp(own_shop):
    path = own_shop.order("Plain Money")

    def write_from_whatsapp():
        chat = latest_order().conversation
        chat.channel, chat.address = "twilio", "whatsapp:+491511234567"

    own_shop.change(write_from_whatsapp)
    own_shop.change(lambda: shop_settings.save("payment_manual.details", ""))
    answer = own_shop.browser().get(path)
    assert 'href="https://wa.me/14155238886"' in answer.text
    assert "We can’t take a payment at the moment" in words(answer)
