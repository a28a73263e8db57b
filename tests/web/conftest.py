"""A demo shop of its own for each test of the customer's pages."""

import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import select

from salesbot import fulfilment
from salesbot.app import create_app
from salesbot.channels import simulator
from salesbot.demo import load_demo
from salesbot.dispatcher import receive
from salesbot.extensions import db, transaction
from salesbot.messages import PaymentEvent
from salesbot.migrations.support import FOLDER
from salesbot.models import Conversation, Order, OrderLine, Product
from salesbot.services import links
from salesbot.testing.shop import close, copied, put_down
from salesbot.worker import Worker

SETTINGS = {"ENTRY_POINTS": False, "TESTING": True}


class Browser(FlaskClient):
    """Reads each answer to its end, as browsers do."""

    def open(self, *args, buffered=True, **options):
        return super().open(*args, buffered=buffered, **options)


@dataclass
class DemoShop:
    """The shop under test, and what a test does with it besides looking at pages."""

    app: Flask

    def browser(self, **environ):
        """Somebody's browser; on this computer unless told otherwise."""
        self.app.test_client_class = Browser
        client = self.app.test_client()
        client.environ_base.update({"REMOTE_ADDR": "127.0.0.1", **environ})
        return client

    def work(self):
        """What the worker does until nothing is due."""
        Worker(self.app).drain()

    def product(self, title):
        with self.app.app_context():
            return db.session.scalar(select(Product.id).where(Product.title == title))

    def order(self, *titles, quantity=1, address="somebody"):
        """An unpaid order; its pay page's path."""
        items = [(self.product(title), quantity) for title in titles]
        with self.app.app_context():
            receive(simulator.incoming(address, "hi"))
            with transaction():
                chat = db.session.scalar(select(Conversation).where(Conversation.address == address))
                order = fulfilment.place(chat.customer_id, chat.id, items)
                order_id = order.id
            return links.pay_url(order_id).removeprefix(links.base_url())

    def pay(self, order_path):
        """The money for an order arrives."""
        with self.app.app_context(), transaction():
            order = db.session.get(Order, links.order_id(order_path.rpartition("/")[2]))
            fulfilment.take_event(
                "demo",
                PaymentEvent(f"e{order.id}", order.id, f"r{order.id}", "paid", order.total, "USD"),
            )
        self.work()

    def bought(self, *titles, **how):
        """A paid order's pay page and its delivery pages, as paths."""
        path = self.order(*titles, **how)
        self.pay(path)
        with self.app.app_context():
            order_id = links.order_id(path.rpartition("/")[2])
            lines = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order_id))
            base = links.base_url()
            return path, [links.delivery_url(line.id).removeprefix(base) for line in lines]

    def change(self, work):
        """Something that staff or time do to the shop's rows."""
        with self.app.app_context(), transaction():
            work()


def words(answer):
    """The text of a page as a person reads it, in one line."""
    text = re.sub(r"<(script|style|head).*?</\1>", " ", answer.get_data(as_text=True), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


@pytest.fixture(scope="session")
def demo_instance(tmp_path_factory) -> Path:
    """An instance folder with the demo shop in it, to be copied."""
    folder = tmp_path_factory.mktemp("demo") / "template"
    app = create_app(SETTINGS, instance_path=folder)
    with app.app_context():
        upgrade(directory=str(FOLDER))
        with transaction():
            load_demo()
    close(app)
    put_down(folder)
    return folder


@pytest.fixture
def shop(demo_instance, salesbot_shelf):
    """The demo shop, fresh."""
    app = salesbot_shelf.take(SETTINGS, copied(demo_instance, demo_instance.with_name("instance")), [])
    yield DemoShop(app)
    salesbot_shelf.put_back(app)


@pytest.fixture
def own_shop(demo_instance, salesbot_shelf):
    """The same goods in a seller's own shop, with a WhatsApp number."""
    folder = copied(demo_instance, demo_instance.with_name("own"))
    connected = {
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": ["secret"],
        "TWILIO_WHATSAPP_NUMBER": "whatsapp:+14155238886",
    }
    app = salesbot_shelf.take(SETTINGS | connected, folder, [])
    own = DemoShop(app)
    own.change(_no_demo)
    yield own
    salesbot_shelf.put_back(app)


def _no_demo():
    from salesbot.services import shop

    shop.save("demo", "")
