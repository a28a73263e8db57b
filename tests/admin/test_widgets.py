"""Parts of forms that our own models don't need, and a plugin's may: in a real browser."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

import salesbot.admin as back_office
from salesbot.admin import exceptions
from salesbot.admin.rows.views import ShopModelView
from salesbot.models import Category, Product
from tests.admin import rows as make

CONTRAST = Path(__file__).with_name("contrast.js").read_text("utf-8")


class WithProducts(ShopModelView):
    """Categories whose form holds their products."""

    inline_models = ((Product, {"form_columns": ["id", "title", "kind"]}),)


@pytest.fixture(autouse=True)
def _as_a_plugin_might(monkeypatch):
    rules = {
        **exceptions.EXCEPTIONS,
        Category: replace(exceptions.EXCEPTIONS[Category], large=True),
    }
    monkeypatch.setattr(exceptions, "EXCEPTIONS", rules)
    monkeypatch.setitem(back_office._VIEWS, Category, WithProducts)


@pytest.fixture
def salesbot_apps(salesbot_apps):
    """Views are built with an app: one that another test has used would have other ones."""
    return partial(salesbot_apps, fresh=True)


def test_a_large_table_is_looked_up_by_typing(desk, address, rows, stored):
    """Instead of a list of a hundred thousand; readable while it is open."""
    with rows():
        for title in ("Books", "Board games", "Music"):
            make.category(title=title)
    desk.goto(f"{address}/admin/product/new/")
    desk.locator("#s2id_category").click()
    desk.locator(".select2-search input:visible").press_sequentially("boo")
    found = desk.locator(".select2-results .select2-result-label")
    found.filter(has_text="Books").wait_for()
    assert found.all_inner_texts() == ["Books"]
    assert desk.evaluate(CONTRAST) == {}
    found.first.click()
    desk.get_by_label("What is it?").select_option("key")
    desk.get_by_label("Title").fill("PhotoPro")
    desk.get_by_label("Price").fill("5")
    assert desk.evaluate(CONTRAST) == {}
    desk.get_by_role("button", name="Save", exact=True).click()
    desk.get_by_role("link", name="PhotoPro", exact=True).wait_for()
    assert stored(select(Product.category_id)) == [1]


def test_rows_inside_a_form_are_added_and_taken_out(desk, address, rows):
    """Without a line of script in the page, and after a question."""
    with rows():
        make.product(category=make.category(title="Books"), title="Python book")
    desk.goto(f"{address}/admin/category/edit/?id=1")
    inside = desk.locator(".inline-field-list > fieldset")
    assert inside.count() == 1
    desk.get_by_role("button", name="Add: Products").click()
    desk.get_by_role("button", name="Add: Products").click()
    assert inside.count() == 3
    assert desk.evaluate(CONTRAST) == {}
    desk.once("dialog", lambda dialog: dialog.accept())
    inside.last.get_by_role("button", name="Take out").click()
    assert inside.count() == 2
    assert desk.evaluate("document.documentElement.scrollWidth") <= 1360


def test_a_look_up_shows_names_as_they_are(desk, address, rows):
    """A name that is markup stays text in the drop-down."""
    with rows():
        make.category(title="<img src=x onerror=alert(1)>")
    desk.goto(f"{address}/admin/product/new/")
    desk.locator("#s2id_category").click()
    desk.locator(".select2-search input:visible").press_sequentially("img")
    label = desk.locator(".select2-results .select2-result-label")
    label.wait_for()
    assert label.inner_text() == "<img src=x onerror=alert(1)>"
    assert desk.locator(".select2-results img").count() == 0
