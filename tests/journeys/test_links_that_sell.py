"""From a link to the goods: one message in, two out, and the order knows where its buyer came from."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from salesbot import dispatcher, fulfilment
from salesbot.channels import Incoming
from salesbot.database import transaction
from salesbot.errors import WrongState
from salesbot.models import Advertisement, Category, Coupon, Order, Product, db
from salesbot.services import advertisements, links, shop_links, stock

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


def opens(app, order):
    """The buyer's browser opens the page to pay."""
    with app.app_context():
        path = links.pay_url(order.id).removeprefix(links.base_url())
    browser = app.test_client()
    page = browser.get(path).text
    assert browser.post(f"{path}/opened").status_code == 204
    return page


def test_whoever_only_looks_holds_nothing_and_hears_nothing_more(
    goods, customers, link_words, stored, app, clock, catalogue
):
    """Three come by a link for the last three keys; a fourth can still buy all of them."""
    timer = goods["Focus Timer Pro"]
    curious = [customers(f"Curious {number}") for number in range(3)]
    for one in curious:
        one.says(link_words("product", timer, "Focus Timer Pro"))
    with app.app_context():
        assert stock.available([timer]) == {timer: 3}
        assert (timer, "Focus Timer Pro", 3) in stock.left_of_all(), "staff are not told of few keys"
    clock.move(minutes=50)
    assert all(len(one.replies) == 1 for one in curious), "nobody is reminded"
    clock.move(minutes=20)
    assert all(len(one.replies) == 1 for one in curious), "and nobody is told that it is over"
    assert set(stored(select(Order.state))) == {"expired"}


def test_whoever_opens_the_page_to_pay_has_the_goods_kept_from_then_on(
    goods, customer, link_words, stored, app, clock
):
    """Half an hour after the link: a whole hour begins, with one reminder, as for anybody."""
    timer = goods["Focus Timer Pro"]
    customer.says(link_words("product", timer, "Focus Timer Pro"))
    clock.move(minutes=30)
    opens(app, stored(select(Order))[0])
    with app.app_context():
        assert stock.available([timer]) == {timer: 2}
    clock.move(minutes=50)
    assert "still waiting" in customer.replies[-1].text
    customer.pays()
    assert "KEY-1" in customer.history[-1].text


def test_a_link_that_is_opened_when_others_have_the_goods_takes_no_money(
    goods, customers, link_words, stored, app
):
    """The last keys were bought meanwhile; and money that comes all the same goes back."""
    timer = goods["Focus Timer Pro"]
    late, quick = customers("Late"), customers("Quick")
    late.says(link_words("product", timer, "Focus Timer Pro"))
    quick.taps(f"checkout:several:{timer}")
    quick.says("3")
    quick.pays()
    order = stored(select(Order).order_by(Order.id))[0]
    assert "The time for this order is over" in opens(app, order)
    with app.app_context(), pytest.raises(WrongState):
        fulfilment.begin_payment(order.id, "demo")
    late.pays()
    assert "You get your money back" in late.history[-1].text
    assert stored(select(Order.state).order_by(Order.id)) == ["pending", "fulfilled"]


def test_whoever_has_an_order_that_they_mean_keeps_it_when_they_come_by_a_link(
    goods, customer, link_words, stored
):
    """What a buyer put into the cart stays held, with what the link adds."""
    customer.taps(f"buy:{goods['Free (#1)']}")
    customer.taps(f"buy:{goods['Focus Timer Pro']}")
    customer.says(link_words("product", goods["Focus Timer Pro"], "Focus Timer Pro"))
    assert stored(select(Order.tentative).where(Order.state == "pending")) == [False]


def pays_on_the_page(app, order):
    """Opens the page and picks the transfer; the answer's status."""
    opens(app, order)
    with app.app_context():
        path = links.pay_url(order.id).removeprefix(links.base_url())
    return app.test_client().post(path, data={"method": "manual"}).status_code


@pytest.mark.parametrize("limit", ["uses_allowed", "uses_per_customer"])
def test_a_coupon_for_one_use_counts_for_who_comes_by_a_link(
    goods, customers, catalogue, link_words, stored, app, limit
):
    """An order that was only looked at uses nothing up: not for others, and not for itself."""
    timer = goods["Focus Timer Pro"]
    catalogue.setting("payment_manual.details", "Example Bank, 12345")
    with app.app_context(), transaction():
        db.session.add(Coupon(code="ONCE", percent=50, **{limit: 1}))
    looking, buying = customers("Looking"), customers("Buying")
    for one in (looking, buying):
        one.says("once")
        assert "Total: *$4.50*" in one.says(link_words("product", timer, "Focus Timer Pro"))[-1].text
    late, order = stored(select(Order).order_by(Order.id))
    assert pays_on_the_page(app, order) == 200
    assert stored(select(Order.tentative).where(Order.id == order.id)) == [False]
    buying.pays()
    assert stored(select(Order.state).where(Order.id == order.id)) == ["fulfilled"]
    gone = limit == "uses_allowed"
    assert ("The time for this order is over" in opens(app, late)) is gone
    assert pays_on_the_page(app, late) == (303 if gone else 200)


def test_each_link_stands_for_itself(goods, customer, app, link_words, stored, catalogue):
    """What was only looked at comes on no bill for something else; a code that was typed counts on."""
    timer, guide = goods["Focus Timer Pro"], catalogue.file("Guide", price=300)
    with app.app_context(), transaction():
        db.session.add(Coupon(code="SAVE10", percent=10))
    customer.says("save10")
    customer.says(link_words("product", timer, "Focus Timer Pro"))
    [reply] = customer.says(link_words("product", guide.id, "Guide"))
    assert "Focus Timer Pro" not in reply.text
    assert "Total: *$2.70*" in reply.text
    assert stored(select(Order.tentative).where(Order.state == "pending")) == [True]
    [reply] = customer.taps(f"buy:{timer}")
    assert "Guide" not in reply.text
    assert stored(select(Order.tentative).where(Order.state == "pending")) == [False]
    [reply] = customer.taps(f"buy:{guide.id}")
    assert "Total: *$10.80*" in reply.text, "what was put into the cart stays there"


def test_whoever_came_by_a_link_can_add_something_else(goods, customer, link_words, stored, catalogue):
    """They say so with the line under the pay link; only then both are on one bill."""
    timer, guide = goods["Focus Timer Pro"], catalogue.file("Guide", price=300)
    customer.says(link_words("product", timer, "Focus Timer Pro"))
    [reply] = customer.picks("Add something else")
    assert "My cart" in [line.title for line in reply.choices]
    [reply] = customer.taps(f"buy:{guide.id}")
    assert "Total: *$12.00*" in reply.text
    customer.pays()
    customer.taps("checkout:more")  # an old line
    customer.says(link_words("product", timer, "Focus Timer Pro"))
    [reply] = customer.taps(f"buy:{guide.id}")
    assert "Total: *$3.00*" in reply.text, "the wish was about the other cart"


def test_a_link_to_what_is_sold_out_leaves_the_one_before(goods, customer, link_words, stored):
    customer.says(link_words("product", goods["Focus Timer Pro"], "Focus Timer Pro"))
    assert "sold out" in customer.says(link_words("product", goods["Night Writer"], "Night Writer"))[-1].text
    assert "1 × Focus Timer Pro" in customer.taps("cart")[-1].text


AD = {"headline": "Get things done", "type": "ad", "source_id": "120210", "url": "https://fb.me/2Ab"}
ASKS = "Hello! Can I get more info on this?"


def test_an_advertisement_lands_where_the_shop_says(goods, customer, stored, app):
    """First it is only noted, and its visitor greeted; then staff say what it is for."""
    assert "What would you like?" in customer.sends(ASKS, advertisement=AD)[-1].text
    [ad] = stored(select(Advertisement))
    assert (ad.key, ad.headline, ad.came, ad.target) == ("120210", "Get things done", 1, "")
    with app.app_context(), transaction():
        advertisements.lead(ad.id, f"product:{goods['Focus Timer Pro']}")
    assert "*Focus Timer Pro*" in customer.sends(ASKS, advertisement=AD)[-1].text
    assert stored(select(Advertisement.came)) == [2]
    assert "Stop" not in customer.sends("menu", advertisement=AD)[-1].text
    customer.taps(f"buy:{goods['Focus Timer Pro']}")
    assert stored(select(Order.source)) == ["Ad: Get things done"]


def test_an_advertisement_that_names_a_product_needs_nobody(goods, customer):
    named = {**AD, "headline": "New: Focus Timer Pro, 20 % off"}
    assert "*Focus Timer Pro*" in customer.sends(ASKS, advertisement=named)[-1].text


def test_a_headline_that_staff_typed_holds_for_every_advertisement_with_it(goods, customer, app, stored):
    """Before anybody came by it, and for each of its ids; a category is as good as a product."""
    with app.app_context(), transaction():
        advertisements.add("Get  things DONE", f"category:{goods['shelf']}")
    for number in ("1", "2"):
        reply = customer.sends("hola", advertisement={**AD, "source_id": number})[-1]
        assert "Focus Timer Pro" in [line.title for line in reply.choices]
    assert len(stored(select(Advertisement))) == 3


def test_words_that_say_what_they_want_are_answered_without_the_advertisement(goods, customer):
    """Nobody has said what the advertisement is for, so what its visitor typed counts."""
    assert "Night Writer" in customer.sends("night writer", advertisement=AD)[-1].text
    assert "will not write" in customer.sends("stop", advertisement=AD)[-1].text


def test_a_message_of_an_advertisement_that_comes_twice_counts_once(goods, app, stored):
    """As Twilio sends it again, with the same id."""
    incoming = Incoming("twilio", "whatsapp:+15550100", "SM1", text=ASKS, advertisement=AD)
    with app.app_context():
        first, second = dispatcher.receive(incoming), dispatcher.receive(incoming)
    assert [one.text for one in first.messages] == [one.text for one in second.messages]
    assert stored(select(Advertisement.came)) == [1]
