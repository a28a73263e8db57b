"""A product's own delivery text in the chat and on the page, with nothing missing that was bought."""

import pytest
from sqlalchemy import select

from salesbot.models import Message
from salesbot.testing.customer import link_in

pytestmark = pytest.mark.both_databases


def buy(customer, title):
    customer.says(title)
    customer.picks("Buy")
    return customer.pays()[0].text


def test_the_sellers_words_stand_in_place_of_ours(customer, catalogue, stored):
    catalogue.key(
        "Editor", keys=["ED-1"], delivery_text="Welcome {name}! Type {key} at Help > Activate ({number})."
    )
    text = buy(customer, "Editor")
    assert "Welcome Sam! Type ED-1 at Help > Activate (" in text
    assert "Your key:" not in text
    assert "*Editor*" not in text
    again = customer.says("my orders")[0].text
    assert "Type ED-1 at Help" in again
    assert all("ED-1" not in body for body in stored(select(Message.body))), "keys rest as marks here too"


def test_a_text_that_forgets_the_key_or_the_link_keeps_nobody_waiting(customer, catalogue):
    catalogue.key("Editor", keys=["ED-1"], delivery_text="Thanks for {title}.")
    catalogue.file("Book", delivery_text="Have fun.")
    assert "Thanks for Editor.\nYour key:\nED-1" in buy(customer, "Editor")
    text = buy(customer, "Book")
    assert "Have fun.\nDownload it here: " in text
    assert link_in(text, "/d/")


def test_the_link_is_a_download_a_product_s_link_or_the_page_with_the_key(customer, catalogue):
    catalogue.file("Book", delivery_text="Get it: {link}")
    catalogue.link("Course", link="https://course.example/7", delivery_text="Enter: {link}")
    catalogue.key("Editor", keys=["ED-1"], delivery_text="Your page: {link}")
    assert link_in(buy(customer, "Book"), "/d/")
    assert "Enter: https://course.example/7" in buy(customer, "Course")
    text = buy(customer, "Editor")
    assert "Your page: https://shop.example/d/" in text
    assert "ED-1" in text


def test_three_keys_stand_in_one_place(customer, catalogue):
    catalogue.key("Editor", keys=["A-1", "B-2", "C-3"], delivery_text="One for each computer:\n{key}\nEnjoy.")
    customer.says("Editor")
    customer.picks("Buy several")
    customer.says("3")
    assert "One for each computer:\nA-1\nB-2\nC-3\nEnjoy." in customer.pays()[0].text


def test_the_page_says_the_same_as_it_is_now(app, customer, catalogue):
    goods = catalogue.file("Book", delivery_text="Read {title} in peace: {link}")
    page = link_in(buy(customer, "Book"), "/d/").removeprefix("https://shop.example")
    assert "Read Book in peace: https://shop.example/d/" in app.test_client().get(page).text
    catalogue.change(goods, delivery_text="Open {title} on a large screen.")
    assert "Open Book on a large screen." in app.test_client().get(page).text


def test_the_page_shows_the_key_where_it_belongs(app, customer, catalogue):
    catalogue.key("Editor", keys=["ED-1"], delivery_text="Type {key} at Help. Here again: {link}")
    page = link_in(buy(customer, "Editor"), "/d/").removeprefix("https://shop.example")
    assert "Type ED-1 at Help." in app.test_client().get(page).text
