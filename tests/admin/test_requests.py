"""What every answer of the back office carries, and what no form gets away with."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from salesbot import models
from tests.admin import rows as make
from tests.admin.test_guard import doors

PAGES = [
    "/admin/",
    "/admin/login",
    "/admin/product/",
    "/admin/product/new/",
    "/admin/product/edit/?id=1",
    "/admin/product/details/?id=1",
    "/admin/category/?flt0_0=1",
    "/admin/order/",
    "/admin/order/details/?id=1",
    "/admin/conversation/",
    "/admin/conversation/details/?id=1",
    "/admin/message/",
    "/admin/settings/",
    "/admin/plugins/",
    "/admin/staff_user/",
    "/admin/staff_user/new/",
    "/admin/nothing-here/",
]


@pytest.fixture
def busy_shop(rows):
    """A shop with one of everything."""
    with rows():
        order = make.order(what=make.product(title="First"))
        make.payment(order)
        make.message(order.conversation, "in")
        make.message(order.conversation, "out", state="failed", error="no", error_code="63016")


def test_no_page_holds_script_or_style_of_its_own(busy_shop, owner):
    """A strict policy then costs nothing: no inline script, handler or style anywhere."""
    for page in PAGES:
        html = owner.get(page).text
        for script in re.findall(r"<script[^>]*>", html):
            assert "src=" in script, (page, script)
        for forbidden in (r"<[^>]+\son\w+=", r"<[^>]+\sstyle=", "<style", "javascript:"):
            assert not re.search(forbidden, html), (page, forbidden)


def test_every_page_says_what_a_browser_may_do_with_it(busy_shop, owner):
    """Scripts and pictures of our own only, no frame around it, no guessing of types, no copy kept."""
    for page in PAGES:
        headers = owner.get(page).headers
        policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == "'none'", page
        assert re.fullmatch(r"'self' 'nonce-[\w-]{20,}'", policy["script-src"]), page
        assert policy["style-src"] == "'self'", page
        assert policy["frame-ancestors"] == "'none'", page
        assert policy["form-action"] == "'self'", page
        assert "unsafe" not in headers["Content-Security-Policy"], page
        assert headers["X-Content-Type-Options"] == "nosniff", page
        assert headers["Referrer-Policy"] == "same-origin", page
        assert headers["Cache-Control"] == "no-store", page


def test_the_nonce_is_new_each_time(owner):
    """A nonce that can be foreseen is none."""
    first, second = (owner.get("/admin/").headers["Content-Security-Policy"] for _ in range(2))
    assert first != second


CHANGES = [
    ("/admin/category/new/", {"title": "X"}),
    ("/admin/category/edit/?id=1", {"title": "X"}),
    ("/admin/category/delete/", {"id": "1"}),
    ("/admin/category/action/", {"action": "delete", "rowid": "1"}),
    ("/admin/category/ajax/update/", {"list_form_pk": "1", "title": "X"}),
    ("/admin/product/edit/?id=1", {"title": "X"}),
    ("/admin/conversation/1/reply", {"text": "X"}),
    ("/admin/conversation/1/take-over", {}),
    ("/admin/conversation/1/give-back", {}),
    ("/admin/conversation/1/settle", {"message": "2", "how": "again"}),
    ("/admin/order/1/confirm", {"payment": "1"}),
    ("/admin/order/1/cancel", {}),
    ("/admin/order/1/reject", {"payment": "1"}),
    ("/admin/order/1/resend", {}),
    ("/admin/order/1/renew", {"delivery": "1"}),
    ("/admin/order/1/try-again", {"delivery": "1"}),
    ("/admin/order/1/looked", {}),
    ("/admin/order/1/give-back", {"payment": "1", "amount": "1"}),
    ("/admin/order/1/gave-back", {"refund": "1"}),
    ("/admin/simulator/1/messages", {"text": "hi"}),
    ("/admin/simulator/new", {}),
    ("/admin/settings/", {"SHOP_NAME": "X"}),
    ("/admin/plugins/greeting/switch", {"on": "0"}),
    ("/admin/staff_user/new/", {"email": "x@example.com"}),
    ("/admin/logout", {}),
]


def other_doors(app):
    """Every other address that takes a form: a new one can't be forgotten."""
    listed = {address.split("?")[0] for address, _ in CHANGES}
    posts = {address for method, address in doors(app) if method == "POST"}
    return [(address, {}) for address in sorted(posts - listed)]


def test_nothing_changes_without_the_page_s_token(app, busy_shop, owner, stored):
    """Another site can't press our buttons: 400, and every row is as it was."""

    def everything():
        return {
            model.__name__: [
                {column.key: getattr(row, column.key) for column in model.__table__.columns}
                for row in stored(select(model))
            ]
            for model in models.ALL
        }

    before = everything()
    for address, data in [*CHANGES, *other_doors(app)]:
        answer = owner.client.post(address, data=data)
        assert answer.status_code == 400, address
        assert "open for too long" in answer.text, address
    assert everything() == before
    assert owner.get("/admin/").status_code == 200


@pytest.mark.parametrize(
    "evil", ["<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "<svg/onload=alert(1)>"]
)
def test_what_strangers_write_is_shown_and_never_run(rows, owner, evil):
    """Names, messages, titles and searches appear as text on every page that shows them."""
    with rows():
        conversation = make.chat(name=evil)
        make.message(conversation, "in", evil)
        make.message(conversation, "out", evil, state="failed", error=evil)
        thing = make.product(title=evil, description=evil, category=make.category(title=evil))
        make.order(conversation, thing)
        customer = conversation.customer_id
    for page in [*PAGES, f"/admin/customer/details/?id={customer}"]:
        html = owner.get(page).text
        assert evil not in html, page
    html = owner.get("/admin/product/", query_string={"search": evil}).text
    assert evil not in html


def test_the_files_of_the_look_are_served(owner):
    """Everything that a page asks for is there."""
    html = owner.get("/admin/product/new/").text
    addresses = re.findall(r'(?:src|href)="(/(?:admin/)?static/[^"]+)"', html)
    assert len(addresses) > 10
    for address in addresses:
        with owner.client.get(address) as answer:
            assert answer.status_code == 200, address


TOO_LARGE = ("9223372036854775808", "9" * 5000)


@pytest.mark.both_databases
@pytest.mark.parametrize("number", TOO_LARGE, ids=len)
def test_a_number_that_no_row_has_is_not_there_or_not_looked_at(busy_shop, owner, number):
    """In the path there is no such page; what an address asks for besides is ignored."""
    for page in (
        f"/admin/conversation/{number}/media/1/0",
        f"/admin/conversation/1/media/{number}/0",
        f"/admin/conversation/1/media/1/{number}",
        f"/admin/conversation/details/?id={number}",
        f"/admin/links/code/product/{number}.svg",
        f"/admin/news/test/{number}",
        f"/admin/customer/1/join/{number}",
        f"/admin/customer/{number}/erase",
    ):
        assert owner.get(page).status_code == 404, page
    for page in (
        f"/admin/conversation/details/?id=1&before={number}",
        f"/admin/conversation/1/news?log=1&before={number}",
        f"/admin/conversation/?label={number}&page={number}",
        f"/admin/news/latest?after={number}",
        f"/admin/links/?product={number}",
        f"/admin/quick_answer/new/?message={number}",
        f"/admin/order/?page={number}&sort={number}&page_size={number}&below={number}",
        f"/admin/simulator/?phone={number}",
        f"/admin/simulator/0/messages?after={number}",
    ):
        assert owner.get(page).status_code == 200, page


@pytest.mark.both_databases
@pytest.mark.parametrize("number", [*TOO_LARGE, "-1", "1_0"], ids=lambda text: text[:3] + str(len(text)))
def test_a_form_that_names_no_row_changes_nothing(busy_shop, owner, stored, number):
    """It is refused, or says why not, and never ends in an error of the program."""
    owner.get("/admin/conversation/details/?id=1")
    for address, form, status in (
        ("/admin/conversation/1/template", {"template": number}, 400),
        ("/admin/conversation/1/settle", {"message": number, "how": "again"}, 400),
        ("/admin/conversation/1/assign", {"staff": number}, 400),
        ("/admin/conversation/1/label", {"label": number}, 302),
        ("/admin/customer/1/join", {"other": number}, 302),
        ("/admin/order/1/confirm", {"payment": number}, 400),
        ("/admin/order/1/give-back", {"payment": "1", "amount": "1", "unit": number}, 400),
        ("/admin/order/1/gave-back", {"refund": number}, 400),
        ("/admin/order/1/renew", {"delivery": number}, 400),
        ("/admin/quick_answer/new/", {"words": "abc", "leads_to": f"product:{number}"}, 200),
        ("/admin/links/ad", {"words": "some", "target": f"product:{number}"}, 302),
        ("/admin/product/delete/", {"id": number}, 302),
        ("/admin/product/action/", {"action": "delete", "rowid": number}, 302),
    ):
        assert owner.post(address, form).status_code == status, address
    for path in (
        f"/admin/order/{number}/resend",
        f"/admin/links/ad/{number}",
        f"/admin/templates/{number}/assign",
    ):
        assert owner.post(path).status_code == 404, path
    assert stored(select(models.Conversation.assigned_to_id)) == [None]
    assert len(stored(select(models.Customer))) == 1


def test_a_list_keeps_what_it_was_asked_for_and_nothing_that_means_something_else(busy_shop, owner):
    """The names of our own arguments in an address are no reason to fail, and lead nowhere."""
    for name in ("endpoint", "export_type", "self", "_external", "_scheme", "_anchor", "_method"):
        answer = owner.get(f"/admin/product/?{name}=x&search=First")
        assert answer.status_code == 200, name
        exported = re.findall(r'href="([^"]+/export/[^"]+)"', answer.text)
        assert [one.replace("&amp;", "&") for one in exported] == [
            f"/admin/product/export/{kind}/?search=First" for kind in ("csv", "xlsx")
        ]
        assert owner.get(f"/admin/message/?{name}=x&sort=1").status_code == 200, name
