"""Bought files in the chat: sent once besides the link, fetched without being counted, stopped in time."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from salesbot.database import db, transaction
from salesbot.models import Delivery, Message, Order

pytestmark = pytest.mark.both_databases

PDF = b"%PDF-1.7\n" + bytes(2000)


@pytest.fixture
def salesbot_channel():
    return "twilio"


@pytest.fixture(autouse=True)
def documents_in_chat(catalogue):
    """The shop has chosen to spend one more message on it."""
    catalogue.setting("DOCUMENTS_IN_CHAT", "1")


def buy(customer, title):
    customer.says(title)
    customer.picks("Buy")
    return customer.pays()


def fetch(app, url, method="GET", **headers):
    assert url.startswith("https://shop.example/media/unit/")
    with app.test_client() as provider:
        return provider.open(urlsplit(url).path, method=method, headers=headers, buffered=True)


def change(app, statement, **columns):
    with app.app_context(), transaction():
        for name, value in columns.items():
            setattr(db.session.scalar(statement), name, value)


def test_a_pdf_comes_into_the_chat_after_the_words_with_its_link(app, customer, catalogue, stored):
    catalogue.file("Plain Money", content=PDF, file_name="Plain Money.pdf")
    words, document = buy(customer, "Plain Money")
    assert "/d/" in words.text
    assert (words.media_url, document.text) == (None, "")
    for method in ("HEAD", "GET"):
        answer = fetch(app, document.media_url, method)
        assert answer.status_code == 200
        assert answer.content_type == "application/pdf"
        assert answer.headers["Content-Disposition"] == "inline; filename=Plain-Money.pdf"
        assert answer.headers["Content-Length"] == str(len(PDF))
    assert answer.data == PDF
    assert fetch(app, document.media_url, Range="bytes=0-3").data == b"%PDF"
    assert stored(select(Delivery.downloads)) == [0], "the provider's fetching is nobody's download"


def test_it_comes_once_and_not_again_with_my_orders(customer, catalogue):
    catalogue.file("Book", content=PDF)
    buy(customer, "Book")
    again = customer.says("my orders")
    assert [reply.media_url for reply in again] == [None]
    assert "/d/" in again[0].text


@pytest.mark.parametrize(
    ("file_name", "content"),
    [("book.epub", b"PK\x03\x04"), ("book.pdf", b"not one"), ("big.jpg", b"\xff\xd8\xff" * 2_000_000)],
)
def test_what_whatsapp_does_not_take_comes_as_a_link_alone(customer, catalogue, file_name, content):
    catalogue.file("Book", content=content, file_name=file_name)
    [reply] = buy(customer, "Book")
    assert "/d/" in reply.text


def test_a_seller_who_does_not_ask_for_it_sends_links_only(customer, catalogue):
    catalogue.setting("DOCUMENTS_IN_CHAT", "0")
    catalogue.file("Book", content=PDF)
    assert [reply.media_url for reply in buy(customer, "Book")] == [None]


def test_two_of_one_product_are_one_document_and_many_products_none(customer, catalogue):
    catalogue.file("Book", content=PDF)
    customer.says("Book")
    customer.picks("Buy several")
    customer.says("2")
    assert [bool(reply.media_url) for reply in customer.pays()] == [False, True]
    for title in ("Anna", "Berta", "Clara", "Doris"):
        catalogue.file(title, content=PDF)
        customer.says(title)
        customer.picks("Buy")
    replies = customer.pays()
    assert [reply.media_url for reply in replies] == [None]
    assert replies[0].text.count("/d/") == 4


def test_keys_need_no_message_more_than_five(customer, catalogue):
    catalogue.key("Editor", keys=["ED-1"])
    count = len(customer.says("hi")) + len(customer.says("Editor")) + len(customer.picks("Buy"))
    assert count + len(customer.pays()) <= 5
    assert "ED-1" in customer.history[-1].text


def test_the_address_works_for_some_hours_only(app, customer, catalogue, clock):
    catalogue.file("Book", content=PDF)
    _words, document = buy(customer, "Book")
    clock.move(hours=4, minutes=59)
    assert fetch(app, document.media_url).status_code == 200
    clock.move(minutes=2)
    assert fetch(app, document.media_url).status_code == 410
    assert fetch(app, document.media_url[:-2]).status_code == 404


@pytest.mark.parametrize(
    ("what", "columns"), [(select(Delivery), {"state": "revoked"}), (select(Order), {"frozen_at": None})]
)
def test_it_stops_when_the_goods_are_taken_back_or_on_hold(app, customer, catalogue, clock, what, columns):
    catalogue.file("Book", content=PDF)
    _words, document = buy(customer, "Book")
    change(app, what, **{name: value or clock.now() for name, value in columns.items()})
    assert fetch(app, document.media_url).status_code == 410


def test_a_document_that_waits_gets_its_address_when_it_goes(app, customer, catalogue, clock):
    """Outside the 24-hour window it waits for the customer, longer than any address works."""
    catalogue.file("Book", content=PDF)
    customer.says("Book")
    customer.picks("Buy")
    clock.move(minutes=50)
    late = _paid_while_away(app, customer, clock)
    assert [reply.media_url for reply in late if reply.media_url]
    assert fetch(app, next(reply.media_url for reply in late if reply.media_url)).status_code == 200


def test_a_document_is_never_sent_once_it_was_taken_back(app, customer, catalogue, clock, stored):
    catalogue.file("Book", content=PDF)
    customer.says("Book")
    customer.picks("Buy")
    late = _paid_while_away(app, customer, clock, state="revoked")
    assert not [reply for reply in late if reply.media_url]
    [kept] = [message for message in stored(select(Message)) if message.media]
    assert (kept.state, kept.send_at) == ("failed", None)
    assert "taken back" in kept.error


def _paid_while_away(app, customer, clock, **columns):
    """They pay, the words and the file must wait, and a day later they write again."""
    with app.app_context(), transaction():
        db.session.scalar(select(Order)).conversation.last_inbound_at = None
    assert customer.pays() == []
    clock.move(hours=30)
    if columns:
        change(app, select(Delivery), **columns)
    customer.says("thanks")
    return customer.replies


@pytest.mark.parametrize("salesbot_channel", ["simulator"])
def test_the_simulated_phone_shows_it_on_this_server(app, customer, catalogue):
    from salesbot.services.phone import screen

    catalogue.file("Book", content=PDF)
    buy(customer, "Book")
    with app.app_context():
        shown = screen("simulator", customer.address)["messages"][-1]
        db.session.rollback()
    assert shown["media_type"] == "application/pdf"
    assert shown["media_url"].startswith("/media/unit/")
