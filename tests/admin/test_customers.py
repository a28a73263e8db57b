"""The page of a customer, and joining two who are one person."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from salesbot.models import Conversation, ConversationEvent, Customer, Order, OrderEvent
from salesbot.services import shop
from tests.admin import rows as make

pytestmark = pytest.mark.both_databases


@pytest.fixture
def twice(rows) -> tuple[int, int]:
    """Ana, who writes from two numbers and bought something from each."""
    with rows():
        first, second = make.chat("Ana"), make.chat("Ana M.")
        make.order(first, state="paid")
        make.order(second, state="paid")
        make.chat("Bob")
        return first.customer_id, second.customer_id


def test_two_who_are_one_person_are_joined_by_choosing_and_confirming(twice, owner, stored):
    """Found by a part of the name, shown side by side, then joined; both chats and orders say so."""
    keeps, goes = twice
    page = owner.get(f"/admin/customer/details/?id={keeps}&find=ana").text
    assert f"/admin/customer/{keeps}/join/{goes}" in page
    assert "Bob" not in page
    assert "Ana M." in owner.get(f"/admin/customer/{keeps}/join/{goes}").text
    answer = owner.post(f"/admin/customer/{keeps}/join", {"other": goes}, follow_redirects=True)
    assert "They are one customer now" in answer.text
    assert sorted(stored(select(Customer.name))) == ["Ana", "Bob"]
    assert stored(select(Order.customer_id)) == [keeps, keeps]
    assert stored(select(Conversation.customer_id).order_by(Conversation.id))[:2] == [keeps, keeps]
    [line] = stored(select(ConversationEvent))
    assert (line.who, line.what) == ("Olga", "joined")
    assert "Ana M." in line.text
    assert stored(select(OrderEvent.who).where(OrderEvent.what == "joined customers")) == ["Olga"]


def test_nobody_is_joined_with_themselves_or_with_nobody(twice, owner, stored):
    """A wrong number changes nothing, and the page says so."""
    keeps, _goes = twice
    for other in (keeps, 999):
        owner.get(f"/admin/customer/details/?id={keeps}")
        answer = owner.post(f"/admin/customer/{keeps}/join", {"other": other}, follow_redirects=True)
        assert "alert-danger" in answer.text
        assert owner.get(f"/admin/customer/{keeps}/join/{other}").status_code == 404
    assert len(stored(select(Customer))) == 3
    assert "Nobody else is found" in owner.get(f"/admin/customer/details/?id={keeps}&find=Zoe").text


def test_whoever_only_answers_joins_nobody(twice, somebody):
    """It changes who may get what was bought."""
    keeps, goes = twice
    agent = somebody("agent")
    assert "Join with another" not in agent.get(f"/admin/customer/details/?id={keeps}").text
    assert agent.post(f"/admin/customer/{keeps}/join", {"other": goes}).status_code == 403


def test_a_customers_language_is_one_that_the_shop_speaks(rows, owner, stored):
    """Or the one that they have had; nothing else is kept, and nothing is lost with another change."""
    with rows():
        shop.save("LANGUAGES", "en, es, pt")
        ana, ben = make.chat("Ana").customer, make.chat("Ben").customer
        ben.language = "de"
        ana, ben = ana.id, ben.id
    form = owner.get(f"/admin/customer/edit/?id={ana}").text
    assert [code for code in ("en", "es", "pt", "de") if f'value="{code}"' in form] == ["en", "es", "pt"]
    refused = owner.post(f"/admin/customer/edit/?id={ana}", {"name": "Ana", "language": "pt-BR"})
    assert "Not a valid choice" in refused.text
    owner.post(f"/admin/customer/edit/?id={ana}", {"name": "Ana", "language": "pt"})
    assert 'value="de"' in owner.get(f"/admin/customer/edit/?id={ben}").text
    owner.post(f"/admin/customer/edit/?id={ben}", {"name": "Benjamin", "language": "de"})
    found = stored(select(Customer).order_by(Customer.id))
    assert [(one.name, one.language) for one in found] == [("Ana", "pt"), ("Benjamin", "de")]
