import re
from datetime import timedelta
from importlib.resources import files

import pytest
from sqlalchemy import select

from salesbot import clock
from salesbot.models import Delivery, LicenceKey, db
from tests.web.conftest import words


def unit():
    return db.session.scalar(select(Delivery).order_by(Delivery.id).limit(1))


def counted(shop):
    with shop.app.app_context():
        return unit().downloads


def test_each_key_of_three_is_shown_and_none_is_shown_twice(shop):
    _path, [page] = shop.bought("Focus Timer Pro", quantity=3)
    answer = shop.browser(REMOTE_ADDR="192.0.2.7").get(page)
    keys = re.findall(r"FOCUS-[A-Z2-9]{5}-[A-Z2-9]{5}-[A-Z2-9]{5}-[A-Z2-9]{5}", words(answer))
    with shop.app.app_context():
        sold = select(LicenceKey).where(LicenceKey.delivery_id.is_not(None))
        assert sorted(keys) == sorted(key.secret for key in db.session.scalars(sold))
    assert len(set(keys)) == 3
    assert re.findall(r'<code id="(key-\d)">', answer.text) == ["key-1", "key-2", "key-3"]


def test_a_download_is_the_file_under_its_own_name(shop):
    _path, [page] = shop.bought("Python by Example")
    answer = shop.browser().post(page, data={"unit": "1"}, follow_redirects=True)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == "attachment; filename=python-by-example.pdf"
    assert answer.data == files("salesbot.demo").joinpath("files", "python-by-example.pdf").read_bytes()
    assert answer.headers["Cache-Control"] == "no-store"
    assert counted(shop) == 1


def test_looking_uses_nothing_up(shop):
    _path, [page] = shop.bought("Python by Example")
    robot = shop.browser(REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT="preview robot")
    for _time in range(10):
        assert robot.get(page).status_code == 200
        assert robot.head(page).status_code == 200
    assert counted(shop) == 0
    assert "You can get it 5 more times, until" in words(robot.get(page))


def test_a_link_that_is_used_up_says_how_to_get_a_new_one(shop):
    _path, [page] = shop.bought("Python by Example")
    browser = shop.browser()
    for _time in range(5):
        assert browser.post(page, data={"unit": "1"}).status_code == 303
    refused = browser.post(page, data={"unit": "1"})
    assert refused.status_code == 410
    assert "as often as this link allows. Write “my orders”" in words(refused)
    assert counted(shop) == 5
    assert "<form" not in browser.get(page).text


def test_a_link_whose_days_are_over_says_so(shop):
    _path, [page] = shop.bought("Python by Example")

    def wait():
        unit().expires_at = clock.now() - timedelta(seconds=1)

    shop.change(wait)
    assert "This link has ended." in words(shop.browser().get(page))
    refused = shop.browser().post(page, data={"unit": "1"})
    assert refused.status_code == 410
    assert "This link has ended." in words(refused)
    assert counted(shop) == 0


def test_what_was_taken_back_is_not_given_any_more(shop):
    _path, pages = shop.bought("Focus Timer Pro", "Python by Example")

    def take_back():
        for one in db.session.scalars(select(Delivery)):
            one.state = "revoked"

    shop.change(take_back)
    for page in pages:
        answer = shop.browser().get(page)
        assert "This was taken back." in words(answer)
        assert "FOCUS-" not in answer.text
    assert shop.browser().post(pages[1], data={"unit": "1"}).status_code == 410


@pytest.mark.parametrize("number", ["", "0", "2", "-1", "1.0", "9" * 40, "１", "one"])
def test_a_unit_that_is_not_there_is_said_kindly(shop, number):
    _path, [page] = shop.bought("Python by Example")
    answer = shop.browser().post(page, data={"unit": number})
    assert answer.status_code == 410
    assert "This file is not here." in words(answer)
    assert counted(shop) == 0


def test_a_file_that_is_missing_on_our_side_costs_the_customer_nothing(shop):
    _path, [page] = shop.bought("Python by Example")
    for file in (shop.app.instance_path,):
        for path in __import__("pathlib").Path(file, "uploads", "files").iterdir():
            path.unlink()
    assert shop.browser().post(page, data={"unit": "1"}).status_code == 410
    assert counted(shop) == 0


def test_an_unpaid_order_has_no_delivery_page(shop):
    shop.order("Python by Example")
    with shop.app.app_context():
        from salesbot.models import OrderLine
        from salesbot.services import links

        path = links.delivery_url(db.session.scalar(select(OrderLine.id))).removeprefix(links.base_url())
    answer = shop.browser().get(path)
    assert answer.status_code == 404
    assert "As soon as the order is paid" in words(answer)


def test_a_damaged_link_gets_a_kind_word(shop):
    _path, [page] = shop.bought("Python by Example")
    for method in ("get", "post"):
        answer = getattr(shop.browser(), method)(page[:-2])
        assert answer.status_code == 404
        assert "This link does not work" in words(answer)


def test_a_unit_that_is_still_being_made_is_said_to_come(shop):
    _path, [page] = shop.bought("Python by Example")

    def not_yet():
        one = unit()
        one.state, one.delivered_at = "due", None
        one.due_at = clock.now() + timedelta(hours=1)

    shop.change(not_yet)
    answer = shop.browser().get(page)
    assert "We are still getting this ready." in words(answer)
    assert "data-look-again" in answer.text


def test_the_address_of_a_delivery_page_stays_between_us(shop):
    _path, [page] = shop.bought("Plain Money")
    answer = shop.browser().get(page)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
