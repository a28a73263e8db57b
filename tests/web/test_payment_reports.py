"""What a payment plugin says wrongly is its failure; no report about money is lost by it."""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

import pytest
from flask import abort, request
from sqlalchemy import select

from salesbot import fulfilment, hookimpl
from salesbot.database import transaction
from salesbot.messages import (
    NeedsStaff,
    NotFromProvider,
    PaymentEvent,
    PaymentMethod,
    Redirect,
    Refunded,
    Show,
)
from salesbot.models import Order, OrderEvent, Payment, PluginFailure, Refund
from salesbot.models.orders import LOOK_AT_THIS
from salesbot.services import shop
from salesbot.testing.customer import link_in

pytestmark = pytest.mark.both_databases


class Bank(PaymentMethod):
    """Reports and begins as a test wants it."""

    name = "bank"
    title = "Harbour Bank"

    def start(self, order, key):
        return BANK.starts()

    def events(self, request):
        return BANK.reports()


class BankPlugin:
    """Its chat part and its ways to pay do what a test wants."""

    def __init__(self):
        self.begin()

    def begin(self):
        self.starts = lambda: Show("Pay at the harbour.")
        self.reports = tuple
        self.methods = Bank

    @hookimpl
    def salesbot_payment_methods(self):
        return self.methods()


BANK = BankPlugin()


class Quay(PaymentMethod):
    """Another plugin's way to pay, which always works."""

    name = "quay"
    title = "At the quay"

    def start(self, order, key):
        return Show("Come to the quay.")


class QuayPlugin:
    @staticmethod
    @hookimpl
    def salesbot_payment_methods():
        return Quay()


@pytest.fixture
def bank():
    BANK.begin()
    return BANK


@pytest.fixture
def salesbot_plugins(bank):
    return [("bank", bank), ("quay", QuayPlugin)]


@pytest.fixture
def pay_page(customer, catalogue):
    """The address of the page of one unpaid order."""
    catalogue.file("Book")
    customer.says("Book")
    return urlsplit(link_in(customer.picks("Buy")[0].text, "/pay/")).path


@pytest.fixture
def order(pay_page, stored):
    return stored(select(Order))[0]


@pytest.fixture
def report(app):
    """What the provider is answered."""
    return lambda method="bank": app.test_client().post(f"/webhooks/payments/{method}").status_code


def event(order, /, **changes):
    values = {
        "id": "e1",
        "order": order.id,
        "reference": "m1",
        "kind": "paid",
        "amount": order.total,
        "currency": order.currency,
    }
    return PaymentEvent(**(values | changes))


def to_look_at(stored):
    return stored(select(OrderEvent.why).where(OrderEvent.what == LOOK_AT_THIS))


def test_a_misspelt_kind_is_reported_again_until_the_plugin_is_put_right(bank, order, report, stored):
    bank.reports = lambda: [event(order, kind="payed")]
    assert [report(), report()] == [500, 500]
    failures = stored(select(PluginFailure))
    assert [(one.plugin, one.hook) for one in failures] == [("bank", "PaymentMethod.events")] * 2
    assert "there is no kind 'payed' of event; paid, failed" in failures[0].error
    (told,) = to_look_at(stored)
    assert "a report about money can't be read: bank: there is no kind 'payed'" in told
    assert stored(select(Order.state)) == ["pending"]
    bank.reports = lambda: [event(order)]
    assert report() == 204
    assert stored(select(Order.paid_at)) != [None]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": None},
        {"kind": ["paid"]},
        {"order": "1"},
        {"order": None},
        {"order": True},
        {"order": 10**30},
        {"amount": 19.0},
        {"amount": True},
        {"amount": -1},
        {"amount": 10**15},
        {"currency": "usd"},
        {"currency": "DOLLARS"},
        {"currency": None},
        {"id": ""},
        {"id": "a\x00b"},
        {"reference": "half \ud83d"},
        {"reference": 7},
        {"reference": "m" * 256},
    ],
    ids=ascii,
)
def test_an_event_that_says_nonsense_is_the_plugins_failure(bank, order, report, stored, wrong):
    bank.reports = lambda: [event(order, **wrong), event(order, id="e2", reference="m2")]
    assert report() == 500
    assert len(stored(select(PluginFailure))) == 1
    assert stored(select(Order.paid_at)) != [None], "the event beside it is taken"


def gives(what):
    def reports():
        raise what

    return reports


@pytest.mark.parametrize(
    ("reports", "status", "recorded"),
    [
        (gives(RuntimeError("a bug")), 500, ["RuntimeError: a bug"]),
        (lambda: sys.exit("bye"), 500, ["SystemExit: bye"]),
        (lambda: None, 500, ["TypeError: 'NoneType' object is not iterable"]),
        (lambda: ["paid"], 500, ["PluginProblem: events yields PaymentEvent objects only"]),
        (lambda: abort(500), 500, ["InternalServerError: 500 Internal Server Error"]),
        (lambda: abort(413), 413, []),
        (lambda: request.json, 415, []),
        (gives(NotFromProvider("not signed")), 400, []),
        (gives(TimeoutError("no answer")), 503, []),
    ],
    ids=["raises", "exits", "nothing", "words", "500", "too large", "no JSON", "a stranger", "silence"],
)
def test_whatever_reading_a_report_raises_becomes_a_status(bank, report, stored, reports, status, recorded):
    bank.reports = reports
    assert report() == status
    errors = stored(select(PluginFailure.error))
    assert len(errors) == len(recorded)
    assert all(said in error for said, error in zip(recorded, errors, strict=True))


def test_reports_to_a_plugin_that_is_off_wait_for_it(app, bank, order, report, stored):
    bank.reports = lambda: [event(order)]
    with app.app_context(), transaction():
        shop.switch_plugin("bank", on=False)
    assert report() == 503
    with app.app_context(), transaction():
        shop.switch_plugin("bank", on=True)
    assert report("another") == 404
    assert report() == 204
    assert stored(select(Order.paid_at)) != [None]


def test_reports_of_money_that_was_begun_wait_for_a_plugin_that_is_gone(salesbot_apps, app, pay_page, bank):
    with app.test_client() as browser:
        assert browser.post(pay_page, data={"method": "bank"}).status_code == 200
    without = salesbot_apps(plugins=[])
    client = without.test_client()
    assert client.post("/webhooks/payments/bank").status_code == 503
    assert client.post("/webhooks/payments/other").status_code == 404


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "https://pay.example/",
        Redirect(None),
        Redirect("javascript:alert(1)"),
        Redirect("/pay/elsewhere"),
        Redirect("//pay.example/"),
        Redirect("https://"),
        Redirect("https://pay.example/\r\nSet-Cookie: a=b"),
        Redirect("https://[pay"),
        Show(None),
        Show(" "),
    ],
    ids=repr,
)
def test_a_buyer_is_sent_nowhere_but_to_a_web_page(app, bank, pay_page, stored, answer):
    bank.starts = lambda: answer
    with app.test_client() as browser:
        page = browser.post(pay_page, data={"method": "bank"})
        assert page.status_code == 409
        assert "This way to pay does not work right now" in page.text
    assert [one.hook for one in stored(select(PluginFailure))] == ["PaymentMethod.start"]


def test_a_buyer_is_sent_to_the_providers_page(app, bank, pay_page):
    bank.starts = lambda: Redirect("https://pay.example/1?key=2")
    with app.test_client() as browser:
        page = browser.post(pay_page, data={"method": "bank"})
    assert (page.status_code, page.headers["Location"]) == (303, "https://pay.example/1?key=2")


class Untitled(PaymentMethod):
    """Lacks what customers read."""

    name = "untitled"

    def start(self, order, key):
        return Show("How did you get here?")


def named(name, title="Title"):
    return type("Named", (Bank,), {"name": name, "title": title})()


@pytest.mark.parametrize(
    "methods",
    [
        Untitled,
        lambda: named("", "Nameless"),
        lambda: named("a/b"),
        lambda: named(None),
        lambda: named("n" * 65),
        lambda: named("fine", 7),
        lambda: named("fine", " "),
    ],
    ids=["untitled", "nameless", "slash", "None", "long", "number", "blank"],
)
def test_a_way_to_pay_without_name_or_title_leaves_the_others_usable(app, bank, pay_page, stored, methods):
    bank.methods = methods
    with app.test_client() as browser:
        page = browser.get(pay_page)
        assert page.status_code == 200
        assert "At the quay" in page.text
        assert "Come to the quay." in browser.post(pay_page, data={"method": "quay"}).text
    assert {(one.plugin, one.hook) for one in stored(select(PluginFailure))} == {
        ("bank", "salesbot_payment_methods")
    }


@pytest.mark.parametrize("answer", [Refunded(None), Refunded(" "), NeedsStaff(None)], ids=repr)
def test_a_refund_that_says_nothing_is_the_plugins_failure(
    app, bank, order, report, stored, work, monkeypatch, answer
):
    monkeypatch.setattr(Bank, "refund", lambda *_asked: answer)
    bank.reports = lambda: [event(order)]
    assert report() == 204
    (payment,) = stored(select(Payment))
    with app.app_context(), transaction():
        fulfilment.ask_refund(payment.id, order.total, who="olga@example.com", why="wished")
    work()
    assert [one.hook for one in stored(select(PluginFailure))] == ["PaymentMethod.refund"]
    assert stored(select(Refund.state)) == ["started"]
