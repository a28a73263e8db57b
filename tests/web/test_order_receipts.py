"""The receipt of a paid order: as a page and as a PDF, in every language, with sums that add up."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from salesbot import fulfilment, hookimpl
from salesbot.database import db, in_transaction, transaction
from salesbot.messages import PaymentMethod, Refunded
from salesbot.models import Coupon, Customer, Payment
from salesbot.services import pdf_fonts, receipt_pdf
from salesbot.services.receipts import Line, Moved, Receipt, Tax
from salesbot.testing.customer import link_in
from tests.web.conftest import words

LANGUAGES = {
    "Latin": "Tiếng Việt Żółć Ñandú",
    "Greek": "Ελληνικά",
    "Cyrillic": "Русский Українська",
    "Armenian": "Հայերեն",
    "Georgian": "ქართული",
    "Hebrew": "עברית",
    "Arabic": "العربية",
    "Persian": "فارسی پژواک",
    "Chinese": "学习 學習",
    "Japanese": "パイソン入門 ひらがな",
    "Korean": "파이썬 입문",
    "Hindi": "हिन्दी",
    "Bengali": "বাংলা",
    "Tamil": "தமிழ்",
    "Telugu": "తెలుగు",
    "Kannada": "ಕನ್ನಡ",
    "Malayalam": "മലയാളം",
    "Gujarati": "ગુજરાતી",
    "Punjabi": "ਪੰਜਾਬੀ",
    "Thai": "ภาษาไทย",
    "money": "$ € £ ¥ ₹ ₺ ₽ ₩ ₦ ₫ ₪ ₱ ₴ د.ك.",
}


class Bank(PaymentMethod):
    """Is called by another name than it has, as customers see it."""

    name = "test"
    title = "Harbour Bank"

    def start(self, order, key):
        raise AssertionError("the tests pay by themselves")

    def refund(self, payment, amount, key):
        return Refunded(f"back-{key}")


@pytest.fixture(scope="module")
def salesbot_plugins():
    module = ModuleType("bank_plugin")

    def salesbot_payment_methods():
        return Bank()

    module.salesbot_payment_methods = hookimpl(salesbot_payment_methods)
    return [("bank", module)]


@pytest.fixture
def order(customer, catalogue):
    """Buys products by title; the path of the pay page."""

    def buy(*titles, code=""):
        for title in titles:
            customer.says(title)
            customer.picks("Buy")
        if code:
            customer.says(code)
        text = next(reply.text for reply in reversed(customer.history) if "/pay/" in reply.text)
        return urlsplit(link_in(text, "/pay/")).path

    return buy


def get(app, path):
    with app.test_client() as browser:
        return browser.get(path, buffered=True)


def receipt_of(app, path):
    answer = get(app, f"{path}/receipt")
    assert answer.status_code == 200
    return words(answer)


def text_of(data):
    """What a PDF reader reads in it."""
    pages = PdfReader(BytesIO(data)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_an_order_that_is_not_paid_has_no_receipt(app, catalogue, order, customer):
    catalogue.key("Editor", keys=1)
    path = order("Editor")
    assert "receipt" not in get(app, path).text.split("</head>")[1].replace('class="receipt', "")
    for end in ("receipt", "receipt.pdf"):
        assert get(app, f"{path}/{end}").status_code == 404
        assert get(app, f"{path[:-2]}/{end}").status_code == 404
    customer.pays()
    assert f'href="https://shop.example{path}/receipt"' in get(app, path).text


def test_the_receipt_says_who_what_when_and_how_much(app, catalogue, order, customer):
    catalogue.setting("SHOP_NAME", "Harbour Books")
    catalogue.setting("SHOP_ADDRESS", "Harbour Street 5\n12345 Hamburg")
    catalogue.key("Editor", price=1900, keys=3)
    customer.says("Editor")
    customer.picks("Buy several")
    customer.says("3")
    path = order()
    customer.pays()
    page = receipt_of(app, path)
    assert "Harbour Books Harbour Street 5 12345 Hamburg Receipt Order: " in page
    assert "For: Sam" in page
    assert "Product Amount Editor 3 × $19.00 $57.00 Total $57.00" in page
    assert re.search(r"Paid \w+ \d+, \d{4} Harbour Bank \$57\.00", page)
    assert "Tax" not in page, "nothing is said of tax where nothing is taxed"
    assert "Together" not in page


def test_tax_is_shown_by_rate_after_the_discount(app, catalogue, order, customer):
    catalogue.file("Book", price=1070, tax_rate=Decimal(7))
    catalogue.file("Song", price=1190, tax_rate=Decimal(19))
    catalogue.file("Gift", price=500)
    with app.app_context(), transaction():
        db.session.add(Coupon(code="TENTH", percent=10))
    path = order("Book", "Song", "Gift", code="TENTH")
    customer.pays()
    page = receipt_of(app, path)
    assert "Book 7% $10.70 Song 19% $11.90 Gift $5.00" in page
    assert "Together $27.60 Discount (TENTH) -$2.76 Total $24.84" in page
    assert "19% $9.00 $1.71 $10.71 7% $9.00 $0.63 $9.63 Not taxed $4.50 $0.00 $4.50" in page


@pytest.mark.parametrize(
    ("currency", "price", "sums"),
    [("JPY", 1000, "10% ¥909 ¥91 ¥1,000"), ("KWD", 10_500, "10% KWD9.545 KWD0.955 KWD10.500")],
)
def test_currencies_without_cents_and_with_three_decimals(
    app, catalogue, order, customer, currency, price, sums
):
    catalogue.setting("CURRENCY", currency)
    catalogue.file("Book", price=price, tax_rate=Decimal(10))
    path = order("Book")
    customer.pays()
    assert sums in receipt_of(app, path).replace("\xa0", "")


def test_money_that_went_back_stands_on_it_and_a_cancelled_order_keeps_its_receipt(
    app, catalogue, order, customer, work, stored
):
    catalogue.key("Editor", price=1000, keys=1)
    path = order("Editor")
    customer.pays()
    [payment] = stored(select(Payment))
    with app.app_context():
        in_transaction(lambda: fulfilment.ask_refund(payment.id, 300, who="ana"))
    work()
    assert re.search(r"Paid back \w+ \d+, \d{4} Harbour Bank -\$3\.00", receipt_of(app, path))
    with app.app_context():
        in_transaction(lambda: fulfilment.ask_refund(payment.id, 700, who="ana"))
    work()
    page = receipt_of(app, path)
    assert "-$3.00" in page
    assert "-$7.00" in page
    assert f"{path}/receipt" in get(app, path).text


def test_it_is_written_in_the_customers_language(app, catalogue, order, customer):
    catalogue.file("Book", price=1999, tax_rate=Decimal("8.875"))
    path = order("Book")
    customer.pays()
    with app.app_context(), transaction():
        db.session.scalar(select(Customer)).language = "de"
    answer = get(app, f"{path}/receipt")
    assert 'lang="de"' in answer.text
    assert "19,99 $" in words(answer).replace("\xa0", " ")
    assert "8,875 %" in words(answer).replace("\xa0", " ")


def test_nobody_else_finds_it_in_a_cache_or_a_search(app, catalogue, order, customer):
    catalogue.file("Book")
    path = order("Book")
    customer.pays()
    for end in ("receipt", "receipt.pdf"):
        headers = get(app, f"{path}/{end}").headers
        assert headers["Cache-Control"] == "no-store"
        assert "noindex" in headers["X-Robots-Tag"]


def test_what_customers_and_sellers_typed_stays_text(app, catalogue, order, customer):
    catalogue.setting("SHOP_ADDRESS", "<b>Harbour</b>")
    catalogue.file("<script>alert(1)</script>")
    path = order("<script>alert(1)</script>")
    customer.pays()
    body = get(app, f"{path}/receipt").text
    assert "<b>Harbour" not in body
    assert "<script>alert" not in body
    assert get(app, f"{path}/receipt.pdf").status_code == 200


def test_the_pdf_says_the_same_as_the_page(app, catalogue, order, customer):
    catalogue.setting("SHOP_NAME", "Harbour Books")
    catalogue.setting("SHOP_ADDRESS", "Harbour Street 5")
    catalogue.file("学习 Python", price=1190, tax_rate=Decimal(19))
    path = order("学习 Python")
    customer.pays()
    answer = get(app, f"{path}/receipt.pdf")
    assert answer.content_type == "application/pdf"
    assert re.fullmatch(r"inline; filename=receipt-\w{7}\.pdf", answer.headers["Content-Disposition"])
    assert answer.data.startswith(b"%PDF-")
    text = text_of(answer.data)
    for part in (
        "Harbour Books",
        "Harbour Street 5",
        "For: Sam",
        "学习 Python",
        "19%",
        "$10.00",
        "$1.90",
        "$11.90",
    ):
        assert part in text
    assert "Harbour Bank" in text


def receipt(**changes):
    values = {
        "shop_name": "Harbour Books",
        "shop_address": "",
        "number": "ABC2345",
        "paid_at": datetime(2026, 11, 22, tzinfo=UTC),
        "day": "22 November 2026",
        "customer": "Ana",
        "language": "en",
        "lines": (Line("Book", 1, "$9.00", "19%", "$9.00"),),
        "subtotal": "$9.00",
        "discount": "",
        "coupon": "",
        "total": "$9.00",
        "taxes": (Tax("19%", "$7.56", "$1.44", "$9.00"),),
        "payments": (Moved("22 November 2026", "Card", "$9.00"),),
        "refunds": (),
    }
    return Receipt(**{**values, **changes})


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_that_the_fonts_are_for_can_be_written(app, language, caplog):
    text = LANGUAGES[language]
    with app.app_context():
        fonts = pdf_fonts.needed(text)
        assert pdf_fonts.writable(text, fonts) == text
        known = pdf_fonts.letters_of(pdf_fonts.FIRST).union(*map(pdf_fonts.letters_of, fonts))
        assert set(map(ord, text)) <= known
        lines = (Line(text, 2, "$1.00", "", "$2.00"),)
        assert receipt_pdf.render(receipt(lines=lines, shop_name=text, customer=text)).startswith(b"%PDF-")
    assert not [record for record in caplog.records if "missing" in record.message.casefold()]


def test_an_emoji_that_no_font_has_leaves_no_box(app):
    with app.app_context():
        text = "Python \N{SNAKE}\N{GREEN BOOK} by Example"
        assert pdf_fonts.writable(text, pdf_fonts.needed(text)).split() == ["Python", "by", "Example"]


def test_a_shop_brings_fonts_of_its_own(app):
    with app.app_context():
        khmer = "ខ្មែរ"
        assert pdf_fonts.needed(khmer) == []
        own = Path(app.instance_path, "fonts")
        own.mkdir()
        (own / "broken.ttf").write_bytes(b"no font")
        thai = next(path for path in pdf_fonts.FOLDER.glob("*Thai*"))
        (own / "mine.TTF").write_bytes(thai.read_bytes())
        assert pdf_fonts.needed("ภาษาไทย") == [own / "mine.TTF"]


def test_a_hundred_lines_go_on_over_pages(app):
    lines = tuple(
        Line(f"Product {n} with quite a long title", 1, "$1.00", "19%", "$1.00") for n in range(100)
    )
    with app.app_context():
        data = receipt_pdf.render(receipt(lines=lines))
    text = text_of(data)
    assert "Product 99 with" in text
    assert re.search(r"ABC2345 · 1/[3-6]", text)
    assert text.count("Product Tax Amount") >= 3, "each page says what the columns are"
