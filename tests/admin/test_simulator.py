"""Phones in the back office: the customer's way, on any shop, for staff alone, and what goes on inside."""

from __future__ import annotations

import subprocess
import sys

import pytest
from sqlalchemy import select

from salesbot.models import Conversation, Message, Order, ShopSetting
from salesbot.worker import Worker
from tests.admin import rows as make


def says(person, words: str, phone: int = 0, **fields) -> list[str]:
    """What the phone shows after these words."""
    answer = person.post(f"/admin/simulator/{phone}/messages", {"text": words, **fields})
    assert answer.status_code == 200
    return [message["text"] for message in answer.json["messages"]]


@pytest.fixture
def shop(rows) -> None:
    """A shop with one thing to buy."""
    with rows():
        thing = make.product(title="PhotoPro", price=0, category=make.category(title="Software"))
        make.stock_up(thing, ["FREE-0001"])
        paid = make.product(title="Editor", category=thing.category)
        make.stock_up(paid, ["PAID-0001", "PAID-0002"])


def test_staff_talk_to_the_shop_as_a_customer_would(shop, owner, stored):
    """Through the same dispatcher: stored, answered, and readable as a conversation."""
    owner.get("/admin/simulator/")
    shown = says(owner, "hi")
    assert shown[0] == "hi"
    assert "Software" in shown[1]
    assert stored(select(Conversation.channel)) == ["simulator"]
    assert "Software" in owner.get("/admin/conversation/details/?id=1").text


def test_several_customers_write_at_once(shop, owner, somebody, stored):
    """Each phone is a customer of its own; nobody reads another's, nor one of a colleague."""
    agent = somebody("agent")
    owner.get("/admin/simulator/")
    says(owner, "hi")
    owner.post("/admin/simulator/new")
    page = owner.get("/admin/simulator/?phone=1").text
    assert "Customer 1" in page
    assert owner.get("/admin/simulator/1/messages").json["messages"] == []
    says(owner, "hello", phone=1)
    assert [len(owner.get(f"/admin/simulator/{n}/messages").json["messages"]) for n in (0, 1)] == [2, 2]
    assert len(stored(select(Conversation))) == 2
    agent.get("/admin/simulator/")
    assert agent.get("/admin/simulator/0/messages").json["messages"] == []
    assert agent.get("/admin/simulator/1/messages").status_code == 404
    for _ in range(9):
        owner.post("/admin/simulator/new")
    assert owner.get("/admin/simulator/6/messages").status_code == 404


def test_each_answer_says_who_made_it_and_the_chat_what_it_remembers(shop, owner):
    """The plugin, the milliseconds, the length, what WhatsApp makes of the choices; and the state."""
    owner.get("/admin/simulator/")
    says(owner, "hi")
    seen = owner.get("/admin/simulator/0/messages").json
    [mine, theirs] = seen["messages"]
    assert mine["about"] == ""
    maker, took, length, shape = theirs["about"].split(" · ")
    assert maker == "greeting"
    assert took.endswith(" ms")
    assert length.endswith(" of 1600 characters")
    assert shape == "fits 3 buttons"
    state = seen["state"]
    assert state["answered_by"] == "bot"
    assert "Software" in state["offered"]
    assert state["window_open"] is True


def test_time_passes_for_one_simulated_customer_alone(shop, owner, app, stored, rows):
    """The window closes, what is unasked waits, the unpaid order ends; a real customer's does not."""
    with rows():
        make.order(number="REAL001")
    owner.get("/admin/simulator/")
    for words in ("hi", "Editor", "Buy"):
        says(owner, words)
    assert stored(select(Order.state)) == ["pending", "pending"]
    owner.post("/admin/simulator/0/forward", {"hours": "25"})
    Worker(app).drain()
    assert stored(select(Order.state).order_by(Order.id)) == ["pending", "expired"]
    state = owner.get("/admin/simulator/0/messages").json["state"]
    assert state["window_open"] is False
    assert state["waiting"] == ["waits until the customer writes"]
    assert state["language"] == "English"
    assert "WhatsApp takes no free text here now" in owner.get("/admin/conversation/details/?id=2").text
    says(owner, "hi")
    Worker(app).drain()
    assert "held" not in stored(select(Message.state))
    for hours in ("0", "-1", "x", "nan", "999999"):
        assert owner.post("/admin/simulator/0/forward", {"hours": hours}).status_code == 400


def test_a_saved_chat_is_a_test_that_pytest_runs(shop, owner, app, tmp_path):
    """From hi to the key, with a pick, words and something that is free: saved, run, green."""
    owner.get("/admin/simulator/")
    assert owner.get("/admin/simulator/0/test_saved_chat.py").status_code == 404
    for words in ("hi", "1", "a strange word", "PhotoPro", "Get it"):
        says(owner, words)
        Worker(app).drain()
    owner.post("/admin/simulator/0/messages", {"choice": "orders"})
    saved = owner.get("/admin/simulator/0/test_saved_chat.py")
    assert saved.headers["Content-Disposition"] == "attachment; filename=test_saved_chat.py"
    assert "FREE-0001" not in saved.text
    assert "assert said(customer.says('a strange word')) == [\n        'Sorry" in saved.text
    file = tmp_path / "saved" / "test_saved_chat.py"
    file.parent.mkdir()
    file.write_text(saved.text, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)]
    run = subprocess.run(command, cwd=file.parent, capture_output=True, text=True, timeout=240, check=False)
    assert "1 passed" in run.stdout, run.stdout + saved.text


def test_strange_numbers_and_empty_words_change_nothing(owner, stored):
    """Neither an error nor a message."""
    owner.get("/admin/simulator/")
    for after in ("", "x", "-1", "9" * 30, "٣"):
        assert owner.get("/admin/simulator/0/messages", query_string={"after": after}).status_code == 200
    assert says(owner, "   ") == []
    assert stored(select(Message)) == []


def test_whoever_may_not_answer_has_no_phone(somebody):
    """It makes customers and orders."""
    viewer = somebody("viewer")
    assert viewer.get("/admin/simulator/").status_code == 403
    assert "Simulator" not in viewer.get("/admin/").text


def test_a_saved_chat_holds_no_goods_and_only_settings_that_anybody_may_know(shop, owner, rows, somebody):
    """An agent may save it: no account, no bank details, no address that is sold."""
    with rows():
        course = make.product(title="Course", kind="link", price=0, link="https://course.example/paid-only")
        course.delivery_text = "See https://course.example/paid-too"
        make.product(title="Seat", kind="seat", options={"room": "paid-room", "size": 3})
        for name, value in (
            ("TWILIO_ACCOUNT_SID", "AC" + "1" * 32),
            ("payment_manual.account", "DE00 1234"),
            ("SHOP_NAME", "Ana"),
        ):
            make.save(ShopSetting(name=name, value=value))
    agent = somebody("agent")
    agent.get("/admin/simulator/")
    for words in ("hi", "Course"):
        says(agent, words)
    saved = agent.get("/admin/simulator/0/test_saved_chat.py").text
    assert "'Course'" in saved
    assert "catalogue.setting('SHOP_NAME', 'Ana')" in saved
    for secret in ("AC1", "DE00", "paid-only", "paid-too", "paid-room"):
        assert secret not in saved
