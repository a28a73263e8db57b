"""Settings, plugins and staff: what only the owner touches."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from salesbot import dispatcher, hookimpl
from salesbot.app import create_app
from salesbot.channels import simulator
from salesbot.extensions import db, transaction
from salesbot.messages import Setting
from salesbot.models import PluginFailure, PluginState, ShopSetting, StaffUser
from salesbot.services import shop, staff
from tests.admin.conftest import PASSWORD, Person

CORE = {
    "SHOP_NAME": "Ana's books",
    "CURRENCY": "EUR",
    "LANGUAGES": "en es",
    "ORDER_MINUTES": "30",
    "DOWNLOADS": "3",
    "DOWNLOAD_DAYS": "7",
    "LOW_STOCK": "2",
}
STAFF = {"name": "Bob", "email": "bob@example.com", "role": "agent", "active": "y"}


def test_settings_count_at_once(app, owner):
    """What is typed is what the shop says from then on."""
    answer = owner.post("/admin/settings/", CORE, follow_redirects=True)
    assert "Saved." in answer.text
    assert "<h1>Ana&#39;s books</h1>" in owner.get("/admin/").text
    with app.app_context():
        assert shop.setting("CURRENCY") == "EUR"
        assert shop.setting("LANGUAGES") == ["en", "es"]
        assert shop.setting("ORDER_MINUTES") == 30


@pytest.mark.parametrize(("name", "typed"), [("CURRENCY", "Euros"), ("ORDER_MINUTES", "soon")])
def test_one_wrong_setting_saves_none_and_is_told_at_its_field(owner, stored, name, typed):
    """What else was typed stays on the page."""
    answer = owner.post("/admin/settings/", {**CORE, name: typed})
    assert answer.status_code == 200
    assert answer.text.count("sb-field-error") == 1
    assert f'value="{typed}"' in answer.text
    assert "Ana&#39;s books" in answer.text
    assert stored(select(ShopSetting)) == []


def test_what_was_decided_outside_is_shown_and_cannot_be_changed(tmp_path):
    """The environment wins, and the page says which name did it."""
    app = create_app(
        {"SHOP_NAME": "Fixed", "ENTRY_POINTS": False, "LOG_LEVEL": "ERROR"}, instance_path=tmp_path
    )
    with app.app_context():
        db.create_all()
        with transaction():
            staff.add("olga@example.com", PASSWORD, name="Olga")
    olga = Person(app.test_client())
    olga.signs_in()
    html = olga.get("/admin/settings/").text
    assert "SALESBOT_SHOP_NAME" in html
    assert "readonly" in html
    olga.post("/admin/settings/", {**CORE, "SHOP_NAME": "Other"})
    with app.app_context():
        assert shop.setting("SHOP_NAME") == "Fixed"


class Weather:
    """Sends the weather with each order."""

    @hookimpl
    def salesbot_settings(self):
        return [Setting("town", "Your town", "Berlin"), Setting("weather_key", "Key", secret=True)]


def test_a_plugin_s_settings_are_typed_here_and_its_secrets_only_written(tmp_path):
    """A secret is kept encrypted and never comes back to the page; empty keeps the old one."""
    app = create_app(
        {"ENTRY_POINTS": False, "LOG_LEVEL": "ERROR"},
        instance_path=tmp_path,
        plugins=[("weather", Weather())],
    )
    with app.app_context():
        db.create_all()
        with transaction():
            staff.add("olga@example.com", PASSWORD, name="Olga")
    olga = Person(app.test_client())
    olga.signs_in()
    html = olga.get("/admin/settings/").text
    assert "Plugin: weather" in html
    assert ">Berlin</textarea>" in html
    olga.post("/admin/settings/", {**CORE, "weather.town": "Lima", "weather.weather_key": "s3cret-value"})
    olga.post("/admin/settings/", {**CORE, "weather.town": "Quito", "weather.weather_key": ""})
    html = olga.get("/admin/settings/").text
    assert ">Quito</textarea>" in html
    assert "s3cret-value" not in html
    assert "s3cret-value" not in olga.get("/admin/shop_setting/").text
    with app.app_context():
        assert shop.state().texts["weather.weather_key"] == "s3cret-value"
        raw = db.session.connection().exec_driver_sql(
            "SELECT secret FROM shop_setting WHERE secret IS NOT NULL"
        )
        assert "s3cret-value" not in raw.scalar_one()


def test_a_plugin_is_switched_off_and_on_again(app, owner, stored):
    """From the next message on, in every process."""
    assert "greeting" in owner.get("/admin/plugins/").text
    owner.post("/admin/plugins/greeting/switch", {"on": "0"})
    with app.app_context():
        assert "greeting" in shop.state().switched_off
    assert "Switch greeting on" in owner.get("/admin/plugins/").text
    owner.post("/admin/plugins/greeting/switch", {"on": "1"})
    with app.app_context():
        assert shop.state().switched_off == {}
    assert owner.post("/admin/plugins/unheard-of/switch", {"on": "0"}).status_code == 404
    assert stored(select(PluginState.name)) == ["greeting"]


def test_the_page_shows_what_each_plugin_does_and_costs(app, owner):
    """Calls, the slowest one, its place in the order, hooks and settings."""
    with app.app_context():
        for text in ("hi", "orders"):
            dispatcher.receive(simulator.incoming("ana", text))
    html = owner.get("/admin/plugins/").text
    row = html.partition('id="greeting"')[2].partition("</tr>")[0]
    assert re.search(r'data-label="Calls">\s*[1-9]', row)
    assert re.search(r'title="salesbot_\w+">\d+ ms', row)
    assert "handle_message" in row
    assert re.search(r"number \d of \d", row)
    assert "Card" in html.partition('id="payment_stripe"')[2].partition("</tr>")[0]


def test_the_page_says_why_a_plugin_is_off_and_how_it_failed(rows, owner):
    """The reason, and the last failure."""
    with rows():
        db.session.add(PluginState(name="orders", enabled=False, by_itself=True, reason="5 failures"))
        db.session.add(PluginFailure(plugin="orders", hook="salesbot_menu_items", error="x.py:3: KeyError"))
    html = owner.get("/admin/plugins/").text
    assert "5 failures" in html
    assert "off, by itself" in html
    assert "x.py:3: KeyError" in html


def test_a_plugin_that_was_left_out_is_named_with_its_mistake(tmp_path):
    """On the plugins page and on the home page."""

    class Broken:
        @hookimpl
        def salesbot_handle_mesage(self, message, chat):
            return None

    app = create_app(
        {"ENTRY_POINTS": False, "LOG_LEVEL": "ERROR"},
        instance_path=tmp_path,
        plugins=[("broken", Broken())],
    )
    with app.app_context():
        db.create_all()
        with transaction():
            staff.add("olga@example.com", PASSWORD, name="Olga")
    olga = Person(app.test_client())
    olga.signs_in()
    for page in ("/admin/", "/admin/plugins/"):
        assert "salesbot_handle_mesage" in olga.get(page).text
    assert "left out" in olga.get("/admin/plugins/").text


@pytest.mark.parametrize("broken", ["folder", "revision"])
def test_migrations_that_break_later_break_no_page(tmp_path, broken):
    """The folder goes, or a file in it can't be read, while the shop is open."""
    folder = tmp_path / "migrations"
    folder.mkdir()

    class Changing:
        @hookimpl
        def salesbot_migrations(self):
            return folder

    app = create_app(
        {"ENTRY_POINTS": False, "LOG_LEVEL": "ERROR"},
        instance_path=tmp_path,
        plugins=[("changing", Changing())],
    )
    with app.app_context():
        db.create_all()
        with transaction():
            staff.add("olga@example.com", PASSWORD, name="Olga")
    olga = Person(app.test_client())
    olga.signs_in()
    assert "older than its code" not in olga.get("/admin/plugins/").text
    if broken == "folder":
        folder.rmdir()
    else:
        (folder / "0001_first.py").write_text("def broken(:")
    page = olga.get("/admin/plugins/")
    assert page.status_code == 200
    assert "older than its code" in page.text


def test_a_slip_that_keeps_no_plugin_out_is_shown(tmp_path):
    class Empty:
        """It does nothing."""

    app = create_app(
        {"ENTRY_POINTS": False, "LOG_LEVEL": "ERROR"}, instance_path=tmp_path, plugins=[("empty", Empty())]
    )
    with app.app_context():
        db.create_all()
        with transaction():
            staff.add("olga@example.com", PASSWORD, name="Olga")
    olga = Person(app.test_client())
    olga.signs_in()
    assert "it implements no hook" in olga.get("/admin/plugins/").text


def test_a_new_colleague_can_sign_in(app, owner, stored):
    """The password is hashed, and no page shows it or its hash."""
    owner.get("/admin/staff_user/new/")
    answer = owner.post(
        "/admin/staff_user/new/", {**STAFF, "password": PASSWORD, "email": " Bob@Example.com "}
    )
    assert answer.status_code == 302
    bob = stored(select(StaffUser).where(StaffUser.name == "Bob"))[0]
    assert bob.email == "bob@example.com"
    assert bob.password_hash.startswith("scrypt:")
    for page in ("", "details/?id=2", "edit/?id=2"):
        html = owner.get(f"/admin/staff_user/{page}").text
        assert PASSWORD not in html
        assert "scrypt" not in html
    assert Person(app.test_client()).signs_in("bob@example.com").status_code == 302


@pytest.mark.parametrize("password", ["", "short"])
def test_a_new_account_needs_a_password_of_some_length(owner, stored, password):
    """Told at the field."""
    answer = owner.post("/admin/staff_user/new/", {**STAFF, "password": password})
    assert answer.status_code == 200
    assert 'id="password-help"' in answer.text
    assert len(stored(select(StaffUser))) == 1


@pytest.mark.parametrize(
    ("field", "typed"), [("email", "bob"), ("email", "bob@"), ("language", "klingon"), ("zone", "Moon")]
)
def test_what_an_account_can_not_have_is_told_at_the_field(owner, stored, field, typed):
    """An address that is none, and a language or a zone that nobody can read by."""
    owner.get("/admin/staff_user/new/")
    answer = owner.post("/admin/staff_user/new/", {**STAFF, "password": PASSWORD, field: typed})
    assert answer.status_code == 200
    assert f'<div class="sb-field-error" id="{field}-help">' in answer.text
    assert len(stored(select(StaffUser))) == 1


def test_language_and_zone_of_a_colleague_are_chosen_from_lists(owner, stored):
    """The same as under one's own name."""
    html = owner.get("/admin/staff_user/new/").text
    assert '<option value="es">Español</option>' in html
    assert '<option value="Europe/Berlin">Europe/Berlin</option>' in html
    form = {**STAFF, "password": PASSWORD, "language": "es", "zone": "Europe/Berlin"}
    assert owner.post("/admin/staff_user/new/", form).status_code == 302
    [bob] = stored(select(StaffUser).where(StaffUser.name == "Bob"))
    assert (bob.language, bob.zone) == ("es", "Europe/Berlin")


def test_an_empty_password_keeps_the_old_one(app, owner):
    """Changing a name signs nobody out."""
    owner.post(
        "/admin/staff_user/edit/?id=1",
        {**STAFF, "name": "Olga O.", "email": "olga@example.com", "role": "owner"},
    )
    assert Person(app.test_client()).signs_in().status_code == 302
    assert "Olga O." in owner.get("/admin/").text


def test_whoever_changes_their_own_password_stays_here_and_leaves_elsewhere(app, owner):
    """Other browsers have to sign in again."""
    elsewhere = Person(app.test_client())
    elsewhere.signs_in()
    new = "a brand new password"
    olga = {**STAFF, "name": "Olga", "email": "olga@example.com", "role": "owner", "password": new}
    owner.get("/admin/staff_user/edit/?id=1")
    owner.post("/admin/staff_user/edit/?id=1", olga)
    assert owner.get("/admin/").status_code == 200
    assert elsewhere.get("/admin/").status_code == 302
    assert Person(app.test_client()).signs_in(password=new).status_code == 302


@pytest.mark.parametrize("change", [{"role": "viewer"}, {"active": ""}])
def test_the_last_owner_stays_owner(owner, stored, change):
    """Nobody locks everybody out."""
    olga = {**STAFF, "name": "Olga", "email": "olga@example.com", "role": "owner", **change}
    if not olga["active"]:
        del olga["active"]
    answer = owner.post("/admin/staff_user/edit/?id=1", olga)
    assert "Somebody must stay owner and able to sign in." in answer.text
    [kept] = stored(select(StaffUser))
    assert (kept.role, kept.active) == ("owner", True)


def test_nobody_deletes_themselves(rows, owner, stored):
    """Another owner may."""
    with rows():
        staff.add("second@example.com", PASSWORD)
    answer = owner.post("/admin/staff_user/delete/", {"id": 1}, follow_redirects=True)
    assert "You can&#39;t delete your own account." in answer.text
    owner.post("/admin/staff_user/delete/", {"id": 2})
    assert stored(select(StaffUser.id)) == [1]


def test_a_role_that_does_not_exist_is_refused(owner, stored):
    """The form offers four, and takes no fifth."""
    answer = owner.post("/admin/staff_user/new/", {**STAFF, "password": PASSWORD, "role": "god"})
    assert answer.status_code == 200
    assert len(stored(select(StaffUser))) == 1


def test_how_long_messages_are_kept_is_chosen_from_a_list(owner, stored):
    """For ever until somebody says otherwise; another number is refused beside the field."""
    page = owner.get("/admin/settings/").text
    assert '<option value="0" selected>for ever</option>' in page
    owner.post("/admin/settings/", {"KEEP_MONTHS": "12"})
    assert stored(select(ShopSetting.value).where(ShopSetting.name == "KEEP_MONTHS")) == ["12"]
    assert "use 0, 3, 6, 12 or 24" in owner.post("/admin/settings/", {"KEEP_MONTHS": "5"}).text
