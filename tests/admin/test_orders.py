"""One order's page: everything about it, and each button does what it says."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from salesbot import clock
from salesbot.extensions import db
from salesbot.models import AuditEntry, Delivery, LicenceKey, Message, Order, OrderEvent, Payment, Refund
from salesbot.services import links, stock
from tests.admin import rows as make

KEY = "SECRET-KEY-0001-WXYZ"

pytestmark = pytest.mark.both_databases


@pytest.fixture
def transfer(rows) -> int:
    """An order of one key that is to be paid by transfer, with the key in stock."""
    with rows():
        thing = make.product(title="PhotoPro", price=4900)
        stock.add_keys(thing.id, [KEY])
        order = make.order(what=thing)
        make.payment(order)
        return order.id


def page(person, number: int) -> str:
    return person.get(f"/admin/order/details/?id={number}").text


def test_money_that_arrived_delivers_at_once(transfer, owner, stored):
    """One click: the order is delivered, the customer is told, the timeline knows who it was."""
    assert "The money has arrived" in page(owner, transfer)
    answer = owner.post(f"/admin/order/{transfer}/confirm", {"payment": 1}, follow_redirects=True)
    assert "The money is confirmed. What was bought is on its way." in answer.text
    [order] = stored(select(Order))
    assert order.state == "fulfilled"
    assert stored(select(Payment.state)) == ["confirmed"]
    assert stored(select(Delivery.state)) == ["delivered"]
    assert stored(select(LicenceKey.delivery_id)) != [None]
    [told] = stored(select(Message))
    assert told.state == "waiting"
    assert KEY not in told.body
    assert "Olga" in stored(select(OrderEvent.who))
    assert "The money has arrived" not in page(owner, transfer)


def test_the_same_money_is_confirmed_once(transfer, owner, stored):
    """A second click, or a second person, changes nothing more."""
    for _ in range(2):
        answer = owner.post(f"/admin/order/{transfer}/confirm", {"payment": 1}, follow_redirects=True)
    assert "this payment is not waiting for money" in answer.text
    assert len(stored(select(Delivery))) == 1
    assert len(stored(select(Message))) == 1


def test_money_that_does_not_suffice_is_told_as_it_is(transfer, owner, rows, stored):
    """Nobody is told that all is well when salesbot could not use the money."""
    with rows():
        db.session.get(Order, transfer).currency = "EUR"
    answer = owner.post(f"/admin/order/{transfer}/confirm", {"payment": 1}, follow_redirects=True)
    assert "The money is noted: the order is in EUR, the payment in USD" in answer.text
    assert "on its way" not in answer.text
    assert stored(select(Order.state)) == ["pending"]


def test_money_that_is_not_there_is_told_to_the_buyer(transfer, owner, stored):
    """The payment has failed, the buyer can try again."""
    answer = owner.post(f"/admin/order/{transfer}/reject", {"payment": 1}, follow_redirects=True)
    assert "The customer is told that the money is not here." in answer.text
    assert stored(select(Payment.state)) == ["failed"]
    [told] = stored(select(Message.body))
    assert "We could not find your payment" in told


def test_only_money_that_staff_alone_can_see_is_confirmed_by_hand(rows, transfer, owner, stored):
    """A card payment is the provider's to confirm; another order's payment is not this one's."""
    with rows():
        card = make.payment(db.session.get(Order, transfer), method="stripe").id
        other = make.payment(make.order()).id
    assert owner.post(f"/admin/order/{transfer}/confirm", {"payment": card}).status_code == 400
    assert owner.post(f"/admin/order/{transfer}/confirm", {"payment": other}).status_code == 400
    assert owner.post(f"/admin/order/{transfer}/confirm", {"payment": 999}).status_code == 400
    assert set(stored(select(Payment.state))) == {"started"}


def test_no_page_of_an_order_shows_a_key(transfer, owner):
    """Not the order, not the delivery, not the key's own row or list: only its last letters."""
    owner.post(f"/admin/order/{transfer}/confirm", {"payment": 1})
    pages = [
        page(owner, transfer),
        owner.get("/admin/delivery/").text,
        owner.get("/admin/delivery/details/?id=1").text,
        owner.get("/admin/licence_key/").text,
        owner.get("/admin/licence_key/details/?id=1").text,
        owner.get("/admin/conversation/details/?id=1").text,
        owner.get("/admin/message/details/?id=1").text,
    ]
    for html in pages:
        assert KEY not in html
    assert "••••WXYZ" in pages[0]
    assert "••••WXYZ" in pages[3]


def test_what_was_bought_is_sent_again(transfer, owner, stored):
    """The customer lost the phone, not what they paid for."""
    owner.post(f"/admin/order/{transfer}/confirm", {"payment": 1})
    answer = owner.post(f"/admin/order/{transfer}/resend", follow_redirects=True)
    assert "It is on its way again." in answer.text
    assert len(stored(select(Message))) == 2


def test_an_unpaid_order_is_cancelled_and_frees_its_stock(app, transfer, owner, stored):
    """What it held can be sold again."""
    with app.app_context():
        assert stock.available([1]) == {1: 0}
    owner.post(f"/admin/order/{transfer}/cancel")
    assert stored(select(Order.state)) == ["cancelled"]
    with app.app_context():
        assert stock.available([1]) == {1: 1}


def test_a_paid_order_is_not_cancelled_by_a_click(transfer, owner, stored):
    """Money and goods don't part quietly."""
    owner.post(f"/admin/order/{transfer}/confirm", {"payment": 1})
    answer = owner.post(f"/admin/order/{transfer}/cancel", follow_redirects=True)
    assert "can&#39;t be cancelled" in answer.text
    assert stored(select(Order.state)) == ["fulfilled"]


def test_a_used_up_download_is_allowed_anew(rows, owner, stored):
    """The buyer gets the downloads and the days again."""
    with rows():
        order = make.order(what=make.product(kind="file"), state="fulfilled")
        make.delivery(
            order,
            state="delivered",
            file="abc.pdf",
            file_name="Book.pdf",
            downloads=5,
            downloads_allowed=5,
            expires_at=clock.now() - timedelta(days=1),
        )
        number = order.id
    html = page(owner, number)
    assert "Book.pdf · downloaded 5 of 5 times" in html
    owner.post(f"/admin/order/{number}/renew", {"delivery": 1})
    [unit] = stored(select(Delivery))
    assert unit.downloads < unit.downloads_allowed
    assert unit.expires_at > clock.now()


def test_a_delivery_of_another_order_is_not_renewed_here(rows, owner):
    """The number in the form belongs to the order in the address."""
    with rows():
        make.order()
        make.delivery(make.order(state="fulfilled"), state="delivered", file="a.pdf")
    assert owner.post("/admin/order/1/renew", {"delivery": 1}).status_code == 400


def test_the_timeline_says_who_did_what_and_when(transfer, rows, owner):
    """From the first to the last."""
    with rows():
        make.save(OrderEvent(order_id=transfer, who="customer", what="placed"))
    owner.post(f"/admin/order/{transfer}/confirm", {"payment": 1})
    listed = page(owner, transfer).split('class="sb-timeline"')[1]
    told = re.findall(r"<span>([^<]+?)</span>", listed)
    assert told[0] == "Ana ordered 1 × PhotoPro for $49.00"
    assert {"Olga confirmed that the money is there", "The order is paid", "Ana has everything"} <= set(told)


def test_a_unit_without_a_key_leads_to_where_keys_are_added(rows, owner):
    """Paid, and no key left: one click to the product's box for keys."""
    with rows():
        order = make.order(state="paid")
        make.delivery(order, state="no_stock")
        number, product = order.id, order.lines[0].product_id
    html = page(owner, number)
    assert f"/admin/product/edit/?id={product}#goods" in html
    assert "paid, no key left" in html


def test_an_agent_resends_and_leaves_the_money_alone(transfer, somebody):
    """What would be refused is not offered."""
    html = page(somebody("agent"), transfer)
    assert "The money has arrived" not in html
    assert "Cancel the order" not in html


@pytest.fixture
def paid(rows) -> int:
    """An order of two files for 10.00, paid and delivered."""
    with rows():
        order = make.order(what=make.product(kind="file", price=500), quantity=2, state="fulfilled")
        make.payment(order, state="confirmed")
        for position in (1, 2):
            make.delivery(order, position=position, state="delivered", file="a.pdf")
        return order.id


def test_a_part_of_the_money_goes_back_with_the_unit_it_was_for(paid, owner, stored, work):
    """Staff say how much, why and which unit; a transfer is then theirs to send, and noted as sent."""
    assert "Give money back" in page(owner, paid)
    form = {"payment": 1, "amount": "5,00", "why": "broken file", "unit": 1}
    answer = owner.post(f"/admin/order/{paid}/give-back", form, follow_redirects=True)
    assert "The money goes back" in answer.text
    work()
    [refund] = stored(select(Refund))
    assert (refund.amount, refund.state, refund.units) == (500, "needs_staff", [1])
    assert "Money to give back by hand" in owner.get("/admin/").text
    assert "I have given it back" in page(owner, paid)
    owner.post(f"/admin/order/{paid}/gave-back", {"refund": refund.id})
    assert stored(select(Refund.state)) == ["done"]
    assert sorted(stored(select(Delivery.state))) == ["delivered", "revoked"]
    assert stored(select(Order.state)) == ["fulfilled"]
    assert "Money to give back by hand" not in owner.get("/admin/").text


def test_a_unit_on_its_way_back_is_not_offered_and_not_taken_again(paid, owner, stored):
    """Whoever still has the page of a moment ago sends no money twice."""
    assert page(owner, paid).count("Refund this one") == 2
    form = {"payment": 1, "amount": "5.00", "unit": 1}
    for sent in ({}, {"sent": 1}, {"sent": 1}):
        answer = owner.post(f"/admin/order/{paid}/give-back", {**form, **sent}, follow_redirects=True)
    assert "this was given back, or is on its way" in answer.text
    assert stored(select(Refund.units)) == [[1]]
    html = page(owner, paid)
    assert html.count("Refund this one") == 1
    assert 'name="unit" value="1"' not in html
    assert 'name="unit" value="2"' in html


def test_no_more_than_was_paid_goes_back(paid, owner, stored):
    """And nothing that is no amount."""
    for amount in ("", "abc", "0", "-1", "10.01", "1.999", "1e9", "5.000", "5,000", "1e0", "0_5"):
        answer = owner.post(
            f"/admin/order/{paid}/give-back", {"payment": 1, "amount": amount}, follow_redirects=True
        )
        assert "alert-danger" in answer.text, amount
    assert stored(select(Refund)) == []


def test_money_of_another_order_is_not_given_back_here(rows, paid, owner, stored):
    """Nor another order's refund ticked off, nor another order's unit ended."""
    with rows():
        other = make.order(state="fulfilled")
        payment = make.payment(other, state="confirmed")
        unit = make.delivery(other, state="delivered").id
        make.save(Refund(payment_id=payment.id, amount=1, currency="USD", state="needs_staff"))
        foreign = payment.id
    address = f"/admin/order/{paid}"
    assert owner.post(f"{address}/give-back", {"payment": foreign, "amount": "1"}).status_code == 400
    assert owner.post(f"{address}/gave-back", {"refund": 1}).status_code == 400
    owner.post(f"{address}/give-back", {"payment": 1, "amount": "1", "unit": unit})
    assert len(stored(select(Refund))) == 1
    assert stored(select(Refund.state)) == ["needs_staff"]


def picture(colour: str = "red") -> bytes:
    """A small JPEG."""
    out = BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def photographed(rows, twilio) -> int:
    """An order whose buyer has sent a picture of the transfer."""
    with rows():
        thing = make.product()
        stock.add_keys(thing.id, ["KEY-0001"])
        chat = make.chat("Ana")
        order = make.order(chat, thing)
        medium = twilio.holds(picture(), "image/jpeg")
        proof = make.message(chat, "in", "", media=[asdict(medium)])
        make.payment(order, proof_id=proof.id)
        return order.id


def test_the_picture_of_a_transfer_is_seen_and_confirmed_beside_the_order(photographed, owner, stored, work):
    """From the first page: the order, then one click, and the key is on its way."""
    assert f"/admin/order/details/?id={photographed}" in owner.get("/admin/").text
    html = page(owner, photographed)
    [address] = re.findall(r'<img src="([^"]+)" alt="Picture of the transfer"', html)
    shown = owner.get(address)
    assert (shown.status_code, shown.mimetype, shown.data) == (200, "image/jpeg", picture())
    assert "data-confirm" not in html.split("The money has arrived")[0].rsplit("<form", 1)[1]
    owner.post(f"/admin/order/{photographed}/confirm", {"payment": 1})
    work()
    assert stored(select(Delivery.state)) == ["delivered"]
    assert address in page(owner, photographed)


def test_a_picture_of_another_chat_or_account_is_not_opened(photographed, rows, owner, twilio):
    """The address of one chat opens nothing of another, and our key goes to nobody else."""
    with rows():
        other = make.chat("Bob")
        make.message(
            other, "in", "", media=[{"url": "https://example.com/x.jpg", "content_type": "image/jpeg"}]
        )
        gone = f"https://api.twilio.com/2010-04-01/Accounts/{twilio.account}/Messages/MM1/Media/ME1"
        make.message(other, "in", "", media=[{"url": gone, "content_type": "image/jpeg"}])
    assert owner.get("/admin/conversation/2/media/1/0").status_code == 404
    assert owner.get("/admin/conversation/1/media/1/7").status_code == 404
    refused = owner.get("/admin/conversation/2/media/2/0")
    assert refused.status_code == 404
    assert "no address of Twilio" in refused.text
    assert owner.get("/admin/conversation/1/media/1/0").status_code == 200


def test_what_a_browser_might_run_is_only_saved(rows, owner, twilio):
    """A customer's page or drawing with script in it is a download of no kind."""
    with rows():
        medium = twilio.holds(b"<script>alert(1)</script>", "text/html")
        make.message(make.chat(), "in", "", media=[asdict(medium)])
    answer = owner.get("/admin/conversation/1/media/1/0")
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.fixture
def delivered(rows):
    """A key and a link that were bought and delivered, told in the chat, and a product's link."""
    with rows():
        key, course = make.product(), make.product(kind="link", link="https://course.example/paid")
        order = make.order(what=key, state="fulfilled")
        make.delivery(order, state="delivered", secret=KEY)
        other = make.order(order.conversation, course, state="fulfilled")
        make.delivery(other, state="delivered", link=course.link)
        said = f"Here it is: {links.delivery_url(order.lines[0].id)} and {links.pay_url(order.id)}"
        make.message(order.conversation, "out", said)
        return order.id, other.id, course.id, order.conversation_id


def test_what_was_bought_is_opened_by_whoever_may_deliver_and_the_audit_says_so(delivered, somebody, stored):
    """In a tab of its own, by a button that writes it down first; a line of another order opens nothing."""
    order, other, _course, chat = delivered
    agent = somebody("agent")
    html = page(agent, order)
    assert f'action="/admin/order/{order}/open"' in html
    assert f'action="/admin/order/{order}/open"' in agent.get(f"/admin/conversation/details/?id={chat}").text
    assert "/d/" not in html
    opened = agent.post(f"/admin/order/{order}/open", {"line": 1})
    assert (opened.status_code, opened.location[:3]) == (303, "/d/")
    assert KEY in agent.get(opened.location).text
    [entry] = stored(select(AuditEntry).where(AuditEntry.what == "opened"))
    assert (entry.model, entry.row, entry.who) == ("order", str(order), "Agent (agent@example.com)")
    assert agent.post(f"/admin/order/{other}/open", {"line": 1}).status_code == 400
    assert len(stored(select(AuditEntry).where(AuditEntry.what == "opened"))) == 1


def test_who_only_looks_finds_no_way_to_the_goods(delivered, somebody):
    """Neither the link to the page with the key, nor to pay, nor the address that is sold."""
    order, other, course, chat = delivered
    viewer = somebody("viewer")
    pages = [
        f"/admin/order/details/?id={order}",
        f"/admin/order/details/?id={other}",
        f"/admin/conversation/details/?id={chat}",
        "/admin/conversation/",
        "/admin/message/",
        "/admin/message/details/?id=1",
        "/admin/delivery/",
        "/admin/delivery/details/?id=2",
        f"/admin/product/details/?id={course}",
    ]
    for address in pages:
        answer = viewer.get(address)
        assert answer.status_code == 200, address
        assert not re.search(r"/(d|pay)/[\w.-]{8}", answer.text), address
        assert "course.example" not in answer.text, address
        assert KEY not in answer.text, address
    assert viewer.post(f"/admin/order/{order}/open", {"line": 1}).status_code == 403
