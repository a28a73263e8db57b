"""Links that sell: each leads to its own goods, can be taken along, and says later what it brought."""

from __future__ import annotations

import io
import re
from urllib.parse import unquote

import pytest
import segno
from PIL import Image
from sqlalchemy import select

from salesbot import clock
from salesbot.models import Advertisement, Category, Product, Refund, db
from tests.admin import rows as make

NUMBER = "+15550001111"


@pytest.fixture
def salesbot_config(salesbot_config):
    return {**salesbot_config, "TWILIO_WHATSAPP_NUMBER": f"whatsapp:{NUMBER}"}


@pytest.fixture
def book(rows):
    with rows():
        shelf = Category(title="Books")
        product = Product(category=shelf, kind="link", link="https://x.example", title="Blue Book", price=500)
        db.session.add(product)
        db.session.flush()
        return product.id


def test_the_page_gives_links_and_codes_for_a_place(book, owner):
    html = unquote(owner.get("/admin/links/?place=My%20Insta!").text)
    assert f"I would like: Blue Book (#{book}-my-insta)" in html
    assert "Show me: Books (#c1-my-insta)" in html
    assert "Hi (#hi-my-insta)" in html
    assert f"https://wa.me/15550001111?text=I would like: Blue Book (#{book}-my-insta)" in html
    code = f"/admin/links/code/product/{book}"
    picture = owner.get(f"{code}.png?place=my-insta&keep=1")
    assert f'filename="product-{book}-my-insta.png"' in picture.headers["Content-Disposition"]
    expected = io.BytesIO()
    url = f"https://wa.me/15550001111?text=I%20would%20like%3A%20Blue%20Book%20%28%23{book}-my-insta%29"
    segno.make(url, error="m").save(expected, kind="png", scale=20, border=4)
    pixels = [
        Image.open(io.BytesIO(data)).convert("1").tobytes() for data in (picture.data, expected.getvalue())
    ]
    assert pixels[0] == pixels[1]
    assert owner.get(f"{code}.svg").data.startswith(b"<?xml")
    for nothing in ("product/999.svg", f"product/{book}.gif", "category/7.png", "order/1.png"):
        assert owner.get(f"/admin/links/code/{nothing}").status_code == 404, nothing


def test_what_each_place_brought_is_counted_and_shown_on_the_order(rows, owner, book):
    with rows():
        order = make.order(make.chat("Ada"))
        db.session.flush()
        order.source, order.source_details = "my-insta", {"code": f"#{book}"}
        number = order.id
    assert (
        '<th scope="row">my-insta</th><td data-label="Orders placed">1</td>'
        in owner.get("/admin/links/").text
    )
    assert "<b>my-insta</b>" in owner.get(f"/admin/order/details/?id={number}").text
    assert "my-insta" in owner.get("/admin/order/").text


@pytest.mark.both_databases
def test_the_money_of_each_place_is_what_came_in_and_did_not_go_back(rows, owner):
    """As on the first page: a disputed payment counts for nothing, and neither does an unpaid order."""
    with rows():
        thing = make.product(price=1000)
        for state, back in (("confirmed", 0), ("confirmed", 300), ("disputed", 0), ("started", 0)):
            moment = {"confirmed_at": clock.now()} if state == "disputed" else {}
            order = make.order(what=thing, source="flyer")
            if state != "started":
                order.paid_at = clock.now()
            payment = make.payment(order, state=state, **moment)
            if back:
                done = {"state": "done", "done_at": clock.now()}
                make.save(Refund(payment_id=payment.id, amount=back, currency="USD", **done))
                make.save(Refund(payment_id=payment.id, amount=200, currency="USD"))
        make.order(what=thing, source="poster")
    html = owner.get("/admin/links/").text
    [flyer] = re.findall(r'<th scope="row">flyer</th>(.*?)</tr>', html)
    assert re.sub("<[^>]+>", " ", flyer).split() == ["4", "3", "$17.00"]
    [poster] = re.findall(r'<th scope="row">poster</th>(.*?)</tr>', html)
    assert re.sub("<[^>]+>", " ", poster).split() == ["1", "0", "$0.00"]


def test_a_link_is_copied_and_printed_on_one_card(book, desk, address):
    """The copied address is the card's own; only that card is left on the paper."""
    desk.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    desk.goto(f"{address}/admin/links/?place=flyer")
    card = desk.locator(".lk-card", has_text="Blue Book")
    card.get_by_role("button", name="Copy link").click()
    assert "-flyer" in desk.evaluate("navigator.clipboard.readText()")
    desk.evaluate("window.print = function () { document.title = 'printed'; }")
    card.get_by_role("button", name="Print").click()
    desk.wait_for_function("document.title === 'printed'")
    desk.emulate_media(media="print")
    assert desk.locator(".lk-card:visible").count() == 1
    assert card.get_by_text("Scan it with your phone").is_visible()
    assert not desk.get_by_role("heading", name="Links that sell").is_visible()


def test_an_advertisement_is_given_its_goods_with_one_click(rows, owner, somebody, stored):
    """The guess is chosen already; whoever only looks is not asked."""
    with rows():
        timer = make.product(title="Focus Timer Pro", kind="link", link="https://example.com")
        make.save(Advertisement(key="120210", headline="Try the Focus Timer", came=3))
        target = f"product:{timer.id}"
    page = owner.get("/admin/links/").text
    assert f'<option value="{target}" selected>Focus Timer Pro</option>' in page
    assert "Yes, this" in page
    assert "3 people came" in page
    number = stored(select(Advertisement.id))[0]
    answer = owner.post(f"/admin/links/ad/{number}", {"target": target}, follow_redirects=True)
    assert "It counts for whoever comes next" in answer.text
    assert stored(select(Advertisement.target)) == [target]
    owner.post("/admin/links/ad", {"words": "999111", "target": target})
    assert stored(select(Advertisement.key).order_by(Advertisement.id)) == ["120210", "999111"]
    wrong = owner.post("/admin/links/ad", {"words": " . ", "target": target}, follow_redirects=True)
    assert "alert-danger" in wrong.text
    assert owner.post(f"/admin/links/ad/{number}", {"target": "stop"}, follow_redirects=True)
    assert stored(select(Advertisement.target))[0] == target
    viewer = somebody("viewer")
    assert "Yes, this" not in viewer.get("/admin/links/").text
    assert viewer.post("/admin/links/ad", {"words": "1"}).status_code == 403


def test_where_an_order_came_from_is_said_in_words(rows, owner):
    with rows():
        make.order(source="Ad: Summer sale")
    for address in ("/admin/order/", "/admin/order/details/?id=1", "/admin/links/"):
        page = owner.get(address).text
        assert "Advertisement: Summer sale" in page
