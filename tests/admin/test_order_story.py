"""An order's page tells its story, gives one unit's money back, and takes back what can be taken back."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from salesbot.models import Delivery, Order, OrderEvent, Payment, Refund
from salesbot.testing.customer import link_in
from tests.admin import rows as make

pytestmark = pytest.mark.both_databases


def page(person, number: int = 1) -> str:
    return person.get(f"/admin/order/details/?id={number}").text


def story(html: str) -> list[str]:
    """The sentences of the story, in their order."""
    told = html.split('class="sb-timeline"')[1].split("</ol>", maxsplit=1)[0]
    return re.findall(r"<span>(.*?)</span>", told)


def test_an_order_is_told_from_the_first_word_to_the_download(customer, catalogue, app, owner, tmp_path):
    """Each sentence once, in the order in which it happened."""
    customer.name = "Ana"
    catalogue.file("Python book", price=1900)
    customer.says("I look for a book")
    customer.says("python")
    customer.picks("Buy")
    link = link_in(customer.history[-1].text, "/pay/").removeprefix("http://localhost")
    browser = app.test_client()
    for _twice in range(2):
        assert browser.post(f"{link}/opened").status_code == 204
    assert browser.post("/pay/nonsense/opened").status_code == 404
    text = customer.pays()[0].text
    delivery = link_in(text, "/d/").removeprefix("http://localhost")
    browser.post(delivery, data={"unit": 1})
    told = story(page(owner))
    assert told[0] == "Ana wrote “I look for a book”"
    wanted = [
        "Ana put Python book into the cart",
        "Ana ordered 1 × Python book for $19.00",
        "Ana opened the page to pay",
        "Money arrived by test",
        "The order is paid",
        "Ana downloaded a file",
    ]
    assert [words for words in told if words in wanted] == wanted
    assert "Ana got 1 × Python book" in told
    assert "Ana has everything" in told


@pytest.fixture
def three(rows) -> None:
    """A paid order of three units, paid by transfer."""
    with rows():
        order = make.order(what=make.product(price=1000, kind="file"), quantity=3, state="fulfilled")
        make.payment(order, state="confirmed")
        for position in (1, 2, 3):
            make.delivery(order, position=position, state="delivered", file="a.pdf", file_name="a.pdf")


def test_one_of_three_is_given_back_in_one_form(three, owner, stored, work, twilio):
    """The share stands there already; money row, unit, link and customer follow at once."""
    html = page(owner)
    assert html.count("Refund this one") == 3
    assert 'name="amount" inputmode="decimal" required value="10.00"' in html
    form = {"payment": 1, "amount": "10.00", "unit": 2, "sent": "1"}
    owner.post("/admin/order/1/give-back", form)
    work()
    [refund] = stored(select(Refund))
    assert (refund.amount, refund.state, refund.units) == (1000, "done", [2])
    assert stored(select(Delivery.state).order_by(Delivery.position)) == ["delivered", "revoked", "delivered"]
    assert stored(select(Order.state)) == ["fulfilled"]
    assert "We have sent $10.00 back to you" in twilio.messages[-1].body
    assert page(owner).count("Refund this one") == 2


def test_a_unit_that_was_taken_back_by_mistake_is_given_again(three, owner, stored):
    """Its link works again; one that has not ended stays as it is."""
    owner.get("/admin/order/details/?id=1")
    owner.post("/admin/order/1/give-back", {"payment": 1, "amount": "10", "unit": 2, "sent": "1"})
    assert "Undo: it is the customer’s again" in page(owner)
    owner.post("/admin/order/1/give-again", {"delivery": 2})
    assert set(stored(select(Delivery.state))) == {"delivered"}
    again = owner.post("/admin/order/1/give-again", {"delivery": 2}, follow_redirects=True)
    assert "this has not ended" in again.text
    assert owner.post("/admin/order/1/give-again", {"delivery": 99}).status_code == 400


def test_a_refund_that_nobody_has_made_is_taken_back(three, owner, stored, work):
    """The money can be asked for again, and one that was made stays made."""
    owner.get("/admin/order/details/?id=1")
    owner.post("/admin/order/1/give-back", {"payment": 1, "amount": "30"})
    work()
    assert stored(select(Refund.state)) == ["needs_staff"]
    assert "Undo: give nothing back" in page(owner)
    owner.post("/admin/order/1/withdraw", {"refund": 1})
    assert stored(select(Refund)) == []
    assert "Olga took that back: no money goes back" in story(page(owner))
    owner.post("/admin/order/1/give-back", {"payment": 1, "amount": "30", "sent": "1"})
    [made] = stored(select(Refund.id))
    answer = owner.post("/admin/order/1/withdraw", {"refund": made}, follow_redirects=True)
    assert "on its way, or was made" in answer.text
    assert stored(select(Refund.state)) == ["done"]


def test_money_that_was_not_found_is_there_after_all(rows, owner, stored):
    """One click undoes a no that was too early."""
    with rows():
        make.payment(make.order(what=make.product(kind="link", link="https://example.com/c")))
    owner.get("/admin/order/details/?id=1")
    owner.post("/admin/order/1/reject", {"payment": 1})
    assert "It is here after all" in page(owner)
    owner.post("/admin/order/1/after-all", {"payment": 1})
    assert stored(select(Payment.state)) == ["confirmed"]
    assert stored(select(Order.state)) == ["fulfilled"]
    assert "found the money after all" in stored(select(OrderEvent.what))
    answer = owner.post("/admin/order/1/after-all", {"payment": 1}, follow_redirects=True)
    assert "was not turned down" in answer.text


def test_undoing_needs_the_right_to_handle_money(three, somebody):
    """Whoever answers customers moves no money."""
    agent = somebody("agent")
    html = page(agent)
    assert "Refund this one" not in html
    for what in ("withdraw", "give-again", "after-all"):
        assert agent.post(f"/admin/order/1/{what}", {"delivery": 1}).status_code == 403
