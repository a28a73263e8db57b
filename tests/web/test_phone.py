import re

import pytest
from sqlalchemy import select

from salesbot import clock, demo
from salesbot.models import Customer, Message, db


class Phone:
    """What phone.js does, without a browser."""

    def __init__(self, shop):
        self.browser = shop.browser()
        self.csrf = re.search(r'data-csrf="([^"]+)"', self.browser.get("/").text)[1]
        self.cursor = 0

    def says(self, text="", **fields):
        data = {"text": text, "after": self.cursor, "csrf_token": self.csrf, **fields}
        return self.took(self.browser.post("/phone/messages", data=data))

    def looks(self):
        return self.took(self.browser.get(f"/phone/messages?after={self.cursor}"))

    def took(self, answer):
        assert answer.status_code == 200, answer.text
        self.cursor = answer.json["cursor"]
        self.order = answer.json["order"]
        return answer.json["messages"]


@pytest.fixture
def phone(shop):
    return Phone(shop)


def test_a_new_phone_is_empty(phone):
    assert phone.looks() == []
    assert phone.order is None


def test_hi_is_answered_with_the_menu(phone):
    mine, menu = phone.says("hi")
    assert (mine["mine"], mine["text"]) == (True, "hi")
    assert not menu["mine"]
    assert menu["style"] == "numbers"
    assert menu["choices"][0] == {"id": "category:1", "title": "Apps & keys", "detail": ""}
    assert "1. Apps & keys" in menu["text"]
    assert menu["plugin"] == "greeting"
    assert phone.looks() == []


def test_a_tapped_choice_is_a_pick(phone):
    phone.says("hi")
    mine, shelf = phone.says("E-books", choice="category:2")
    assert mine["text"] == "E-books"
    assert "Python by Example" in shelf["text"]


def test_a_cover_comes_from_this_server_whatever_its_public_name(shop, phone):
    shop.app.config["PUBLIC_URL"] = "https://shop.example.com"
    _mine, product = phone.says("focus timer")
    assert re.fullmatch(r"/media/[0-9a-f]+\.png", product["media_url"])
    assert phone.browser.get(product["media_url"]).status_code == 200


def test_two_phones_do_not_read_each_other(shop, phone):
    phone.says("hi")
    other = Phone(shop)
    assert other.looks() == []
    other.says("help")
    assert phone.looks() == []


def test_a_new_customer_begins_with_an_empty_phone(shop, phone):
    phone.says("hi")
    answer = phone.browser.post("/phone/new", data={"csrf_token": phone.csrf})
    assert (answer.status_code, answer.location) == (303, "/")
    phone.cursor = 0
    assert phone.looks() == []
    phone.says("hi")
    with shop.app.app_context():
        assert len(db.session.scalars(select(Customer)).all()) == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:9"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_cannot_write_on_the_phone(phone, headers):
    phone.says("hi")
    for path in ("/phone/messages", "/phone/new"):
        assert phone.browser.post(path, data={"text": "hi"}, headers=headers).status_code == 403
    assert phone.looks() == []


def test_our_own_page_may_write(phone):
    answer = phone.browser.post(
        "/phone/messages",
        data={"text": "hi"},
        headers={"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
    )
    assert len(answer.json["messages"]) == 2


def test_staff_who_sign_in_beside_the_phone_keep_the_chat(shop, phone):
    phone.says("hi")
    with shop.app.app_context():
        email, password = demo.sign_in()
    form = phone.browser.get("/admin/login").text
    answer = phone.browser.post(
        "/admin/login",
        data={
            "csrf_token": re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)[1],
            "email": email,
            "password": password,
        },
    )
    assert answer.status_code == 302
    assert phone.says("help")
    phone.cursor = 0
    assert [message["text"] for message in phone.looks() if message["mine"]] == ["hi", "help"]


def test_a_phone_cannot_take_the_number_of_another(shop, phone):
    phone.says("hi")
    phone.browser.set_cookie("salesbot_phone", "InBob25lLTEyMyI.forged", path="/phone")
    phone.cursor = 0
    assert phone.looks() == []


def test_an_empty_message_is_no_message(phone):
    assert phone.says("  ") == []


@pytest.mark.parametrize("after", ["", "-1", "x", "9" * 30, "٣"])
def test_an_odd_place_to_go_on_from_is_the_beginning(phone, after):
    phone.says("hi")
    answer = phone.browser.get("/phone/messages", query_string={"after": after})
    assert len(answer.json["messages"]) == 2


@pytest.mark.parametrize("text", ["x" * 20_000, "😀" * 3000, "مرحبا", "a\x00b", "<b>hi</b>"])
def test_odd_messages_are_answered(phone, text):
    mine, *replies = phone.says(text)
    assert mine["text"]
    assert "\x00" not in mine["text"]
    assert replies


def test_the_order_beside_the_phone_follows_the_way_from_ordered_to_delivered(shop, phone):
    phone.says("python book")
    offer = phone.says("1")
    assert phone.order["state"] == "pending"
    assert phone.order["state_label"] == "To pay"
    assert phone.order["lines"] == [{"title": "Python by Example", "quantity": 1, "amount": "$12.00"}]
    assert phone.order["total"] == "$12.00"
    assert phone.order["deliveries"] == []
    path = "/pay/" + phone.order["pay_url"].rpartition("/pay/")[2]
    assert phone.order["pay_url"] in offer[-1]["text"]
    shop.pay(path)
    [message] = phone.looks()
    assert "Thank you!" in message["text"]
    assert phone.order["state"] == "fulfilled"
    assert [event["text"] for event in phone.order["timeline"]] == ["Ordered", "Paid", "Delivered"]
    [goods] = phone.order["deliveries"]
    assert goods["title"] == "Python by Example"
    assert goods["url"].rpartition("/d/")[2] in message["text"]


def test_the_buyer_reads_the_key_and_the_database_does_not(shop, phone):
    phone.says("focus timer")
    phone.says("1")
    shop.pay("/pay/" + phone.order["pay_url"].rpartition("/pay/")[2])
    [message] = phone.looks()
    assert re.search(r"FOCUS(-[A-Z2-9]{5}){4}", message["text"])
    with shop.app.app_context():
        assert "FOCUS-" not in db.session.get(Message, message["id"]).body


def test_a_message_that_waits_to_be_sent_is_shown_when_it_arrives_and_not_before(shop, phone):
    phone.says("hi")

    def say_later(state):
        def change():
            message = db.session.scalar(select(Message).where(Message.direction == "out"))
            message.state = state
            message.send_at = clock.now() if state == "waiting" else None

        shop.change(change)

    say_later("waiting")
    phone.cursor = 0
    assert [message["mine"] for message in phone.looks()] == [True]
    assert [message["text"] for message in phone.says("help")] == ["help"]
    say_later("delivered")
    assert "1. Apps & keys" in phone.looks()[0]["text"]
