"""Lists that leave the shop as files, and files that come in: as filtered, safe, and shown beforehand."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from sqlalchemy import delete, select

from salesbot import models
from salesbot.admin.rows import spreadsheets
from salesbot.admin.rows.import_kinds import KINDS
from salesbot.extensions import db
from salesbot.models import AuditEntry, Category, Customer, CustomerAddress, Order, Product, QuickAnswer
from salesbot.services import shop, stock
from tests.admin import rows as make

AGREED = re.compile(r'name="agreed" value="([0-9a-f]+)"')


def table(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.get_data().decode())))


def looks_over(owner: Any, what: str, content: str) -> Any:
    owner.get(f"/admin/{what}/import/")
    return owner.post(f"/admin/{what}/import/", {"file": (io.BytesIO(content.encode()), "list.csv")})


def agrees(owner: Any, what: str, page: Any, content: str) -> Any:
    data = {"text": content, "agreed": AGREED.search(page.text)[1]}
    return owner.post(f"/admin/{what}/import/", data, follow_redirects=True)


@pytest.mark.both_databases
def test_a_list_leaves_as_it_is_filtered_searched_and_sorted(rows, owner, somebody, stored):
    """CSV and XLSX hold the rows that the list would show on all its pages, and the audit says who took them."""
    with rows():
        shelf = make.category(title="=HYPERLINK(1)")
        for number in range(60):
            make.product(
                title=f"Plan {number:02d}", category=shelf, price=100 * number, active=number % 2 == 0
            )
        make.product(title="+1 more", category=shelf, description='say "hi",\nthen go')
        chat = make.chat(name="@ana")
        order = make.order(chat, make.product(title="Paid thing", category=shelf), state="paid")
        make.message(chat, "in", "-2+3")
        number = order.number
    everything = table(owner.get("/admin/product/export/csv/"))
    assert len(everything) == 62
    by_title = {row["title"]: row for row in everything}
    assert by_title["Plan 07"]["price"] == "7.00"
    assert by_title["Plan 07"]["active"] == "no"
    assert by_title["Plan 07"]["category"] == "'=HYPERLINK(1)"
    assert by_title["'+1 more"]["description"] == 'say "hi",\nthen go'
    found = table(owner.get("/admin/product/export/csv/?search=plan&sort=4&desc=1"))
    assert [row["title"] for row in found] == [f"Plan {number:02d}" for number in range(59, -1, -1)]
    [only] = table(owner.get("/admin/product/export/csv/?search=plan 07"))
    assert only == by_title["Plan 07"]
    orders = table(owner.get("/admin/order/export/csv/"))
    assert [(row["number"], row["customer"], row["total"]) for row in orders] == [(number, "'@ana", "19.00")]
    assert table(owner.get("/admin/message/export/csv/"))[0]["body"] == "'-2+3"
    book = openpyxl.load_workbook(io.BytesIO(owner.get("/admin/product/export/xlsx/").get_data()))
    sheet = [[cell.value for cell in row] for row in book.active.rows]
    assert len(sheet) == 63
    assert sheet[1][sheet[0].index("category")] == "=HYPERLINK(1)"
    assert book.active.cell(2, sheet[0].index("category") + 1).data_type == "s"
    took = [entry for entry in stored(select(AuditEntry)) if entry.what == "exported"]
    assert [entry.title for entry in took][-1] == "Products (XLSX)"
    assert took[1].changes == {"address": [None, "search=plan&sort=4&desc=1"]}
    assert somebody("agent").get("/admin/product/export/csv/").status_code == 403


def test_every_list_can_be_taken_out_and_no_secret_is_in_it(rows, owner):
    """One loop over all models, a new one included."""
    with rows():
        thing = make.product()
        stock.add_keys(thing.id, ["SECRET-KEY-1"])
        order = make.order(make.chat(), thing, state="paid")
        make.delivery(order, state="delivered", secret="SECRET-KEY-1")
    for model in models.ALL:
        for kind in ("csv", "xlsx"):
            answer = owner.get(f"/admin/{model.__tablename__}/export/{kind}/")
            content = answer.get_data()
            assert answer.status_code == 200, model
            assert "attachment" in answer.headers["Content-Disposition"]
            assert b"SECRET-KEY-1" not in content
            assert b"pbkdf2" not in content
    assert owner.get("/admin/product/export/pdf/").status_code == 404


def test_a_long_list_begins_to_arrive_at_once():
    """The first bytes are there before the rows have been read; nothing waits for the last one."""
    read = []

    def rows():
        for number in range(40_000):
            read.append(number)
            yield [number, "words"]

    for written in (spreadsheets.as_csv, spreadsheets.as_xlsx):
        read.clear()
        parts = written(["number", "words"], rows())
        next(parts)
        next(parts)
        assert len(read) < 20_000
        assert len(list(parts)) > 1
        assert len(read) == 40_000


def test_of_twenty_prices_two_bad_ones_are_named_and_eighteen_change(rows, owner, stored):
    """Shown row by row first; then changed as shown, and an open order keeps its price."""
    with rows():
        shelf = make.category(title="Books")
        things = [make.product(title=f"Book {n}", category=shelf, price=1000) for n in range(20)]
        order = make.order(make.chat(), things[0])
        number = order.id
    lines = [f"Book {n},{20 + n},{n}" for n in range(20)]
    lines[3], lines[7] = "Book 3,cheap,x", "Bok 7,27,x"
    content = "\n".join(["title;price;colour".replace(";", ","), *lines])
    page = looks_over(owner, "product", content)
    assert "18 changes" in re.sub(r"\s+", " ", page.text)
    assert "2 can't be used" in page.text
    assert "price: Type an amount like $19.99." in page.text
    assert "There is no such product." in page.text
    assert "colour" in page.text
    assert {thing.price for thing in stored(select(Product))} == {1000}
    done = agrees(owner, "product", page, content)
    assert "18 are changed." in done.text
    assert "Line 5 was left out" in done.text
    prices = {thing.title: thing.price for thing in stored(select(Product))}
    assert sum(price != 1000 for price in prices.values()) == 18
    assert (prices["Book 3"], prices["Book 7"], prices["Book 19"]) == (1000, 1000, 3900)
    assert [order.total for order in stored(select(Order).where(Order.id == number))] == [1000]
    entries = stored(select(AuditEntry).where(AuditEntry.what.in_(("changed", "imported"))))
    assert len(entries) == 19
    assert entries[-1].changes == {"new": [None, 0], "changed": [None, 18]}


def test_what_was_taken_out_can_be_brought_in_again(rows, owner, stored):
    """An export is a file that changes nothing, whatever its texts begin with."""
    with rows():
        shelf = make.category(title="=Books", detail="a, b")
        make.product(title="-10 off", category=shelf, description="two\nlines", tax_rate=None, active=False)
        make.chat(name="Ana")
    for what in ("category", "product", "customer"):
        content = owner.get(f"/admin/{what}/export/csv/").get_data().decode()
        page = looks_over(owner, what, content)
        assert "There is nothing to change." in page.text, page.text
        assert f"1 {'stays'}" in re.sub(r"\s+", " ", page.text)


def test_new_shelves_products_and_customers_come_from_files(rows, owner, somebody, stored):
    """With semicolons or tabs, with our names or those on the page; two of one kind in a file are noticed."""
    shelves = "Title;Second line;Shown\nBooks;to read;yes\nFilms;;no\nbooks;;yes"
    page = looks_over(owner, "category", shelves)
    assert "Line 2 is about the same one." in page.text
    agrees(owner, "category", page, shelves)
    found = stored(select(Category).order_by(Category.id))
    assert [(one.title, one.detail, one.active) for one in found] == [
        ("Books", "to read", True),
        ("Films", "", False),
    ]
    things = "title\tcategory\tprice\tkind\ttax_rate\nA guide\tGuides\t12,50\tkey\t7\nA film\tFilms\t3\tfile\t\nX\t\t1\t\t"
    page = looks_over(owner, "product", things)
    assert "fill in: category" in page.text
    agrees(owner, "product", page, things)
    found = stored(select(Product).order_by(Product.id))
    assert [(one.title, one.price, one.kind, one.active) for one in found] == [
        ("A guide", 1250, "key", True),
        ("A film", 300, "file", False),
    ]
    assert [one.title for one in stored(select(Category))] == ["Books", "Films", "Guides"]
    with rows():
        shop.save("LANGUAGES", "en, es, pt")
    people = "address,name,language\n+49 151 1234567,Ben,es\nwhatsapp:+351911222333,Rui,PT\n12,Nobody,en\n+5511987654321,Lia,pt-BR"
    page = looks_over(owner, "customer", people)
    assert "language: the shop speaks en, es, pt; “pt_BR” is none of them." in page.text
    assert "type a number like +4915112345678." in page.text
    agrees(owner, "customer", page, people)
    assert [one.name for one in stored(select(Customer).order_by(Customer.id))] == ["Ben", "Rui"]
    assert [one.language for one in stored(select(Customer).order_by(Customer.id))] == ["es", "pt"]
    assert [one.address for one in stored(select(CustomerAddress))] == [
        "whatsapp:+491511234567",
        "whatsapp:+351911222333",
    ]
    assert somebody("agent").get("/admin/customer/import/").status_code == 403
    assert owner.get("/admin/order/import/").status_code == 404


def test_a_price_with_thousands_is_taken_as_it_is_meant_or_named(rows, owner, stored):
    """A spreadsheet of a Spanish seller has 1.000 in it, and nobody sells that for 1.00."""
    with rows():
        make.product(title="Lamp", price=1000)
        make.product(title="Desk", price=1000)
    content = "title;price\nLamp;1.000\nDesk;1.000,00"
    page = looks_over(owner, "product", content)
    assert "price: Type an amount like $19.99." in page.text
    agrees(owner, "product", page, content)
    assert stored(select(Product.price).order_by(Product.id)) == [1000, 100000]


def test_a_shop_that_changed_meanwhile_is_looked_at_again(rows, owner, stored):
    """Nobody agrees to what they have not seen."""
    with rows():
        make.product(title="Book", price=1000)
    content = "title,price\nBook,20"
    page = looks_over(owner, "product", content)
    with rows():
        Product.query.one().price = 1500
    done = agrees(owner, "product", page, content)
    assert "Something has changed in the meantime." in done.text
    assert [thing.price for thing in stored(select(Product))] == [1500]


def test_a_file_that_is_no_table_is_told_so(owner):
    """Neither an error page nor silence."""
    for content in ("", "title", "\x00\x01\x02", "colour,size\nred,1"):
        page = looks_over(owner, "product", content)
        assert page.status_code == 200
        assert "The file needs" in page.text or "Look it over" in page.text


@pytest.mark.parametrize("rate", ["0", "7.5", "8.875", "10", "20", None])
def test_each_column_comes_back_as_it_went_out(rows, owner, stored, rate):
    """Round figures, long ends, apostrophes: an export changes nothing, and makes the same when it is new."""
    with rows():
        shelf = make.category(title="'=Books", detail="  two ends ", position=20)
        make.product(
            title="'-10 off",
            category=shelf,
            description="one\r\ntwo ",
            summary="''@home",
            tax_rate=None if rate is None else Decimal(rate),
            price=100_000,
            position=1000,
            delivery_text="Thank you\r\nfor your trust",
            kind="link",
            link="https://example.com/20",
        )
        db.session.add(QuickAnswer(words="opening hours", text="+10 to 20", leads_to="person", active=False))
    files = {what: owner.get(f"/admin/{what}/export/csv/").get_data().decode() for what in IN}
    for what, content in files.items():
        page = looks_over(owner, what, content)
        assert re.search(r"\b1 stays", page.text), page.text
    before = {what: stored(statement) for what, statement in IN.items()}
    with rows():
        for model in (Product, Category, QuickAnswer):
            db.session.execute(delete(model))
    for what, content in files.items():
        fresh = re.sub(r"(?m)^(id|\d+),", ",", content).replace("\r\n", "\n")
        # A browser sends the text back with line ends of its own.
        agrees(owner, what, looks_over(owner, what, fresh), fresh.replace("\n", "\r\n"))
    after = {what: stored(statement) for what, statement in IN.items()}
    assert [as_typed(row) for what in IN for row in after[what]] == [
        as_typed(row) for what in IN for row in before[what]
    ]


IN = {
    "category": select(Category),
    "product": select(Product),
    "quick_answer": select(QuickAnswer),
}


def as_typed(row: Any) -> list[Any]:
    values = [getattr(row, name) for name in KINDS[type(row)].columns if name != "category"]
    return [value.strip().replace("\r\n", "\n") if isinstance(value, str) else value for value in values]


def test_a_title_that_two_products_have_needs_an_id(rows, owner, stored):
    """Neither of them is changed by guessing."""
    with rows():
        shelf = make.category()
        first = make.product(title="Guide", category=shelf, price=100)
        make.product(title="guide", category=shelf, price=200)
        number = first.id
    page = looks_over(owner, "product", "title,price\nGuide,5.00\n")
    assert "Several have this “title”: give the id of the one you mean." in page.text
    content = f"id,title,price\n{number},Guide,5.00\n"
    agrees(owner, "product", looks_over(owner, "product", content), content)
    assert stored(select(Product.price).order_by(Product.id)) == [500, 200]


@pytest.mark.parametrize("cell", ["x" * 140_000, '"never closed'])
def test_rows_that_can_t_be_read_are_not_passed_over(owner, cell):
    """The line is named; nothing of the file is brought in as if it were whole."""
    page = looks_over(owner, "category", f"title,detail\nOne,\nTwo,{cell}\nThree,\nFour,\n")
    assert "be read: a cell is too long, or a quotation mark is missing." in page.text
    assert not AGREED.search(page.text)


def test_a_line_with_too_many_cells_is_refused(owner):
    """A comma that nobody quoted cuts no text off."""
    page = looks_over(owner, "category", "title,detail\nOne,for you, and me\nTwo,fine,\n")
    assert "It has more cells than the first line has names." in page.text
    assert "Bring in 1" in page.text


def test_a_category_that_would_be_made_is_named(rows, owner, stored):
    """A mistyped one is seen before it is there; one in other letters is the same."""
    with rows():
        make.category(title="Books")
    content = "title,category,price\nOne,books,1\nTwo,Boks,1\nThree,Boks,1\n"
    page = looks_over(owner, "product", content)
    assert page.text.count("new category: Boks") == 3
    assert "new category: books" not in page.text
    agrees(owner, "product", page, content)
    assert sorted(stored(select(Category.title))) == ["Boks", "Books"]
