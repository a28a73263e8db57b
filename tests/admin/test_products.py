"""The product form, as a seller uses it."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import func, select

from salesbot.models import LicenceKey, Product, ShopSetting
from salesbot.options import BY_NAME
from salesbot.services import shop, stock
from tests.admin import rows as make

FORM = {"title": "Python book", "price": "19.99", "active": "y", "kind": "file"}


def picture(size: tuple[int, int] = (40, 30), form: str = "PNG") -> BytesIO:
    out = BytesIO()
    Image.new("RGB", size, "teal").save(out, form)
    out.seek(0)
    return out


def files(app, name: str) -> list[Path]:
    folder = Path(app.instance_path) / "uploads" / name
    return sorted(folder.iterdir()) if folder.exists() else []


@pytest.fixture
def shelf(rows) -> int:
    with rows():
        return make.category(title="Books").id


def test_a_new_product_with_picture_price_and_file_is_there_at_once(app, shelf, owner, stored):
    """What was typed, chosen and dropped in is what the row holds; the form shows it again."""
    answer = owner.post(
        "/admin/product/new/",
        {
            **FORM,
            "category": shelf,
            "summary": "For beginners",
            "description": "200 pages",
            "cover_upload": (picture(), "cover.png"),
            "file_upload": (BytesIO(b"%PDF-1"), "../../My Book.pdf"),
        },
    )
    assert answer.status_code == 302
    [product] = stored(select(Product))
    assert (product.title, product.price, product.kind, product.active) == ("Python book", 1999, "file", True)
    assert (product.category_id, product.summary, product.description) == (
        shelf,
        "For beginners",
        "200 pages",
    )
    assert product.file_name == "My Book.pdf"
    assert [path.name for path in files(app, "files")] == [product.file]
    assert files(app, "files")[0].read_bytes() == b"%PDF-1"
    assert [path.name for path in files(app, "covers")] == [product.cover]
    html = owner.get(f"/admin/product/edit/?id={product.id}").text
    assert 'value="19.99"' in html
    assert "Now: My Book.pdf" in html
    assert f'src="/media/{product.cover}"' in html
    assert '<option selected value="file">' in html


def test_saving_without_touching_the_files_keeps_them(app, shelf, rows, owner, stored):
    """Only what was changed changes."""
    with rows():
        number = make.product(
            kind="file", price=500, cover="a.png", file="b.pdf", file_name="B.pdf", category_id=shelf
        ).id
    owner.post(f"/admin/product/edit/?id={number}", {**FORM, "category": shelf, "price": "6"})
    [product] = stored(select(Product))
    assert (product.price, product.cover, product.file, product.file_name) == (600, "a.png", "b.pdf", "B.pdf")


def test_a_picture_can_be_taken_away(shelf, rows, owner, stored):
    """The tick under the picture."""
    with rows():
        number = make.product(kind="file", cover="a.png", file="b.pdf", category_id=shelf).id
    owner.post(f"/admin/product/edit/?id={number}", {**FORM, "category": shelf, "cover_remove": "y"})
    assert stored(select(Product.cover)) == [""]


def test_a_new_file_leaves_the_old_one_to_those_who_bought_it(app, shelf, rows, owner, stored):
    """A buyer's download doesn't break when the seller uploads the second edition."""
    owner.post("/admin/product/new/", {**FORM, "category": shelf, "file_upload": (BytesIO(b"1"), "a.pdf")})
    [first] = stored(select(Product.file))
    owner.post(
        "/admin/product/edit/?id=1", {**FORM, "category": shelf, "file_upload": (BytesIO(b"2"), "b.pdf")}
    )
    [second] = stored(select(Product.file))
    assert first != second
    assert {path.name for path in files(app, "files")} == {first, second}


def test_a_price_is_typed_as_people_write_it(shelf, owner, stored):
    """And kept in whole cents."""
    written = {"19.99": 1999, "19,99": 1999, "$ 5": 500, "0": 0, "20": 2000, " 7.5 ": 750, "1.234,50": 123450}
    for number, typed in enumerate(written):
        form = {**FORM, "kind": "key", "category": shelf, "price": typed, "title": f"Thing {number}"}
        owner.post("/admin/product/new/", form)
    assert stored(select(Product.price).order_by(Product.id)) == list(written.values())


def test_what_is_no_price_is_told_at_the_field(shelf, owner, stored):
    """Nothing is rounded quietly, and what was typed stays in the box."""
    for typed in (
        "",
        "abc",
        "-1",
        "1.999",
        "1e9",
        "NaN",
        "Infinity",
        "9" * 30,
        "1.000",
        "12,000",
        "1e3",
        "1_000",
    ):
        form = {**FORM, "kind": "key", "category": shelf, "price": typed}
        answer = owner.post("/admin/product/new/", form)
        assert answer.status_code == 200, typed
        assert 'id="price-help"' in answer.text, typed
        if typed:
            assert "Type an amount like $19.99." in answer.text, typed
            assert f'value="{typed}"' in answer.text
    assert stored(select(Product)) == []


@pytest.mark.both_databases
def test_a_number_that_no_column_holds_is_told_at_the_field(shelf, owner, stored):
    """Whichever database it is, and however much too large."""
    for typed in ("9" * 25, "3000000000", "-3000000000"):
        form = {
            **FORM,
            "kind": "key",
            "category": shelf,
            "price": "5",
            "title": "Kept words",
            "position": typed,
        }
        answer = owner.post("/admin/product/new/", form)
        assert answer.status_code == 200, typed
        assert "Type a number from -2147483648 to 2147483647." in answer.text, typed
        assert 'value="Kept words"' in answer.text
    assert stored(select(Product)) == []


def test_a_currency_without_decimals_has_none(shelf, rows, owner, stored):
    """Yen are whole."""
    with rows():
        shop.save("CURRENCY", "JPY")
    owner.post("/admin/product/new/", {**FORM, "kind": "key", "category": shelf, "price": "1200"})
    assert stored(select(Product.price)) == [1200]
    assert 'value="1200"' in owner.get("/admin/product/edit/?id=1").text
    answer = owner.post("/admin/product/new/", {**FORM, "category": shelf, "price": "12.50"})
    assert "Type an amount like ¥20." in answer.text
    assert BY_NAME["CURRENCY"].default == "USD"
    assert stored(select(ShopSetting.value)) == ["JPY"]


def test_what_is_no_picture_is_told_at_the_field_and_not_kept(app, shelf, owner, stored):
    """Nothing that a browser could run becomes a cover; nothing else of the form is saved."""
    for name, content in (("a.png", b"no picture"), ("a.svg", b"<svg xmlns='x'/>"), ("a.php", b"<?php")):
        form = {**FORM, "kind": "key", "category": shelf, "cover_upload": (BytesIO(content), name)}
        answer = owner.post("/admin/product/new/", form)
        assert answer.status_code == 200, name
        assert f"{name} is not a picture" in answer.text
    assert stored(select(Product)) == []
    assert files(app, "covers") == []


def test_a_full_disk_is_told_at_the_field_and_nothing_is_kept(app, shelf, owner, stored, nearly_full):
    """Staff read what to do, and what they typed is still in the form."""
    form = {**FORM, "category": shelf, "file_upload": (BytesIO(b"the goods"), "guide.pdf")}
    answer = owner.post("/admin/product/new/", form)
    assert answer.status_code == 200
    assert "guide.pdf was not kept, because the disk of the shop is full" in answer.text
    assert FORM["title"] in answer.text
    assert stored(select(Product)) == []
    assert files(app, "files") == []


def test_a_form_that_is_refused_leaves_no_files_behind(app, shelf, owner):
    """The uploads of a form with a mistake are thrown away."""
    owner.post(
        "/admin/product/new/",
        {
            **FORM,
            "category": shelf,
            "price": "abc",
            "cover_upload": (picture(), "a.png"),
            "file_upload": (BytesIO(b"x"), "a.pdf"),
        },
    )
    assert files(app, "covers") == []
    assert files(app, "files") == []


def test_a_large_picture_is_made_small_enough_for_whatsapp(app, shelf, owner):
    """Whatever the camera made."""
    owner.post(
        "/admin/product/new/",
        {**FORM, "kind": "key", "category": shelf, "cover_upload": (picture((3000, 2000), "JPEG"), "a.jpg")},
    )
    [cover] = files(app, "covers")
    with Image.open(cover) as kept:
        assert max(kept.size) <= 1200


@pytest.mark.parametrize(
    ("kind", "field", "words"),
    [
        ("file", {}, "Choose the file"),
        ("link", {}, "Type the link"),
        ("link", {"link": "javascript:alert(1)"}, "A link begins with https://"),
        ("other", {}, "Type the word that the plugin uses"),
        ("other", {"other_kind": "Two Words"}, "Small letters only"),
        ("key", {"delivery_text": "Dear {nmae}"}, "{nmae} is not known here."),
        ("key", {"tax_rate": "abc"}, "Type a percentage below 100"),
    ],
)
def test_nothing_is_for_sale_that_could_not_be_delivered(shelf, owner, stored, kind, field, words):
    """A file needs a file, a link an address; the form says so at the field."""
    answer = owner.post("/admin/product/new/", {**FORM, "category": shelf, "kind": kind, **field})
    assert words in answer.text
    assert stored(select(Product)) == []


def test_a_tax_rate_is_typed_as_people_write_it(shelf, owner, stored):
    """With a comma, a sign, or nothing at all."""
    for typed, shown in (("8,875 %", "8.875"), ("19", "19"), ("", "")):
        owner.post(
            "/admin/product/new/",
            {**FORM, "kind": "key", "category": shelf, "tax_rate": typed, "title": f"At {typed}"},
        )
        [product] = stored(select(Product).order_by(Product.id.desc()).limit(1))
        assert product.tax_rate == (Decimal(shown) if shown else None)
        assert (
            f'name="tax_rate" type="text" value="{shown}"'
            in owner.get(f"/admin/product/edit/?id={product.id}").text
        )


def test_a_product_may_wait_for_its_file_while_it_is_not_for_sale(shelf, owner, stored):
    """Drafts are allowed."""
    owner.post("/admin/product/new/", {"title": "Draft", "price": "1", "kind": "file", "category": shelf})
    assert stored(select(Product.active)) == [False]


def test_a_plugin_s_kind_is_a_word_of_its_own(shelf, owner, stored):
    """The form shows the word again, and saves it unchanged."""
    owner.post("/admin/product/new/", {**FORM, "category": shelf, "kind": "other", "other_kind": "voucher"})
    assert stored(select(Product.kind)) == ["voucher"]
    html = owner.get("/admin/product/edit/?id=1").text
    assert '<option selected value="other">' in html
    assert 'value="voucher"' in html


def test_pasted_keys_are_in_stock_encrypted(app, shelf, rows, owner, stored):
    """One a line; empty lines are nothing, what can't be added is told line by line, covered."""
    with rows():
        number = make.product(category_id=shelf).id
    answer = owner.post(
        f"/admin/product/edit/?id={number}",
        {
            **FORM,
            "kind": "key",
            "category": shelf,
            "keys": "AAAA-BBBB-0001\r\n\r\n  AAAA-BBBB-0002  \r\nAAAA-BBBB-0001\r\n" + "x" * 600,
        },
        follow_redirects=True,
    )
    assert "2 keys are in stock now." in answer.text
    assert "Line 4 is there already: ••••001" in answer.text
    assert "Line 5 can&#39;t be used: it is longer than 500 characters" in answer.text
    assert stored(select(LicenceKey.hint)) == ["••••001", "••••002"]
    database = Path(app.instance_path, "salesbot.db").read_bytes()
    wal = Path(app.instance_path, "salesbot.db-wal")
    database += wal.read_bytes() if wal.exists() else b""
    assert b"AAAA-BBBB-0001" not in database
    html = owner.get(f"/admin/product/edit/?id={number}").text
    assert "2 keys in stock, 0 sold." in html
    assert "AAAA-BBBB" not in html


def test_a_sold_key_is_not_deleted(rows, owner, stored):
    """Its buyer still needs it; one in stock goes."""
    with rows():
        thing = make.product()
        stock.add_keys(thing.id, ["K-0001", "K-0002"])
        unit = make.delivery(make.order(what=thing, state="fulfilled"), state="delivered")
        assert stock.take_key(thing.id, unit.id)
    answer = owner.post("/admin/licence_key/delete/", {"id": 1}, follow_redirects=True)
    assert "This key is sold" in answer.text
    owner.post("/admin/licence_key/delete/", {"id": 2})
    assert stored(select(LicenceKey.id)) == [1]


def test_the_file_that_is_sold_is_nowhere_on_the_web(app, shelf, owner, stored, stranger):
    """Neither static, nor among the pictures, nor in the back office for anybody to guess."""
    owner.post(
        "/admin/product/new/", {**FORM, "category": shelf, "file_upload": (BytesIO(b"the goods"), "a.pdf")}
    )
    [name] = stored(select(Product.file))
    for address in (
        f"/static/{name}",
        f"/media/{name}",
        f"/uploads/files/{name}",
        f"/admin/{name}",
        f"/{name}",
    ):
        with stranger.client.get(address) as answer:
            assert b"the goods" not in answer.data, address
    with stranger.client.get(f"/media/..%2ffiles%2f{name}") as answer:
        assert b"the goods" not in answer.data


def test_too_large_a_file_is_refused_in_plain_words(app, shelf, owner, stored):
    """413 before anything is kept."""
    app.config["MAX_CONTENT_LENGTH"] = 100_000
    answer = owner.post(
        "/admin/product/new/", {**FORM, "category": shelf, "file_upload": (BytesIO(b"x" * 200_000), "a.bin")}
    )
    assert answer.status_code == 413
    assert "This file is too large." in answer.text
    assert stored(select(func.count(Product.id))) == [0]
    assert files(app, "files") == []
