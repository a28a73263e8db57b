"""From the demo to one's own shop: the ticks are the data's, and nothing of the seller's is lost."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image
from sqlalchemy import select

from salesbot import clock
from salesbot.demo import load_demo
from salesbot.models import Category, Customer, Order, Product, StaffUser
from salesbot.services import look, shop, staff, stock
from tests.admin import rows as make


@pytest.fixture
def demo(app, rows):
    with rows():
        load_demo()


def ticked(person):
    """The names of the steps that are done."""
    html = person.get("/admin/first-steps/").text
    return re.findall(r'<li class="sb-card fs-step fs-done[^"]*" id="(\w+)"', html)


@pytest.mark.both_databases
def test_ending_the_demo_takes_only_what_the_demo_brought(demo, rows, owner, stored):
    """Bought goods are hidden, changed ones stay, and the seller's own product is as it was."""
    with rows():
        by_title = {product.title: product for product in make.db.session.scalars(select(Product))}
        by_title["Night Writer"].price = 3100
        stock.add_keys(by_title["Photo Tidy"].id, ["MY-OWN-KEY"])
        make.order(make.chat("Ada"), by_title["Focus Timer Pro"])
        own = make.product(title="My own book", category=by_title["Plain Money"].category)
        kept_before = (own.id, own.price)
        shop.save("payment_manual.details", "My bank, 42")
    seen = owner.get("/admin/first-steps/").text
    assert "Clear the demo" in seen
    seen = owner.post("/admin/first-steps/demo").text
    assert "are removed (14)" in seen
    assert re.search(r"not for sale any more \(1\):</b> Focus Timer Pro", seen)
    assert re.search(r"you changed them \(2\):</b> Photo Tidy, Night Writer", seen)
    assert len(stored(select(Product))) == 18, "so far it was only looked at"
    owner.post("/admin/first-steps/demo", {"sure": "1"})
    left = {product.title: product for product in stored(select(Product))}
    assert set(left) == {"Focus Timer Pro", "Photo Tidy", "Night Writer", "My own book"}
    assert not left["Focus Timer Pro"].active
    assert (left["My own book"].id, left["My own book"].price) == kept_before
    assert {category.title for category in stored(select(Category))} == {"Apps & keys", "E-books"}
    assert len(stored(select(Order))) == len(stored(select(Customer))) == 1
    with rows():
        assert not shop.is_demo()
        assert shop.state().texts["payment_manual.details"] == "My bank, 42"
    again = owner.post("/admin/first-steps/demo", {"sure": "1"}, follow_redirects=True)
    assert "has ended already" in again.text


def test_ticks_come_from_the_data(demo, rows, owner, stored):
    assert ticked(owner) == ["account"], "Olga's; the demo made none beside it"
    assert "1 of 9 steps is done." in owner.get("/admin/").text
    owner.post("/admin/first-steps/demo", {"sure": "1"})
    assert ticked(owner) == ["demo", "account"]
    with rows():
        staff.add("owner@demo.example", "a long enough password")
    assert ticked(owner) == ["demo"], "its password was printed in a terminal"
    with rows():
        staff.by_email("owner@demo.example").active = False
    wrong = owner.post(
        "/admin/first-steps/", {"SHOP_NAME": "Olga's", "CURRENCY": "nothing", "LANGUAGES": "en"}
    )
    assert "sb-field-error" in wrong.text
    assert 'value="Olga&#39;s"' in wrong.text, "nothing that was typed is lost"
    assert ticked(owner) == ["demo", "account"]
    owner.post("/admin/first-steps/", {"SHOP_NAME": "Olga's", "CURRENCY": "EUR", "LANGUAGES": "en es"})
    assert ticked(owner) == ["demo", "account", "shop"]
    with rows():
        make.product(title="My own book", kind="link", link="https://x.example")
        shop.save("payment_manual.details", "My bank, 42")
    assert ticked(owner) == ["demo", "account", "shop", "product", "money"]
    with rows():
        own = make.db.session.scalars(select(Product)).one()
        make.order(make.chat("Olga"), own, state="fulfilled", paid_at=clock.now())
    assert ticked(owner) == ["demo", "account", "shop", "product", "money", "try"]
    assert stored(select(StaffUser.active).where(StaffUser.email == "owner@demo.example")) == [False]


def test_the_demos_goods_can_stay_switched_off(demo, owner, stored):
    owner.get("/admin/first-steps/")
    assert "not for sale any more (17)" in owner.post("/admin/first-steps/demo", {"keep": "1"}).text
    owner.post("/admin/first-steps/demo", {"keep": "1", "sure": "1"})
    assert stored(select(Product.active)) == [False] * 17


def test_only_an_owner_sees_them(demo, somebody):
    manager = somebody("manager")
    assert "To a shop of your own" not in manager.get("/admin/").text
    assert manager.get("/admin/first-steps/").status_code == 403


def test_a_logo_and_a_colour_are_on_the_customers_pages(owner):
    picture = io.BytesIO()
    Image.new("RGB", (300, 90), "#ffd400").save(picture, "PNG")
    picture.seek(0)
    owner.get("/admin/first-steps/")
    assert (
        "like #0d6b59" in owner.post("/admin/first-steps/look", {"colour": "red"}, follow_redirects=True).text
    )
    assert ticked(owner) == ["demo", "account"]
    owner.post("/admin/first-steps/look", {"colour": "#FFD400", "logo": (picture, "logo.png")})
    assert ticked(owner) == ["demo", "account", "look"]
    page = owner.get("/").text
    style = owner.get(re.search(r'href="(/look\.css[^"]+)"', page)[1]).text
    by_day, by_night = re.findall(r"--accent: (#\w{6});", style)
    assert look.contrast(by_day, "#f5f1e8") >= 4.5
    assert by_night == "#ffd400", "it can be read as it is"
    shown = owner.get(re.search(r'class="shop-logo" src="([^"]+)"', page)[1])
    assert shown.mimetype == "image/png"
    shown.close()
    owner.post("/admin/first-steps/look", {"colour": "#ffd400", "no_logo": "1"})
    assert "shop-logo" not in owner.get("/").text
