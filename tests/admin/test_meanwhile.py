"""Two people with the same form: saving an older page undoes nobody's work, and nothing typed is lost."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser

import pytest
from sqlalchemy import select

from salesbot.models import Coupon, Product, QuickAnswer, ShopSetting, StaffUser, Wording
from salesbot.services import shop
from tests.admin import rows as make

pytestmark = pytest.mark.both_databases
SAID = "Somebody changed this meanwhile."


class Boxes(HTMLParser):
    """What a browser would send of the page's form, if nobody touched it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._inside, self._area, self._select = False, "", ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = "sb-form" in of.get("class", "")
        name = of.get("name", "")
        if tag == "option" and self._select:
            if "selected" in of or self._select not in self.values:
                self.values[self._select] = of.get("value", "")
        elif not self._inside or not name:
            return
        elif tag == "select":
            self._select = name
        elif tag == "textarea":
            self._area, self.values[name] = name, ""
        elif tag == "input" and of.get("type") == "checkbox":
            if "checked" in of:
                self.values[name] = of.get("value", "y")
        elif tag == "input" and of.get("type") != "file":
            self.values[name] = of.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "textarea":
            # A browser leaves out one line break after the tag.
            self.values[self._area] = self.values[self._area].removeprefix("\r").removeprefix("\n")
            self._area = ""
        elif tag == "select":
            self._select = ""


class Form:
    """The form of a page as it was opened, however long ago."""

    def __init__(self, person, address: str, html: str | None = None) -> None:
        self.person, self.address = person, address
        self.values = Boxes(html or person.get(address).text).values

    def saves(self, **typed: str):
        """What the shop answers to this form, with these words typed over."""
        self.values |= {name.replace("__", "."): value for name, value in typed.items()}
        return self.person.client.post(self.address, data=self.values)

    def again(self, answer) -> Form:
        """The form that came back."""
        assert answer.status_code == 200
        return Form(self.person, self.address, answer.text)


def of(found, *names: str) -> list[tuple]:
    """Some columns of rows."""
    return [tuple(getattr(row, name) for name in names) for row in found]


@pytest.fixture
def manager(somebody):
    return somebody("manager")


def box_of(form: Form, starts: str) -> str:
    """The name of the box for a sentence of the bot."""
    return next(
        name.removesuffix("-of")
        for name, value in form.values.items()
        if name.endswith("-of") and value.startswith(starts)
    )


def test_an_older_page_of_words_brings_no_greeting_back(owner, manager, stored):
    """The manager's greeting stays when Olga, whose page is older, changes another sentence."""
    olgas, managers = Form(owner, "/admin/words/"), Form(manager, "/admin/words/")
    greeting, other = box_of(olgas, "Welcome to"), box_of(olgas, "We are closed right now. Look")
    assert managers.saves(**{greeting: "Ahoy, this is {shop}!", "day-mon": "9:00-18:00"}).status_code == 302
    assert olgas.saves(**{other: "Closed. Look around."}).status_code == 302
    assert of(stored(select(Wording).order_by(Wording.id)), "text", "who") == [
        ("Ahoy, this is {shop}!", "Manager"),
        ("Closed. Look around.", "Olga"),
    ]
    assert "mon 9:00" in stored(select(ShopSetting.value).where(ShopSetting.name == "HOURS"))[0]


def test_the_same_sentence_changed_by_two_is_for_the_second_to_decide(owner, manager, stored):
    """They read what it is now, find what they typed, and nothing else of an older page comes back."""
    olgas, managers = Form(owner, "/admin/words/"), Form(manager, "/admin/words/")
    greeting, other = box_of(olgas, "Welcome to"), box_of(olgas, "We are closed right now. Look")
    managers.saves(**{greeting: "Ahoy!", other: "Closed."})
    answer = olgas.saves(**{greeting: "Hello!"})
    assert SAID in answer.text
    assert "Ahoy!" in answer.text
    olgas = olgas.again(answer)
    assert (olgas.values[greeting], olgas.values[other]) == ("Hello!", "Closed.")
    assert stored(select(Wording.text).order_by(Wording.id)) == ["Ahoy!", "Closed."]
    assert olgas.saves().status_code == 302
    assert stored(select(Wording.text).order_by(Wording.id)) == ["Ahoy!", "Closed.", "Hello!"]


def test_an_older_page_of_settings_brings_no_setting_back(app, owner, rows, stored):
    """DOWNLOADS stays 9; what both changed is told with what it is now."""
    first, second = Form(owner, "/admin/settings/"), Form(owner, "/admin/settings/")
    assert first.saves(DOWNLOADS="9").status_code == 302
    assert second.saves(SHOP_NAME="Ana's").status_code == 302
    with app.app_context():
        assert (shop.setting("DOWNLOADS"), shop.setting("SHOP_NAME")) == (9, "Ana's")
    third, fourth = Form(owner, "/admin/settings/"), Form(owner, "/admin/settings/")
    third.saves(DOWNLOADS="7", KEEP_MONTHS="6")
    answer = fourth.saves(DOWNLOADS="8", KEEP_MONTHS="3")
    assert f"{SAID} Now it is: 7." in answer.text
    assert f"{SAID} Now it is: for 6 months." in answer.text
    fourth = fourth.again(answer)
    assert (fourth.values["DOWNLOADS"], fourth.values["KEEP_MONTHS"]) == ("8", "3")
    assert fourth.saves().status_code == 302
    with app.app_context():
        assert (shop.setting("DOWNLOADS"), shop.setting("KEEP_MONTHS")) == (8, 3)


def test_an_older_product_form_brings_no_price_back(owner, manager, rows, stored):
    """The price that was changed in the list stays when somebody saves a summary."""
    with rows():
        thing = make.product(price=1900, active=True).id
    address = f"/admin/product/edit/?id={thing}"
    form = Form(owner, address)
    manager.get("/admin/product/")
    manager.post(f"/admin/product/inline/?id={thing}&column=price", {"value": "25.00"})
    assert form.saves(summary="Short").status_code == 302
    assert of(stored(select(Product)), "price", "summary") == [(2500, "Short")]


def test_a_product_that_two_change_keeps_what_both_typed(owner, manager, rows, stored):
    """At the field, with the amount as it is now; the other's changes stand in the form that comes back."""
    with rows():
        thing = make.product(title="Book", price=1900, tax_rate=None).id
    address = f"/admin/product/edit/?id={thing}"
    olgas, managers = Form(owner, address), Form(manager, address)
    assert managers.saves(price="25.00", title="Big book").status_code == 302
    answer = olgas.saves(price="21.00", summary="Short", tax_rate="19")
    assert f"{SAID} Now it is: $25.00." in unescape(answer.text)
    olgas = olgas.again(answer)
    assert (olgas.values["price"], olgas.values["title"], olgas.values["summary"]) == (
        "21.00",
        "Big book",
        "Short",
    )
    assert of(stored(select(Product)), "price", "title", "summary") == [(2500, "Big book", "")]
    assert olgas.saves().status_code == 302
    assert of(stored(select(Product)), "price", "title", "summary") == [(2100, "Big book", "Short")]


def test_every_kind_of_field_that_nobody_touched_stays(owner, manager, rows, stored):
    """Moments, switches, choices and texts of an older page leave alone what others changed."""
    ends = datetime(2031, 5, 1, 12, 30, 15, tzinfo=UTC)
    with rows():
        make.save(Coupon(code="SPRING", percent=10, ends_at=ends))
        make.save(QuickAnswer(words="refund", text="Write to us."))
        staff = make.save(StaffUser(email="bob@example.com", name="Bob", role="agent", password_hash="x"))
        number = staff.id
    coupon = Form(owner, "/admin/coupon/edit/?id=1")
    answers = Form(owner, "/admin/quick_answer/edit/?id=1")
    account = Form(owner, f"/admin/staff_user/edit/?id={number}")
    with rows():
        one = make.db.session.get(Coupon, 1)
        one.ends_at, one.active = ends + timedelta(days=1), False
        make.db.session.get(QuickAnswer, 1).active = False
        bob = make.db.session.get(StaffUser, number)
        bob.role, bob.language = "viewer", "es"
    assert coupon.saves(percent="20").status_code == 302
    assert of(stored(select(Coupon)), "percent", "ends_at", "active") == [
        (20, ends + timedelta(days=1), False)
    ]
    assert answers.saves(text="Call us.").status_code == 302
    assert of(stored(select(QuickAnswer)), "text", "active") == [("Call us.", False)]
    assert account.saves(name="Bobby").status_code == 302
    bobs = stored(select(StaffUser).where(StaffUser.id == number))
    assert of(bobs, "name", "role", "language") == [("Bobby", "viewer", "es")]


def test_no_secret_stands_behind_a_form(owner, rows):
    """Only fingerprints that nobody outside can make, and none of a secret."""
    with rows():
        thing = make.product(kind="link", link="https://course.example/paid").id
    html = owner.get(f"/admin/product/edit/?id={thing}").text
    [was] = re.findall('name="link-was" value="([^"]*)"', html)
    assert re.fullmatch("[0-9a-f]{20}", was)
    assert "STRIPE_SECRET_KEY-was" not in owner.get("/admin/settings/").text
    assert "password-was" not in owner.get("/admin/staff_user/edit/?id=1").text
