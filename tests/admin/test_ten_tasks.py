"""The ten daily tasks by visible role and name alone, each in as few actions as was promised.

With a mouse at a desk, with a thumb at 390 px, and by keyboard alone. Success is what a customer or
a file sees of it. One shop and one signed-in page for all of them: a page costs more than a task.
"""

from __future__ import annotations

import csv
from datetime import timedelta
from io import BytesIO, StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image
from sqlalchemy import select

from salesbot import clock, fulfilment
from salesbot.database import in_transaction
from salesbot.models import Delivery, LicenceKey, Payment, Product, Refund
from salesbot.services import stock
from salesbot.testing.customer import link_in
from tests.admin import rows as make
from tests.support.hands import Keyboard, Mouse

WAYS = {"desk": ("desk", Mouse), "phone": ("phone", Mouse), "keyboard": ("desk", Keyboard)}
BOOK = b"%PDF-1" + bytes(2000)


@pytest.fixture
def salesbot_channel() -> str:
    return "simulator"


def cover() -> bytes:
    out = BytesIO()
    Image.new("RGB", (60, 40), "teal").save(out, "PNG")
    return out.getvalue()


def said(replies: list[Any]) -> str:
    return "\n".join(reply.text for reply in replies)


class Shop:
    """A shop in which something waits for each task, and the people who wait."""

    def __init__(self, app, rows, stored, customers, catalogue, twilio) -> None:
        self.app, self.rows, self.stored, self.customers = app, rows, stored, customers
        self.twilio = twilio
        twilio.connect(app)
        catalogue.setting("payment_manual.details", "Example Bank, account 12345")
        with rows():
            make.category(title="Books")
            tools = make.category(title="Tools")
            # Nothing of it runs out, which would be one more thing on the first page.
            editor = make.product(title="PhotoPro", category=tools, price=1000)
            stock.add_keys(editor.id, [f"PRO-{n:04d}" for n in range(20)])
            timer = make.product(title="Timer", category=tools, price=500)
            stock.add_keys(timer.id, [f"TIME-{n:04d}" for n in range(20)])
        self.ana = self.buyer("Ana")
        self.ana.says("person")
        self.bob = self.buyer("Bob", "PhotoPro")
        self.cid = self.buyer("Cid", "PhotoPro", quantity=3)
        self.transfers(self.cid)
        with app.app_context():
            paid = make.db.session.scalars(select(Payment.id)).one()
            in_transaction(lambda: fulfilment.confirm_by_staff(paid, who="Olga"))
        self.eve = self.buyer("Eve", "Timer")
        self.transfers(self.bob)
        with rows():
            late = make.chat("Dee", last_inbound_at=clock.now() - timedelta(days=2))
            make.message(late, "out", "your file", state="undelivered", error_code="63016")

    def transfers(self, customer: Any) -> None:
        """Says on the pay page that money is on its way, and sends a picture of it."""
        assert "Example Bank" in customer.opens_pay_page("manual").text
        assert "I have your picture" in said(customer.sends(media=[self.twilio.holds(cover(), "image/png")]))

    def buyer(self, name: str, product: str = "", quantity: int = 1) -> Any:
        """Somebody in the chat, who has put a product into an order."""
        customer = self.customers(name)
        customer.says("hi")
        if product:
            customer.says(product)
            customer.picks("Buy" if quantity == 1 else "Buy several")
            if quantity > 1:
                customer.says(str(quantity))
        return customer


@pytest.fixture
def shop(app, rows, stored, customers, catalogue, twilio) -> Shop:
    return Shop(app, rows, stored, customers, catalogue, twilio)


def a_new_product(hands: Mouse, shop: Shop) -> None:
    hands.presses("link", "New product")
    hands.fills("Title", "Python book")
    hands.fills("Price", "19.99")
    hands.chooses("The file", "book.pdf", "application/pdf", BOOK)
    hands.chooses("Picture", "cover.png", "image/png", cover())
    hands.presses("button", "Save")
    hands.page.get_by_role("link", name="Python book").wait_for()
    fay = shop.buyer("Fay", "Python book")
    link = link_in(said(fay.pays()), "/d/")
    [size] = shop.stored(select(Product.cover).where(Product.title == "Python book"))
    assert size
    page = shop.app.test_client().get(urlsplit(link).path)
    assert "book.pdf" in page.text


def fifty_keys(hands: Mouse, shop: Shop) -> None:
    keys = [f"KEY-{number:04d}" for number in range(45)]
    hands.presses("link", "Products")
    hands.presses("link", "Add keys to Timer")
    hands.fills("Add licence keys", "\n".join([*keys, *keys[:3], "x" * 501, "y" * 502]))
    hands.presses("button", "Save")
    hands.page.get_by_text("45 keys are in stock now.").wait_for()
    assert hands.page.get_by_text("is there already").count() == 3
    assert hands.page.get_by_text("can't be used").count() == 2


def a_new_price(hands: Mouse, shop: Shop) -> None:
    hands.presses("link", "Products")
    hands.fills("Price of Timer", "7.50")
    hands.presses("button", "Save: Price of Timer")
    hands.page.get_by_text("Price of Timer: $7.50").wait_for()
    assert shop.eve.orders[-1].total == 500
    assert "$7.50" in said(shop.buyer("Gil").says("Timer"))


def a_transfer(hands: Mouse, shop: Shop) -> None:
    number = shop.bob.orders[-1].number
    hands.presses("link", number)
    hands.presses("button", "The money has arrived")
    hands.page.get_by_text("The money is confirmed.").wait_for()
    assert "PRO-" in said(shop.bob.replies)


def somebody_waits(hands: Mouse, shop: Shop) -> None:
    hands.presses("link", "Ana")
    hands.fills("Your message", "I am here.")
    hands.presses("button", "Send")
    hands.presses("button", "Hand back")
    hands.page.get_by_text("the bot answers", exact=True).wait_for()
    assert "I am here." in said(shop.ana.replies)
    assert "Tools" in said(shop.ana.says("hi"))


def once_more(hands: Mouse, shop: Shop) -> None:
    known = len(shop.cid.replies)
    hands.presses("link", "Orders")
    hands.presses("link", shop.cid.orders[-1].number)
    hands.presses("button", "Send it again")
    hands.page.get_by_text("It is on its way again.").wait_for()
    assert said(shop.cid.replies[known:]).count("PRO-") == 3


def one_of_three(hands: Mouse, shop: Shop) -> None:
    hands.presses("link", "Orders")
    hands.presses("link", shop.cid.orders[-1].number)
    hands.opens("Refund this one")
    hands.presses("button", "I have sent the money back")
    hands.page.get_by_text("Noted; the customer is told.").wait_for()
    assert shop.stored(select(Refund.amount)) == [1000]
    mine = select(Delivery.state).join(LicenceKey, LicenceKey.delivery_id == Delivery.id)
    assert shop.stored(mine).count("revoked") == 1
    assert "We have sent $10.00 back" in said(shop.cid.replies)


def why_nothing(hands: Mouse, shop: Shop) -> None:
    hands.presses("link", "Dee")
    hands.page.get_by_text("WhatsApp lets a shop write freely only within 24 hours").wait_for()
    hands.page.get_by_role("button", name="Try again").wait_for()


def new_words(hands: Mouse, shop: Shop) -> None:
    hands.presses("link", "Words")
    hands.fills("Welcome to", "Good to see you at {shop}!")
    hands.fills("Saturday", "10-14")
    hands.fills("Sunday", "11-12")
    hands.saves()
    hands.page.get_by_text("Good to see you at").first.wait_for()
    greeting = said(shop.customers("Hal").says("hi"))
    assert "Good to see you at Our shop!" in greeting
    assert "Sat 10:00" in greeting
    assert "Sun 11:00" in greeting


def twenty_prices(hands: Mouse, shop: Shop) -> None:
    with shop.rows():
        shelf = make.category(title="Twenty")
        for n in range(20):
            make.product(title=f"Part {n:02}", category=shelf, price=1000)
    out = StringIO()
    lines = [["title", "price"], *([f"Part {n:02}", str(20 + n)] for n in range(20))]
    lines[4][1], lines[8][0] = "cheap", "Prat 07"
    csv.writer(out).writerows(lines)
    hands.presses("link", "Products")
    hands.presses("link", "Bring in")
    hands.chooses("CSV file", "prices.csv", "text/csv", out.getvalue().encode())
    hands.presses("button", "Look it over")
    hands.page.get_by_text("2 can't be used").wait_for()
    hands.presses("button", "Bring in 18")
    hands.page.get_by_text("18 are changed.").wait_for()
    now = shop.stored(select(Product.price).where(Product.title.like("Part%")))
    assert sum(price != 1000 for price in now) == 18


TASKS = (
    (a_new_product, 9),
    (fifty_keys, 4),
    (a_new_price, 3),
    (a_transfer, 2),
    (somebody_waits, 4),
    (once_more, 3),
    (one_of_three, 4),
    (why_nothing, 3),
    (new_words, 5),
    (twenty_prices, 5),
)


@pytest.mark.parametrize(
    ("desk", "kind"),
    [pytest.param(size, kind, id=way) for way, (size, kind) in WAYS.items()],
    indirect=["desk"],
)
def test_the_promised_number_of_actions_is_enough_for_each_of_the_ten_tasks(desk, kind, address, shop):
    """Nothing but roles and names is known; what was done is seen from outside."""
    hands = kind(desk, address)
    too_many = {}
    for task, most in TASKS:
        hands.begins()
        task(hands, shop)
        if hands.actions > most:
            too_many[task.__name__] = f"{hands.actions} of {most}: {hands.steps}"
    assert too_many == {}
