"""Each endpoint of each view for each role and for nobody, and what everybody may do about their account."""

from __future__ import annotations

from flask_login import login_user
from sqlalchemy import select
from werkzeug.exceptions import Forbidden

from salesbot import demo
from salesbot.admin.access.guard import Guard
from salesbot.extensions import db
from salesbot.models import Product, StaffUser
from tests.admin import rows as make
from tests.admin.conftest import PASSWORD, Person, hire
from tests.admin.test_guard import ROLES

LEAST = {
    "index": "viewer",
    "index_view": "viewer",
    "details_view": "viewer",
    "ajax_lookup": "manager",
    "create_view": "manager",
    "edit_view": "manager",
    "ajax_update": "manager",
    "inline_view": "manager",
    "action_view": "manager",
    "import_view": "manager",
    "delete_view": "manager",
    "export": "manager",
}
"""Functions that every model's view has."""
MONEY = ("confirm", "reject", "cancel", "give_back", "gave_back")
ACTIONS = {
    "look": "viewer",
    "answer": "agent",
    "deliver": "agent",
    "money": "manager",
    "change": "manager",
    "delete": "manager",
    "export": "manager",
    "run": "owner",
}
OWNERS = {
    "admin_staff_user",
    "admin_audit_entry",
    "admin_shop_setting",
    "admin_shop_revision",
    "admin_plugin_state",
    "admin_plugin_failure",
    "admin_settings",
}
"""Views whose every page is the owner's."""


def least(view: Guard, name: str) -> str:
    """The role that this test expects to be enough."""
    if view.endpoint in OWNERS or view.needs.get("index_view") == "run":
        return "owner"
    if view.endpoint == "admin_order" and name in MONEY:
        return "manager"
    return ACTIONS[view.needs[name]] if name in view.needs else LEAST.get(name, "owner")


def gates(app):
    """Every (view, function) that an address of the back office leads to; nothing is left out."""
    views = {view.endpoint: view for view in app.extensions["admin"][0]._views}
    for rule in app.url_map.iter_rules():
        blueprint, _, name = rule.endpoint.partition(".")
        if not rule.rule.startswith("/admin") or blueprint == "signin" or name == "static":
            continue
        assert isinstance(views[blueprint], Guard), rule
        yield views[blueprint], name


def test_every_endpoint_opens_for_the_roles_of_the_table_and_for_nobody_else(app, rows):
    """All of them, by one loop: whoever is too small is refused at the gate, before any code of a page."""
    with rows():
        for role in ROLES:
            if role != "owner":
                hire(f"{role}@example.com", role)
    tried = 0
    for role in ROLES:
        with app.test_request_context("/admin/"):
            who = "olga" if role == "owner" else role
            login_user(db.session.scalars(select(StaffUser).filter_by(email=f"{who}@example.com")).one())
            for view, name in gates(app):
                edits = dict.fromkeys(("edit_view", "ajax_update", "inline_view"), "edits")
                switch = {"create_view": "creates", **edits}
                has_it = getattr(view, switch.get(name, "deletes" if name == "delete_view" else "audited"))
                has_it = has_it or name not in {*switch, "delete_view"}
                enough = ROLES.index(role) >= ROLES.index(least(view, name))
                try:
                    opened = view._handle_view(name) is None
                except Forbidden:
                    opened = False
                assert opened == (enough and has_it), (role, view.endpoint, name)
                tried += 1
    assert tried > 800
    with app.test_request_context("/admin/"):
        for view, name in gates(app):
            assert view._handle_view(name).location.startswith("/admin/login"), (view.endpoint, name)


def fills(person: Person, present: str, new: str, again: str | None = None):
    person.get("/admin/account/")
    data = {"present": present, "new": new, "again": new if again is None else again}
    return person.post("/admin/account/password", data)


def test_everybody_changes_their_own_password_and_ends_their_sessions_elsewhere(app, somebody):
    """The old one is asked for, mistakes stand at the field, and other browsers are signed out."""
    here = somebody("viewer")
    there = Person(app.test_client())
    there.signs_in("viewer@example.com")
    assert "This is not your present password." in fills(here, "wrong", "another long one").text
    assert "The two differ." in fills(here, PASSWORD, "another long one", "x").text
    assert "At least 10 characters." in fills(here, PASSWORD, "short").text
    assert "This is the present one." in fills(here, PASSWORD, PASSWORD).text
    assert there.get("/admin/").status_code == 200
    assert fills(here, PASSWORD, "another long one").status_code == 302
    assert here.get("/admin/").status_code == 200
    assert there.get("/admin/").status_code == 302
    assert there.signs_in("viewer@example.com", "another long one").status_code == 302
    assert there.get("/admin/").status_code == 200
    here.post("/admin/account/elsewhere")
    assert here.get("/admin/").status_code == 200
    assert there.get("/admin/").status_code == 302


def test_an_owner_signs_others_out_everywhere(owner, somebody, stored):
    """For a lost phone, without a new password."""
    agent = somebody("agent")
    [number] = [one.id for one in stored(select(StaffUser)) if one.role == "agent"]
    agent.post("/admin/staff_user/action/", {"action": "sign_out", "rowid": 1})
    assert owner.get("/admin/").status_code == 200
    owner.get("/admin/staff_user/")
    owner.post("/admin/staff_user/action/", {"action": "sign_out", "rowid": number})
    assert agent.get("/admin/").status_code == 302


def test_the_demo_s_password_opens_a_shop_that_the_world_can_reach_only_to_change_it(app, rows):
    """At home it is handy; on the internet it is the first thing that somebody tries."""
    with rows():
        db.session.delete(db.session.scalars(select(StaffUser)).one())
        db.session.flush()
        demo.load_demo()
    with app.app_context():
        email, password = demo.sign_in()
    at_home = Person(app.test_client())
    at_home.signs_in(email, password)
    assert at_home.get("/admin/product/").status_code == 200
    app.config["PUBLIC_URL"] = "https://shop.example.com"
    outside = Person(app.test_client())
    outside.signs_in(email, password)
    for page in ("/admin/", "/admin/product/", "/admin/settings/"):
        assert outside.get(page).headers["Location"] == "/admin/account/", page
    assert "still the password of the demo" in outside.get("/admin/account/").text
    outside.post("/admin/account/elsewhere")
    assert outside.get("/admin/product/").headers["Location"] == "/admin/account/", "it is still the same one"
    assert fills(outside, password, "my very own password").status_code == 302
    assert outside.get("/admin/product/").status_code == 200


def test_what_others_need_is_switched_off_in_place_of_being_deleted(rows, owner, stored):
    """A product that was sold stays in the books, and nobody can buy it any more."""
    with rows():
        sold, unsold = make.product(title="Sold"), make.product(title="Never sold")
        make.order(make.chat(), sold)
        numbers = [sold.id, unsold.id]
    page = owner.post("/admin/product/action/", {"action": "delete", "rowid": numbers}, follow_redirects=True)
    assert "Sold is still needed by something else, so it is switched off." in page.text
    assert [(one.title, one.active) for one in stored(select(Product))] == [("Sold", False)]
    owner.post("/admin/product/action/", {"action": "sell", "rowid": numbers[:1]})
    assert [one.active for one in stored(select(Product))] == [True]
    owner.post("/admin/product/action/", {"action": "withdraw", "rowid": numbers[:1]})
    assert [one.active for one in stored(select(Product))] == [False]
