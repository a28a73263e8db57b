"""The phone in the back office: the customer's way, on any shop, for staff alone."""

from __future__ import annotations

from sqlalchemy import select

from salesbot.models import Conversation, Message
from tests.admin import rows as make


def says(person, words: str, **fields) -> list[str]:
    """What the phone shows after these words."""
    answer = person.post("/admin/simulator/messages", {"text": words, **fields})
    assert answer.status_code == 200
    return [message["text"] for message in answer.json["messages"]]


def test_staff_talk_to_the_shop_as_a_customer_would(rows, owner, stored):
    """Through the same dispatcher: stored, answered, and readable as a conversation."""
    with rows():
        make.product(title="PhotoPro", category=make.category(title="Software"))
    owner.get("/admin/simulator/")
    shown = says(owner, "hi")
    assert shown[0] == "hi"
    assert "Software" in shown[1]
    assert stored(select(Conversation.channel)) == ["simulator"]
    assert "Software" in owner.get("/admin/conversation/details/?id=1").text


def test_each_member_of_staff_has_a_phone_of_their_own(owner, somebody, stored):
    """Nobody reads or continues another's chat; a new phone is a new customer."""
    agent = somebody("agent")
    owner.get("/admin/simulator/")
    says(owner, "hi")
    assert agent.get("/admin/simulator/messages").json["messages"] == []
    agent.get("/admin/simulator/")
    says(agent, "hello")
    assert len(stored(select(Conversation))) == 2
    owner.get("/admin/simulator/")
    owner.post("/admin/simulator/new")
    assert owner.get("/admin/simulator/messages").json["messages"] == []


def test_strange_numbers_and_empty_words_change_nothing(owner, stored):
    """Neither an error nor a message."""
    owner.get("/admin/simulator/")
    for after in ("", "x", "-1", "9" * 30, "٣"):
        assert owner.get("/admin/simulator/messages", query_string={"after": after}).status_code == 200
    assert says(owner, "   ") == []
    assert stored(select(Message)) == []


def test_whoever_may_not_answer_has_no_phone(somebody):
    """It makes customers and orders."""
    viewer = somebody("viewer")
    assert viewer.get("/admin/simulator/").status_code == 403
    assert "Simulator" not in viewer.get("/admin/").text
