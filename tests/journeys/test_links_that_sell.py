"""From a link to the goods: one message in, two out, and the order knows where its buyer came from."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from salesbot.database import transaction
from salesbot.models import Category, Order, Product, db
from salesbot.services import shop_links, stock

pytestmark = pytest.mark.both_databases


@pytest.fixture
def salesbot_channel():
    return "twilio"


@pytest.fixture
def goods(app):
    """A shelf with a key, another whose keys are sold out, and a title with a code of its own."""
    with app.app_context(), transaction():
        shelf = Category(title="Apps", active=True)
        found = [
            Product(category=shelf, kind="key", title=title, summary="Work calmly.", price=price)
            for title, price in (("Focus Timer Pro", 900), ("Night Writer", 500), ("Free (#1)", 0))
        ]
        db.session.add_all(found)
        db.session.flush()
        stock.add_keys(found[0].id, ["KEY-1", "KEY-2", "KEY-3"])
        stock.add_keys(found[2].id, ["FREE-1"])
        return {product.title: product.id for product in found} | {"shelf": shelf.id}


@pytest.fixture
def link_words(app):
    """What a link of the shop types for its customer."""

    def of(*args, **options):
        with app.app_context():
            return shop_links.words(*args, **options)

    return of


def test_a_products_link_needs_one_message_in_and_two_out(goods, customer, link_words, stored):
    timer = goods["Focus Timer Pro"]
    [reply] = customer.says(link_words("product", timer, "Focus Timer Pro", "instagram"))
    assert "*Focus Timer Pro*\nWork calmly." in reply.text
    assert "/pay/" in reply.text
    customer.pays()
    assert len(customer.history) == 2
    assert "KEY-1" in customer.history[-1].text
    [order] = stored(select(Order))
    assert (order.state, order.source) == ("fulfilled", "instagram")
    assert order.source_details["code"] == f"#{timer}"


def test_edited_words_still_lead_to_the_product(goods, customer):
    timer = goods["Focus Timer Pro"]
    for text in (
        f"hey, do you have this? (#{timer})",
        f"Quisiera: Focus Timer ( # {timer} – flyer",
        f"I would like: Night Writer (#999) (#{timer})",
    ):
        assert "1 × Focus Timer Pro" in customer.says(text)[-1].text, text
    assert "Focus Timer Pro" in customer.says("Me gustaría: Focus Timer Pro")[-1].text, "its code got lost"


def test_a_category_and_the_shop_have_links_too(goods, customer, link_words, stored):
    [reply] = customer.says(link_words("category", goods["shelf"], "Apps", "flyer"))
    assert [line.title for line in reply.choices][:2] == ["Focus Timer Pro", "Night Writer"]
    [reply] = customer.says(link_words("shop", place="window"))
    assert "Welcome to" in reply.text
    customer.taps(f"buy:{goods['Focus Timer Pro']}")
    [order] = stored(select(Order))
    assert order.source == "window", "the last link counts"


def test_what_cannot_be_sold_says_so_and_leads_on(goods, customer, link_words, stored):
    [reply] = customer.says(link_words("product", goods["Night Writer"], "Night Writer"))
    assert "sold out" in reply.text
    assert "Tell me when it is back" in [line.title for line in reply.choices]
    [reply] = customer.says("I would like: an old thing (#4711)")
    assert "not here any more" in reply.text
    assert not stored(select(Order))


def test_a_title_that_looks_like_a_code_is_still_a_title(goods, customer):
    customer.taps(f"category:{goods['shelf']}")
    assert "*Free (#1)*" in customer.says("Free (#1)")[-1].text


def test_an_advertisement_is_kept_on_the_order(goods, customer, stored):
    advertisement = {
        "headline": "Books that you finish",
        "type": "ad",
        "source_id": "120210000000000000",
        "url": "https://fb.me/2AbCdEfGh",
        "click_id": "ARAkLkA8",
    }
    customer.sends("Hello", advertisement=advertisement)
    customer.taps(f"buy:{goods['Focus Timer Pro']}")
    [order] = stored(select(Order))
    assert order.source == "Ad: Books that you finish"
    assert order.source_details["click_id"] == "ARAkLkA8"
