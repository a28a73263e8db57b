"""The doors of the back office: each endpoint for nobody and for each role, and Flask-Admin's holes."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask_admin import expose
from sqlalchemy import String, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from salesbot import models
from salesbot.admin.access.roles import LEAST_ROLE
from salesbot.admin.access.security import is_local
from salesbot.admin.rows.views import ShopModelView
from salesbot.extensions import db, transaction
from salesbot.models import Category, Order, StaffUser
from tests.admin import rows as make
from tests.admin.conftest import QUICK_HASH, Person, hire

ROLES = ("viewer", "agent", "manager", "owner")
EXAMPLES = {"plugin": "greeting", "export_type": "csv", "kind": "product", "ext": "png", "what": "chat"}


def doors(app: Flask) -> list[tuple[str, str]]:
    """Every (method, address) of the back office but its files and the sign-in page."""
    found = []
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/admin") or rule.endpoint == "signin.login":
            continue
        if rule.endpoint.endswith(".static"):
            continue
        address = re.sub("<int:[a-z]+>", "1", rule.rule)
        for part, example in EXAMPLES.items():
            address = address.replace(f"<{part}>", example)
        assert "<" not in address, f"give {rule.rule} an example"
        found += [(method, address) for method in sorted(rule.methods - {"HEAD", "OPTIONS"})]
    return found


def test_there_is_a_view_for_every_model(app):
    """The loop leaves nobody out."""
    addresses = {address for _, address in doors(app)}
    for model in models.ALL:
        assert f"/admin/{model.__tablename__}/" in addresses, model


def test_a_stranger_is_sent_to_the_sign_in_page_from_every_door(app, stranger):
    """Whatever the address and the method: no page, no change, no other answer. A script is told 401."""
    app.config["WTF_CSRF_ENABLED"] = False
    tried = doors(app)
    assert len(tried) > 150
    polled = 0
    for method, address in tried:
        answer = stranger.client.open(address, method=method)
        if answer.status_code == 401:
            assert answer.json == {"signed_out": True}, (method, address)
            polled += 1
            continue
        assert answer.status_code == 302, (method, address)
        assert answer.headers["Location"].startswith("/admin/login"), (method, address)
    assert 5 < polled < 12


def test_a_stranger_s_post_without_a_token_ends_at_the_sign_in_page_too(stranger):
    """A session that ended in the meantime leads to the sign-in page, not to a riddle."""
    answer = stranger.client.post("/admin/product/delete/", data={"id": "1"})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/admin/login"


ALLOWED = [
    ("GET", "/admin/", "viewer"),
    ("GET", "/admin/product/", "viewer"),
    ("GET", "/admin/order/details/?id=1", "viewer"),
    ("GET", "/admin/conversation/details/?id=1", "viewer"),
    ("GET", "/admin/plugins/", "viewer"),
    ("POST", "/admin/conversation/1/reply", "agent"),
    ("POST", "/admin/conversation/1/take-over", "agent"),
    ("POST", "/admin/conversation/1/give-back", "agent"),
    ("POST", "/admin/order/1/resend", "agent"),
    ("POST", "/admin/order/1/try-again", "agent"),
    ("POST", "/admin/order/1/looked", "agent"),
    ("POST", "/admin/order/1/confirm", "manager"),
    ("POST", "/admin/order/1/cancel", "manager"),
    ("POST", "/admin/order/1/reject", "manager"),
    ("POST", "/admin/order/1/gave-back", "manager"),
    ("POST", "/admin/order/1/give-back", "manager"),
    ("GET", "/admin/simulator/", "agent"),
    ("GET", "/admin/coupon/new/", "manager"),
    ("GET", "/admin/product/new/", "manager"),
    ("GET", "/admin/product/edit/?id=1", "manager"),
    ("POST", "/admin/product/delete/", "manager"),
    ("GET", "/admin/customer/edit/?id=1", "manager"),
    ("GET", "/admin/staff_user/", "owner"),
    ("GET", "/admin/staff_user/new/", "owner"),
    ("GET", "/admin/shop_setting/", "owner"),
    ("GET", "/admin/settings/", "owner"),
    ("POST", "/admin/plugins/greeting/switch", "owner"),
]


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_what_the_table_says_and_no_more(app, rows, somebody, role):
    """A role has its own doors and those of the lesser ones; the rest answers 403."""
    with rows():
        make.message(make.order().conversation, "in")
    person = somebody(role)
    for method, address, least in ALLOWED:
        answer = person.get(address) if method == "GET" else person.post(address)
        may = ROLES.index(role) >= ROLES.index(least)
        assert (answer.status_code != 403) == may, (role, method, address, answer.status_code)


def test_a_new_door_that_nobody_named_is_the_owner_s(app, rows, somebody):
    """The strictest right is the default."""

    class New(ShopModelView):
        @expose("/brand-new")
        def brand_new(self):
            return "inside"

    view = New(Category)
    assert LEAST_ROLE[view.action_for("brand_new")] == "owner"


def test_what_a_view_cannot_do_is_refused_however_it_is_asked(app, rows, owner, stored):
    """Orders are history: no form, no inline change, no deletion, not even for the owner."""
    with rows():
        number = make.order().id
    assert owner.get("/admin/order/new/").status_code == 403
    assert owner.get(f"/admin/order/edit/?id={number}").status_code == 403
    assert owner.post(f"/admin/order/edit/?id={number}", {"number": "X"}).status_code == 403
    update = {"list_form_pk": number, "number": "X"}
    assert owner.post("/admin/order/ajax/update/", update).status_code == 403
    assert owner.post("/admin/order/delete/", {"id": number}).status_code == 403
    owner.post("/admin/order/action/", {"action": "delete", "rowid": number})
    [order] = stored(select(Order))
    assert order.number != "X"


EVIL = [
    "http:evil.com",
    "http://evil.com",
    "//evil.com",
    "/\\evil.com",
    "\\\\evil.com",
    "javascript:alert(1)",
    "evil",
]


def test_no_address_in_a_link_leads_to_another_host(owner):
    """Flask-Admin's own check lets `http:evil.com` through."""
    for evil in EVIL:
        for name in ("url", "next"):
            answer = owner.get("/admin/category/edit/", query_string={name: evil})
            assert answer.status_code == 400, evil
            assert "Location" not in answer.headers


@pytest.mark.parametrize("address", ["/", "/admin/", "/admin/order/?page=2", "/a//b"])
def test_addresses_of_our_own_are_local(address):
    """One slash at the beginning, and nothing that a browser reads as another host."""
    assert is_local(address)


@pytest.mark.both_databases
def test_a_filter_that_makes_no_sense_is_a_bad_request(owner):
    """Neither an error page nor a list that pretends."""
    assert owner.get("/admin/order/?flt0_0=paid").status_code == 200
    assert owner.get("/admin/order/export/csv/?flt0_2=bogus").status_code == 400
    assert owner.get("/admin/order/?flt0_9999=1").status_code == 400
    assert owner.get("/admin/order/?fltx_0=1").status_code == 400
    assert owner.get("/admin/order/?flt0_0=").status_code == 200
    assert "can&#39;t be understood" in owner.get("/admin/order/?flt0_9999=bogus").text


@pytest.mark.both_databases
def test_no_page_number_breaks_a_list(owner):
    """No database takes a number of twenty digits."""
    for page in ("99999999999999999999", "-5", "x"):
        assert owner.get(f"/admin/product/?page={page}").status_code == 200, page


@pytest.mark.both_databases
def test_no_row_number_breaks_a_page(owner):
    """A row that isn't there leads back to the list, or says so."""
    for number in ("1,2", "abc", "", "99999999999999999999", "0x1", "-1"):
        assert owner.get(f"/admin/category/edit/?id={number}").status_code == 302, number
        assert owner.get(f"/admin/order/details/?id={number}").status_code == 404, number


@pytest.mark.both_databases
def test_a_nul_byte_is_refused(owner):
    """PostgreSQL would answer with an error."""
    assert owner.get("/admin/product/?search=a%00b").status_code == 400
    assert owner.post("/admin/category/new/", {"title": "a\x00b"}).status_code == 400


def test_rows_outside_a_view_s_query_cannot_be_reached(app, rows, owner):
    """`get_one` goes through `get_query`, in details, forms and deletion alike."""

    class OnlyActive(ShopModelView):
        def get_query(self):
            return super().get_query().filter(Category.active)

    with rows():
        seen, hidden = make.category().id, make.category(active=False).id
    view = OnlyActive(Category)
    with app.test_request_context():
        assert view.get_one(str(seen)).id == seen
        assert view.get_one(str(hidden)) is None


def test_an_error_in_a_view_is_told_as_it_is(app):
    """Flask-Admin calls a view again after a TypeError, and hides the real one."""
    calls = []

    def broken(view):
        calls.append(view)
        raise TypeError("the real one")

    with pytest.raises(TypeError, match="the real one"):
        ShopModelView(Category)._run_view(broken)
    assert len(calls) == 1


def test_a_look_up_gives_out_no_more_than_a_form_needs(owner):
    """Flask-Admin's has no upper limit."""
    for query in ("", "?query=a&limit=100000", "?query=a&limit=-1", "?query=a&offset=-1"):
        assert owner.get(f"/admin/category/ajax/lookup/{query}").status_code == 400, query


@pytest.mark.both_databases
def test_what_still_is_needed_is_not_deleted_and_the_reason_is_plain(rows, owner, stored):
    """The database's words stay in the log."""
    with rows():
        shelf = make.product().category_id
    answer = owner.post("/admin/category/delete/", {"id": shelf}, follow_redirects=True)
    assert "is still needed by something else, so it is switched off." in answer.text
    # As words: a random token of the page may hold three letters.
    assert not re.search(r"\b(foreign key|integrity|sql\w*|constraint)\b", answer.text, re.IGNORECASE)
    assert len(stored(select(Category))) == 1


@pytest.mark.both_databases
def test_a_title_that_is_taken_is_told_at_the_form(rows, owner, stored):
    """Nothing is lost of what was typed."""
    with rows():
        make.category(title="Books")
    answer = owner.post("/admin/category/new/", {"title": "Books", "detail": "again"})
    assert answer.status_code == 200
    assert "Already exists." in answer.text
    assert 'value="again"' in answer.text
    assert stored(select(func.count(Category.id))) == [1]


def test_a_form_takes_only_its_own_fields(rows, owner, stored):
    """Numbers, hashes and counters that a form doesn't show can't be posted into it."""
    owner.post("/admin/category/new/", {"id": "77", "title": "Books"})
    [shelf] = stored(select(Category))
    assert shelf.id != 77
    owner.post(
        "/admin/staff_user/edit/?id=1",
        {
            "name": "Olga",
            "email": "olga@example.com",
            "role": "owner",
            "active": "y",
            "password_hash": "x",
            "epoch": "9",
        },
    )
    [olga] = stored(select(StaffUser))
    assert olga.password_hash == QUICK_HASH
    assert olga.epoch != 9


def test_deleting_takes_a_post(rows, owner, stored):
    """A link or a picture address deletes nothing."""
    with rows():
        number = make.category().id
    assert owner.get(f"/admin/category/delete/?id={number}").status_code == 405
    assert owner.post("/admin/category/delete/", {"id": number}).status_code == 302
    assert stored(select(Category)) == []


@pytest.mark.both_databases
def test_several_rows_are_deleted_at_once_by_whoever_may_delete(rows, owner, somebody, stored):
    """The bulk action keeps to the same right."""
    with rows():
        numbers = [make.category().id for _ in range(3)]
    data = {"action": "delete", "rowid": numbers[:2]}
    somebody("agent").post("/admin/category/action/", data)
    assert len(stored(select(Category))) == 3
    answer = owner.post("/admin/category/action/", data, follow_redirects=True)
    assert "2 are deleted." in answer.text
    assert [shelf.id for shelf in stored(select(Category))] == numbers[2:]


def test_a_refusal_speaks_plainly_and_shows_nothing_of_the_inside(app, rows, somebody):
    """403 and 404 in the back office's own look."""
    viewer = somebody("viewer")
    answer = viewer.get("/admin/product/new/")
    assert answer.status_code == 403
    assert "Your role doesn&#39;t allow this." in answer.text
    assert "admin.css" in answer.text


def test_when_something_breaks_nothing_of_the_inside_is_shown(app, owner, monkeypatch):
    """An error inside is a plain page with status 500, without a trace or a statement."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr(ShopModelView, "get_list", lambda *_args, **_kwargs: 1 / 0)
    answer = owner.get("/admin/category/")
    assert answer.status_code == 500
    assert "Something went wrong here. It is in the log." in answer.text
    assert "Traceback" not in answer.text
    assert "ZeroDivisionError" not in answer.text


def test_no_form_that_says_where_to_go_on_leads_to_another_host(rows, owner, stored):
    """What deletes, acts on ticked rows or belongs to an order; nothing is done either."""
    with rows():
        shelf, number = make.category().id, make.order().id
    forms = {
        "/admin/category/delete/": {"id": shelf},
        "/admin/category/action/": {"action": "delete", "rowid": shelf},
        f"/admin/order/{number}/cancel": {},
    }
    for address, form in forms.items():
        for evil in EVIL:
            answer = owner.post(address, {**form, "url": evil})
            assert answer.status_code == 400, (address, evil)
            assert "Location" not in answer.headers
    assert shelf in [one.id for one in stored(select(Category))]
    assert [one.state for one in stored(select(Order))] == ["pending"]
    assert (
        owner.post("/admin/category/delete/", {"id": shelf, "url": "/admin/menu/"}).location == "/admin/menu/"
    )


def test_a_plugin_s_model_may_have_a_column_of_that_name(salesbot_apps, compiled):
    """Its values are the row's, and say nothing about where the page goes on."""

    class Base(DeclarativeBase):
        pass

    class Bookmark(Base):
        __tablename__ = "plugin_bookmark"
        id: Mapped[int] = mapped_column(primary_key=True)
        url: Mapped[str] = mapped_column(String(200))
        next: Mapped[str] = mapped_column(String(200))

    Base.registry.configure()
    app = salesbot_apps()
    app.jinja_env.bytecode_cache = compiled
    with app.app_context(), transaction():
        hire("olga@example.com", "owner")
        Base.metadata.create_all(db.session.connection())
    with app.app_context():
        app.extensions["admin"][0].add_view(ShopModelView(Bookmark))
    person = Person(app.test_client())
    person.signs_in()
    person.get("/admin/plugin_bookmark/new/")
    typed = {"url": "https://example.com/a", "next": "https://example.com/b"}
    kept = person.post("/admin/plugin_bookmark/new/", typed)
    assert (kept.status_code, kept.location) == (302, "/admin/plugin_bookmark/")
    person.get("/admin/plugin_bookmark/edit/?id=1&url=/admin/menu/")
    typed = {"url": "/elsewhere", "next": "http:example.com"}
    kept = person.post("/admin/plugin_bookmark/edit/?id=1&url=/admin/menu/", typed)
    assert (kept.status_code, kept.location) == (302, "/admin/menu/")
    with app.app_context():
        row = db.session.scalars(select(Bookmark)).one()
        assert (row.url, row.next) == ("/elsewhere", "http:example.com")
        db.session.rollback()
