"""Daily tasks with customers, by visible role and name alone, each in as few actions as was promised."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from salesbot import clock
from salesbot.models import Conversation, Delivery, LicenceKey, Message, Order, Refund
from salesbot.services import stock
from tests.admin import rows as make

both_sizes = pytest.mark.parametrize("desk", ["desk", "phone"], indirect=True)


class Counted:
    """Somebody who clicks and types by names; each click and each filled field is one action."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.actions = 0
        page.goto(f"{address}/admin/")

    def clicks(self, role: str, name: str, nth: int = 0) -> None:
        self.actions += 1
        self.page.get_by_role(role, name=name).nth(nth).click()
        self.page.wait_for_load_state()

    def opens(self, words: str) -> None:
        self.actions += 1
        self.page.get_by_text(words, exact=True).first.click()

    def menu(self, name: str) -> None:
        """The menu drops down on a phone; opening it is not counted as it stands open at a desk."""
        if self.page.viewport_size["width"] < 900:
            self.page.get_by_role("button", name="Menu").click()
        self.clicks("link", name)

    def fills(self, label: str, words: str) -> None:
        self.actions += 1
        self.page.get_by_label(label).fill(words)


@pytest.fixture
def line(rows) -> int:
    """A shop in which something waits for each task; the order line of three keys."""
    with rows():
        thing = make.product(title="PhotoPro", price=1000)
        stock.add_keys(thing.id, [f"KEY-000{n}" for n in range(5)])
        ana = make.chat("Ana", person_wanted_at=clock.now(), answered_by="person")
        make.message(ana, "in", "help")
        paying = make.order(make.chat("Bob"), thing, number="PHOTO23")
        make.payment(paying, proof_id=make.message(paying.conversation, "in", "").id)
        bought = make.order(make.chat("Cid"), thing, quantity=3, state="fulfilled", number="THREE23")
        make.payment(bought, state="confirmed")
        number = bought.lines[0].id
        for position in (1, 2, 3):
            unit = make.delivery(bought, position=position, state="delivered")
            key = make.db.session.scalars(select(LicenceKey).where(LicenceKey.delivery_id.is_(None))).first()
            key.delivery_id = unit.id
            make.db.session.flush()
        late = make.chat("Dee", last_inbound_at=clock.now() - timedelta(days=2))
        make.message(late, "out", "your file", state="undelivered", error_code="63016")
    return number


@both_sizes
def test_the_promised_number_of_actions_is_enough(desk, address, line, stored):
    """A transfer's photo, a waiting person, a lost key, one of three units back, a message that failed."""
    photo = Counted(desk, address)
    photo.clicks("link", "PHOTO23")
    photo.clicks("button", "The money has arrived")
    desk.get_by_text("The money is confirmed.").wait_for()
    assert stored(select(Order.state).where(Order.number == "PHOTO23")) == ["fulfilled"]
    assert photo.actions <= 2

    answer = Counted(desk, address)
    answer.clicks("link", "Ana")
    answer.fills("Your message", "I am here.")
    answer.clicks("button", "Send")
    desk.locator(".chat-out", has_text="I am here.").wait_for()
    answer.clicks("button", "Hand back")
    desk.get_by_text("the bot answers", exact=True).wait_for()
    assert stored(select(Conversation.answered_by).where(Conversation.id == 1)) == ["bot"]
    assert answer.actions <= 4

    again = Counted(desk, address)
    again.menu("Orders")
    again.clicks("link", "THREE23")
    again.clicks("button", "Send it again")
    desk.get_by_text("It is on its way again.").wait_for()
    assert again.actions <= 3

    back = Counted(desk, address)
    back.menu("Orders")
    back.clicks("link", "THREE23")
    back.opens("Refund this one")
    back.clicks("button", "I have sent the money back")
    desk.get_by_text("Noted; the customer is told.").wait_for()
    assert stored(select(Refund.amount)) == [1000]
    states = stored(select(Delivery.state).where(Delivery.line_id == line))
    assert sorted(states) == ["delivered", "delivered", "revoked"]
    assert "We have sent $10.00 back" in stored(select(Message.body).order_by(Message.id.desc()))[0]
    assert back.actions <= 4

    why = Counted(desk, address)
    why.clicks("link", "Dee")
    desk.get_by_text("WhatsApp lets a shop write freely only within 24 hours").wait_for()
    desk.get_by_role("button", name="Try again").wait_for()
    assert why.actions <= 3
