"""The views that are made for every model: what shows by itself, what never does, and at what cost."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask_admin.contrib.sqla.filters import IntEqualFilter
from sqlalchemy import JSON, Enum, ForeignKey, Integer, String, Text, event
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

import salesbot
from salesbot import clock, models
from salesbot.admin import init_admin, models_of_plugins
from salesbot.admin.rows import views
from salesbot.admin.rows.views import ShopModelView
from salesbot.app import create_app
from salesbot.database import EncryptedText, UTCDateTime
from salesbot.extensions import db
from salesbot.models import Customer, LicenceKey, Message, Product, StaffUser
from salesbot.services import shop, stock
from tests.admin import rows as make


def cells(html: str, column: str) -> list[str]:
    """What stands in a column of a list, without markup."""
    found = re.findall(rf'<td class="col-{column}[^"]*"[^>]*>(.*?)</td>', html, re.DOTALL)
    return [re.sub(r"<[^>]+>|\s+", " ", cell).strip() for cell in found]


class PluginBase(DeclarativeBase):
    """Tables that no other test sees."""


class Voucher(PluginBase):
    """What a plugin's author might write."""

    __tablename__ = "voucher"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20))
    amount: Mapped[int] = mapped_column(Integer, default=0)
    pin: Mapped[str] = mapped_column(EncryptedText)
    colour: Mapped[str] = mapped_column(Enum("red", "blue", name="colour"))
    ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    notes: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    product_id: Mapped[int] = mapped_column(ForeignKey(Product.id))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey(Customer.id))
    product: Mapped[Product] = relationship(Product)
    owner: Mapped[Customer | None] = relationship(Customer)


def names(view: ShopModelView) -> list[str]:
    return [name for name, _ in view._list_columns]


def test_a_plugin_s_model_has_lists_and_forms_without_a_word_about_it(app):
    """Money, moments, choices and relations find their fields by type."""
    view = ShopModelView(Voucher)
    form = view._create_form_class
    fields = {
        name: field.field_class.__name__
        for name, field in form.__dict__.items()
        if hasattr(field, "field_class")
    }
    assert fields == {
        "product": "RowField",
        "owner": "AjaxSelectField",
        "code": "StringField",
        "amount": "MoneyField",
        "colour": "SelectField",
        "ends_at": "UTCDateTimeField",
    }
    assert view.creates
    assert view.edits
    assert view.action_for("edit_view") == "change"


def test_what_rests_encrypted_is_in_no_list_page_or_form(app):
    """By its type, so that nobody has to remember it."""
    view = ShopModelView(Voucher)
    assert "pin" not in names(view)
    assert "pin" not in [name for name, _ in view._details_columns]
    assert not hasattr(view._create_form_class, "pin")
    for model, column in ((LicenceKey, "secret"), (LicenceKey, "digest"), (StaffUser, "password_hash")):
        view = ShopModelView(model)
        assert column not in names(view)
        assert column not in [name for name, _ in view._details_columns]


def test_lists_decrypt_nothing(app, rows, owner, monkeypatch):
    """A hundred keys on a page are a hundred rows, not a hundred decryptions."""
    with rows():
        stock.add_keys(make.product().id, [f"KEY-{number:04d}" for number in range(5)])

    def refuse(*_args: object) -> str:
        raise AssertionError("a list needs no secrets")

    monkeypatch.setattr("salesbot.vault.Vault.decrypt", refuse)
    assert len(cells(owner.get("/admin/licence_key/").text, "hint")) == 5
    assert owner.get("/admin/licence_key/details/?id=1").status_code == 200


def test_a_new_column_shows_by_itself(app):
    """In the list, in the details and in the form, until somebody says otherwise."""

    class Base(DeclarativeBase):
        pass

    class Shelf(Base):
        __tablename__ = "category"
        id: Mapped[int] = mapped_column(primary_key=True)
        title: Mapped[str] = mapped_column(Text)
        brand_new: Mapped[str] = mapped_column(Text, default="")

    view = ShopModelView(Shelf)
    assert names(view) == ["title", "brand_new"]
    assert "brand_new" in [name for name, _ in view._details_columns]
    assert hasattr(view._create_form_class, "brand_new")
    every_column = {column.key for column in models.Category.__table__.columns}
    shown = {name for name, _ in ShopModelView(models.Category)._details_columns}
    assert every_column - shown == {"id"}


def test_the_exceptions_name_only_columns_that_exist():
    """A renamed column is noticed here, not by staff."""
    from salesbot.admin.exceptions import EXCEPTIONS

    for model, rules in EXCEPTIONS.items():
        for name in (*rules.first, *rules.not_in_list, *rules.not_in_form, *rules.never, *rules.choices):
            assert hasattr(model, name) or name in rules.formatters, (model, name)


def test_the_back_office_is_built_from_active_plugins_alone(app):
    """Tables stay in the process when the plugin that made them is not in this app."""
    with app.app_context():
        assert models_of_plugins() == []


def test_models_are_handed_in_by_the_loop_s_caller(tmp_path):
    """Every model of the core, and those given."""
    app = create_app(
        {"BACK_OFFICE": False, "ENTRY_POINTS": False, "LOG_LEVEL": "ERROR"}, instance_path=tmp_path
    )
    with app.app_context():
        init_admin(app, [Voucher])
    assert "admin_voucher.index_view" in app.view_functions
    assert {f"admin_{model.__tablename__}.index_view" for model in models.ALL} <= set(app.view_functions)


def statements(app: Flask, work) -> int:
    """How many statements some work takes."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        if not statement.startswith(("PRAGMA", "BEGIN", "COMMIT", "ROLLBACK")):
            seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)


LISTS = [
    "order",
    "payment",
    "delivery",
    "message",
    "conversation",
    "licence_key",
    "customer",
    "product",
    "refund",
]


def test_no_list_asks_more_often_when_there_are_more_rows(app, rows, owner):
    """Twenty rows cost as many statements as two."""

    def fill(count: int) -> None:
        with rows():
            for _ in range(count):
                thing = make.product()
                stock.add_keys(thing.id, ["K-1"])
                order = make.order(what=thing, state="paid")
                make.message(order.conversation, "in")
                payment = make.payment(order, state="confirmed")
                make.delivery(order, state="no_stock")
                make.save(models.Refund(payment_id=payment.id, amount=1, currency="USD"))

    fill(2)
    before = {name: statements(app, lambda name=name: owner.get(f"/admin/{name}/")) for name in LISTS}
    fill(18)
    after = {name: statements(app, lambda name=name: owner.get(f"/admin/{name}/")) for name in LISTS}
    assert after == before
    assert max(after.values()) <= 9


def test_a_page_that_is_only_looked_at_waits_for_no_writer(app, rows, owner):
    """While somebody writes, staff read."""
    with rows():
        make.product(title="Seen")
        db.session.flush()
        assert "Products" in owner.get("/admin/product/").text
        assert owner.get("/admin/").status_code == 200


@pytest.mark.both_databases
def test_lists_are_searched_filtered_and_sorted(rows, owner):
    """By the columns that the exceptions name, on both databases alike."""
    with rows():
        cheap = make.product(title="Cheap thing", price=500, kind="file")
        make.product(title="Dear thing", price=5000, kind="key", active=False)
        conversation = make.chat("Ana")
        make.order(conversation, cheap, created_at=clock.now() - timedelta(days=3))
        make.order(conversation, cheap, state="paid")
        make.message(conversation, "in", "I want a refund")
    view = owner.get

    def titles(query: str) -> list[str]:
        return cells(view(f"/admin/product/?{query}").text, "title")

    assert titles("search=dear") == ["Dear thing"]
    assert titles("search=thing+cheap") == ["Cheap thing"]
    assert titles("search=nothing+like+it") == []
    html = view("/admin/product/").text
    number = {}
    import json
    from html import unescape

    groups = json.loads(unescape(re.search(r'data-groups="([^"]+)"', html)[1]))
    for name, filters in groups.items():
        for each in filters:
            number[name, each["operation"]] = each["arg"]
    assert titles(f"flt0_{number['Price', 'greater than']}=19.99") == ["Dear thing"]
    assert titles(f"flt0_{number['Price', 'equals']}=5") == ["Cheap thing"]
    assert titles(f"flt0_{number['For sale', 'equals']}=0") == ["Dear thing"]
    assert titles(f"flt0_{number['Price', 'greater than']}=$19.99") == ["Dear thing"]
    assert titles(f"flt0_{number['Price', 'equals']}=5,00 USD") == ["Cheap thing"]
    for unreadable in ("9" * 30, "cheap"):
        page = view(f"/admin/product/?flt0_{number['Price', 'equals']}={unreadable}")
        words = f"“{unreadable}” can&#39;t be read, so the list is not filtered by it. Type an amount like $19.99."
        assert page.status_code == 200
        assert page.text.count(words) == 1
        assert len(cells(page.text, "title")) == 2
    assert titles("sort=4") == ["Cheap thing", "Dear thing"]
    assert titles("sort=4&desc=1") == ["Dear thing", "Cheap thing"]
    orders = view("/admin/order/").text
    groups = json.loads(unescape(re.search(r'data-groups="([^"]+)"', orders)[1]))
    since = next(each["arg"] for each in groups["Placed"] if each["operation"] == "greater than")
    yesterday = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S")
    found = view("/admin/order/", query_string={f"flt0_{since}": yesterday}).text
    assert cells(found, "state") == ["paid"]
    span = next(each["arg"] for each in groups["Placed"] if each["operation"] == "between")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S")
    for value, shown in (
        (f"{yesterday} to ", 1),
        (f" to {tomorrow}", 2),
        (f" to {yesterday}", 1),
        (f"{tomorrow} to ", 0),
        (f"{tomorrow} to {yesterday}", 1),
    ):
        page = view("/admin/order/", query_string={f"flt0_{span}": value})
        assert len(cells(page.text, "state")) == shown, value
    for value in (" to ", "then", "1 to 2 to 3"):
        page = view("/admin/order/", query_string={f"flt0_{span}": value})
        assert page.status_code == 200
        assert "so the list is not filtered by it." in page.text
    assert cells(view("/admin/order/?flt0_0=paid").text, "state") == ["paid"]
    assert len(cells(view("/admin/message/?search=refund").text, "body")) == 1
    assert "Ana" in view("/admin/conversation/?search=ana").text


def test_values_look_the_same_everywhere(rows, owner):
    """Money as money, moments in UTC for the browser to turn, relations as links, switches as words."""
    with rows():
        make.order(what=make.product(price=1999), currency="EUR")
    html = owner.get("/admin/order/").text
    assert cells(html, "total") == ["€19.99"]
    assert re.search(r'<td class="col-customer"[^>]*><a href="/admin/customer/details/\?id=1">Ana</a>', html)
    [moment] = re.findall(
        r'<td class="col-created_at"[^>]*>(<time datetime="[^"]+Z" data-local>[^<]+</time>)', html
    )
    assert moment.endswith("UTC</time>")
    assert cells(html, "state") == ["waits for payment"]
    products = owner.get("/admin/product/").text
    assert 'value="19.99"' in products  # where it can be changed at once
    assert cells(products, "active") == ["yes"]


def test_a_long_list_is_turned_page_by_page(rows, owner):
    """With numbers where rows are counted, and with back and on where there are too many."""
    with rows():
        shelf = make.category()
        for number in range(60):
            make.product(category=shelf, title=f"T{number:02d}", position=number)
        chat = make.chat()
        for number in range(60):
            make.message(chat, "in", f"words {number}")
    html = owner.get("/admin/product/?page=1").text
    assert cells(html, "title")[0] == "T25"
    assert 'aria-current="page">2<' in html
    assert cells(owner.get("/admin/product/?page=2").text, "title") == [f"T{n}" for n in range(50, 60)]
    assert len(cells(owner.get("/admin/product/?page_size=100").text, "title")) == 60
    assert len(cells(owner.get("/admin/product/?page_size=7").text, "title")) == 25
    messages = owner.get("/admin/message/?page=2").text
    assert len(cells(messages, "body")) == 10
    assert "Before" in messages


def test_an_empty_list_says_what_to_do(owner):
    """And a search without a hit says something else."""
    assert "Your shop has no products yet." in owner.get("/admin/product/").text
    assert "Add the first one" in owner.get("/admin/product/").text
    assert "Nothing fits what you looked for." in owner.get("/admin/product/?search=x").text


def test_a_customer_is_renamed_and_nothing_else_changes(rows, owner, stored):
    """The form holds what staff may change."""
    with rows():
        shop.save("LANGUAGES", "en, pt")
        make.chat("Ana")
    owner.post("/admin/customer/edit/?id=1", {"name": "Ana Souza", "language": "pt"})
    [customer] = stored(db.select(Customer))
    assert (customer.name, customer.language) == ("Ana Souza", "pt")
    assert stored(db.select(Message)) == []


@pytest.mark.parametrize(
    ("number", "fits"), [("2147483647", True), ("2147483648", False), ("-3000000000", False)]
)
def test_a_filter_takes_only_numbers_that_its_column_holds(app, number, fits):
    """A plugin's column may be filtered by a whole number, and PostgreSQL compares no larger one."""
    with app.app_context():
        problem = views._problem(IntEqualFilter(Product.position, "Position"), number)
        assert (problem is None) is fits


def test_every_cell_of_a_table_names_its_column():
    """On a phone tables are cards without a head; a bare figure would tell nothing."""
    for path in sorted(Path(salesbot.__path__[0], "templates", "admin").rglob("*.html")):
        for table in re.findall(r"sb-table-card.*?</table>", path.read_text("utf-8"), re.DOTALL):
            bare = [cell for cell in re.findall(r"<td\b[^>]*>(?!</td>)", table) if "data-label" not in cell]
            assert not [cell for cell in bare if "sb-" not in cell and "colspan" not in cell], path.name
