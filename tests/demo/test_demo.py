import ast
import contextlib
import io
import stat
import struct
import tomllib
import wave
import zipfile
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from flask_migrate import upgrade
from PIL import Image
from sqlalchemy import func, select

from salesbot import demo
from salesbot.app import create_app
from salesbot.errors import SalesbotError
from salesbot.extensions import db, transaction
from salesbot.migrations.support import FOLDER
from salesbot.models import Category, LicenceKey, Product, StaffUser
from salesbot.services import catalog, shop, staff, stock, uploads

CONTENT = demo.read()
GOODS = [goods for shelf in CONTENT["categories"] for goods in shelf["products"]]
DEMO = files("salesbot.demo")


@contextlib.contextmanager
def shop_in(folder):
    app = create_app({"ENTRY_POINTS": False, "BACK_OFFICE": False}, instance_path=folder)
    with app.app_context():
        upgrade(directory=str(FOLDER))
        yield folder
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def empty_shop(salesbot_shelf, salesbot_instance, salesbot_database):
    """A shop with tables and nothing in them."""
    settings = {"ENTRY_POINTS": False, "BACK_OFFICE": False, "DATABASE_URL": salesbot_database}
    app = salesbot_shelf.take(settings, salesbot_instance, [])
    with app.app_context():
        yield salesbot_instance
        db.session.remove()
    salesbot_shelf.put_back(app)


@pytest.fixture(scope="module")
def full_shop(tmp_path_factory):
    """The demo shop, only looked at."""
    with shop_in(tmp_path_factory.mktemp("full")):
        load()
        yield


def load():
    with transaction():
        return demo.load_demo()


def left(slug):
    title = next(goods["title"] for goods in GOODS if goods["slug"] == slug)
    number = db.session.scalar(select(Product.id).where(Product.title == title))
    return stock.available([number])[number]


@pytest.mark.both_databases
def test_an_empty_shop_is_filled_with_goods_of_all_kinds_in_their_order(empty_shop):
    assert load().products == len(GOODS)
    assert [shelf.title for shelf in catalog.shelves()] == [shelf["title"] for shelf in CONTENT["categories"]]
    first = catalog.items_on(catalog.shelves()[0].id)[0]
    assert (first.title, first.kind, first.left) == ("Focus Timer Pro", "key", 50)
    assert set(db.session.scalars(select(Product.kind))) == {"key", "file", "link"}
    assert shop.setting("SHOP_NAME") == "Little Harbour"
    assert shop.is_demo()


def test_one_product_is_sold_out_and_of_one_a_single_key_is_left(full_shop):
    assert left("backup-buddy") == 0
    assert left("night-writer") == 1


def test_keys_are_made_here_and_no_two_are_alike(full_shop):
    keys = [key.secret for key in db.session.scalars(select(LicenceKey))]
    assert len(set(keys)) == len(keys) == sum(goods.get("keys", 0) for goods in GOODS)
    shipped = DEMO.joinpath("shop.toml").read_text()
    assert not any(key in shipped for key in keys)


def test_covers_and_downloads_are_in_the_shops_own_uploads(full_shop):
    for product in db.session.scalars(select(Product)):
        with Image.open(uploads.covers_folder() / product.cover) as cover:
            assert cover.size == (800, 800)
        if product.kind == "file":
            shipped = DEMO.joinpath("files", product.file_name).read_bytes()
            assert (uploads.files_folder() / product.file).read_bytes() == shipped


def test_the_owner_can_sign_in_and_only_the_file_knows_the_password(empty_shop):
    email, password = load().sign_in
    owner = staff.by_email(email)
    assert owner.has_password(password)
    assert owner.role == "owner"
    path = empty_shop / "demo-sign-in.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert password in str(load())


@pytest.mark.both_databases
def test_loading_twice_changes_nothing(empty_shop):
    first = load()
    again = load()
    assert (again.products, again.sign_in, again.again) == (first.products, first.sign_in, True)
    assert db.session.scalar(select(func.count(Category.id))) == len(CONTENT["categories"])
    assert db.session.scalar(select(func.count(StaffUser.id))) == 1


def test_a_password_that_the_owner_changed_is_not_told(empty_shop):
    load()
    with transaction():
        staff.by_email(demo.OWNER).set_password("something of my own")
    assert demo.sign_in() is None
    assert "password" not in str(load())


def test_a_shop_that_has_staff_gets_no_second_owner(empty_shop):
    with transaction():
        staff.add("me@shop.example", "a good long password")
    assert load().sign_in is None
    assert db.session.scalar(select(func.count(StaffUser.id))) == 1


@pytest.mark.both_databases
def test_a_shop_with_goods_of_its_own_is_not_touched(empty_shop):
    with transaction():
        db.session.add(Category(title="My own"))
    with pytest.raises(SalesbotError, match="of its own"):
        load()
    assert list(db.session.scalars(select(Category.title))) == ["My own"]
    assert not (empty_shop / "demo-sign-in.txt").exists()


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("Python book", "Python by Example"),
        ("pyhton bok", "Python by Example"),
        ("bread", "Sourdough at Home"),
        ("photo course", "Phone Photography"),
        ("spreadsheet", "Spreadsheets in a Day"),
        ("invoice", "Invoice Kit"),
    ],
)
def test_what_people_type_finds_it(full_shop, words, title):
    assert title in [item.title for item in catalog.search(words)]


def test_titles_fit_into_a_whatsapp_list():
    for title in [goods["title"] for goods in [*GOODS, *CONTENT["categories"]]]:
        assert len(title) <= 24, title
    for goods in GOODS:
        assert len(goods["summary"]) <= 72, goods["summary"]


def test_there_is_a_cover_and_a_file_for_each_product_and_no_other():
    covers = {path.name for path in DEMO.joinpath("covers").iterdir()}
    assert covers == {f"{goods['slug']}.png" for goods in GOODS}
    downloads = {path.name for path in DEMO.joinpath("files").iterdir()}
    assert downloads == {goods["file"] for goods in GOODS if goods["kind"] == "file"}
    assert set(CONTENT["courses"]) == {goods["slug"] for goods in GOODS if goods["kind"] == "link"}


def test_the_package_stays_small():
    for path in DEMO.joinpath("covers").iterdir():
        assert len(path.read_bytes()) <= 60_000, path.name
    for path in DEMO.joinpath("files").iterdir():
        assert len(path.read_bytes()) <= 100_000, path.name


def opened(name):
    return zipfile.ZipFile(io.BytesIO(DEMO.joinpath("files", name).read_bytes()))


def test_the_pdfs_are_whole():
    for name in ("python-by-example.pdf", "plain-money.pdf", "habit-tracker.pdf"):
        content = DEMO.joinpath("files", name).read_bytes()
        assert content.startswith(b"%PDF-1.")
        assert content.rstrip().endswith(b"%%EOF")
        assert int(content.rpartition(b"startxref\n")[2].split()[0]) == content.rfind(b"xref\n0 ")


def test_the_archives_hold_what_is_promised():
    with opened("soft-chimes.zip") as chimes:
        assert len(chimes.namelist()) == 6
        for name in chimes.namelist():
            with wave.open(io.BytesIO(chimes.read(name))) as sound:
                frames = sound.readframes(sound.getnframes())
                loudest = max(struct.unpack(f"<{len(frames) // 2}h", frames))
            assert 10_000 < loudest < 32_767
    with opened("calm-wallpapers.zip") as pictures:
        assert len(pictures.namelist()) == 4
        for name in pictures.namelist():
            with Image.open(io.BytesIO(pictures.read(name))) as picture:
                picture.load()
                assert picture.size == (1080, 2160)
    with opened("golden-hour-looks.zip") as looks:
        cubes = [name for name in looks.namelist() if name.endswith(".cube")]
        assert len(cubes) == 3
        for name in cubes:
            _title, size, *rows = looks.read(name).decode().splitlines()
            assert len(rows) == int(size.split()[1]) ** 3
            assert all(0 <= float(value) <= 1 for row in rows for value in row.split())
    with opened("invoice-kit.zip") as kit:
        assert len(kit.namelist()) == 4
        with zipfile.ZipFile(io.BytesIO(kit.read("invoice.xlsx"))) as invoice:
            assert invoice.testzip() is None


def test_the_ebook_follows_the_epub_rules_that_readers_insist_on():
    with opened("sourdough-at-home.epub") as book:
        first = book.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert book.read("mimetype") == b"application/epub+zip"
        for name in book.namelist():
            if name.endswith((".xhtml", ".opf", ".xml")):
                ET.fromstring(book.read(name))  # noqa: S314 - our own file


def test_the_budget_adds_up():
    with opened("budget-planner.xlsx") as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>SUM(B5:B7)</f>" in sheet
    assert "<f>B8-B23</f>" in sheet


def test_every_program_in_the_python_book_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    book = Path(__file__).parents[2] / "tools/demo_maker/texts/python-by-example.md"
    programs = book.read_text(encoding="utf-8").split("```\n")[1::2]
    assert len(programs) == 10
    for program in programs:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(ast.parse(program), "book", "exec"), {})  # noqa: S102 - our own book
        assert said.getvalue()


def test_the_data_file_is_plain_toml_without_secrets():
    assert tomllib.loads(DEMO.joinpath("shop.toml").read_text())["currency"] == "USD"
