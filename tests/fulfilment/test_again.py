"""Getting again what was bought: at any time, from every state of the chat, and for the buyer only."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from salesbot import fulfilment
from salesbot.database import db, transaction
from salesbot.errors import WrongState
from salesbot.models import Conversation, Customer, CustomerAddress, Order, OrderEvent
from salesbot.services import customers as joining
from salesbot.testing.customer import link_in

pytestmark = pytest.mark.both_databases

ASKING = ["my orders", "I lost my key", "get it again", "My Orders!", "where is my order?"]


def buy(customer, title):
    customer.says(title)
    customer.picks("Buy")
    return customer.pays()


def order_of(app, customer):
    with app.app_context():
        found = db.session.scalar(
            select(Order.id)
            .join(Conversation, Conversation.id == Order.conversation_id)
            .where(Conversation.address == customer.address)
            .order_by(Order.id.desc())
        )
        db.session.rollback()
        return found


def customer_of(app, customer):
    with app.app_context():
        found = db.session.scalar(
            select(CustomerAddress.customer_id).where(CustomerAddress.address == customer.address)
        )
        db.session.rollback()
        return found


@pytest.mark.parametrize("words", ASKING)
def test_the_words_that_people_use_give_it_again(customer, catalogue, words):
    catalogue.key("Editor", keys=["ED-1"])
    buy(customer, "Editor")
    assert "ED-1" in customer.says(words)[0].text


@pytest.mark.parametrize("state", ["menu", "product", "cart", "waiting order", "question", "months later"])
def test_it_comes_again_whatever_the_chat_is_doing(customer, catalogue, clock, state):
    catalogue.key("Editor", keys=["ED-1", "ED-2", "ED-3"])
    buy(customer, "Editor")
    if state == "menu":
        customer.says("menu")
    if state in {"product", "waiting order", "question"}:
        customer.says("Editor")
    if state == "waiting order":
        customer.picks("Buy")
    if state == "question":
        customer.picks("Buy several")
        customer.says("menu")
    if state == "cart":
        customer.says("my cart")
    if state == "months later":
        clock.move(days=200)
    again = customer.says("I lost my key")
    assert "ED-1" in again[0].text
    assert "ED-2" not in again[0].text, "an unpaid order gives nothing"


def test_somebody_else_gets_nothing_of_it_by_its_number(app, customers, catalogue):
    catalogue.key("Editor", keys=["ED-1"])
    catalogue.file("Book")
    ana, eve = customers("Ana"), customers("Eve")
    buy(ana, "Editor")
    key = order_of(app, ana)
    buy(ana, "Book")
    book = order_of(app, ana)
    for number in (key, book):
        answer = "\n".join(reply.text for reply in eve.taps(f"orders:{number}"))
        assert answer, "a kind answer with a way on"
        assert "ED-1" not in answer
        assert "/d/" not in answer
    assert "not bought anything" in eve.says("my orders")[0].text
    with app.app_context():
        assert fulfilment.delivery_reply(key, customer_of(app, eve)) is None
        db.session.rollback()


@pytest.mark.parametrize("number", ["0", "999999", "9" * 30, "-1", "1 OR 1=1", ""])
def test_a_number_that_was_never_given_does_no_harm(customer, catalogue, number):
    catalogue.key("Editor", keys=["ED-1"])
    buy(customer, "Editor")
    for _time in range(6):
        assert customer.taps(f"orders:{number}")[0].text
    assert "ED-1" in customer.says("my orders")[0].text


def test_two_addresses_that_staff_join_have_everything(app, customers, catalogue, stored):
    catalogue.key("Editor", keys=["ED-1"])
    catalogue.file("Book")
    old, new = customers("Ana"), customers("Ana")
    buy(old, "Editor")
    buy(new, "Book")
    keep, gone = customer_of(app, new), customer_of(app, old)
    with app.app_context(), transaction():
        joined = joining.join(keep, gone, who="ben")
        assert sorted(one.address for one in joined.addresses) == sorted([old.address, new.address])
    for phone in (old, new):
        listed = phone.says("my orders")[0]
        assert [choice.title for choice in listed.choices][:2] == ["Book", "Editor"]
        assert "ED-1" in phone.picks("Editor")[0].text
        phone.says("my orders")
        assert link_in(phone.picks("Book")[0].text, "/d/")
    assert stored(select(Customer.id)) == [keep]
    assert set(stored(select(Conversation.customer_id))) == {keep}
    [event] = stored(select(OrderEvent).where(OrderEvent.what == "joined customers"))
    assert (event.who, event.why) == ("ben", f"it was bought by Ana ({gone})")


def test_somebody_who_said_stop_from_one_address_stays_in_peace(app, customers, catalogue, stored):
    old, new = customers("Ana"), customers("")
    old.says("hi")
    old.says("stop")
    new.says("hi")
    with app.app_context(), transaction():
        joining.join(customer_of(app, new), customer_of(app, old), who="ben")
    [one] = stored(select(Customer))
    assert one.stopped_at is not None
    assert one.name == "Ana", "a name that is known is kept"


def test_a_joined_customer_who_writes_from_the_old_address_is_no_new_one(app, customers, catalogue, stored):
    catalogue.key("Editor", keys=["ED-1"])
    old, new = customers("Ana"), customers("Ana")
    old.says("hi")
    new.says("hi")
    with app.app_context(), transaction():
        joining.join(customer_of(app, new), customer_of(app, old), who="ben")
    buy(old, "Editor")
    assert "ED-1" in new.says("my orders")[0].text
    assert len(stored(select(Customer))) == 1


@pytest.mark.parametrize("pair", [("own", "own"), ("own", "nobody"), ("nobody", "own")])
def test_nonsense_is_refused_and_changes_nothing(app, customer, stored, pair):
    customer.says("hi")
    ids = {"own": customer_of(app, customer), "nobody": 4711}
    with app.app_context(), pytest.raises(WrongState), transaction():
        joining.join(ids[pair[0]], ids[pair[1]], who="ben")
    assert stored(select(CustomerAddress.customer_id)) == [ids["own"]]


def test_a_customer_who_is_part_of_a_plugin_s_rows_stays_and_is_empty(app, customers, stored):
    old, new = customers("Ana"), customers("Ben")
    old.says("hi")
    new.says("hi")
    keep, gone = customer_of(app, new), customer_of(app, old)
    with app.app_context(), transaction():
        db.session.execute(
            db.text("CREATE TABLE club (member BIGINT REFERENCES customer(id) ON DELETE RESTRICT)")
        )
        db.session.execute(db.text("INSERT INTO club VALUES (:id)"), {"id": gone})
    try:
        with app.app_context(), transaction():
            joining.join(keep, gone, who="ben")
        assert sorted(stored(select(Customer.id))) == sorted([keep, gone])
        assert set(stored(select(CustomerAddress.customer_id))) == {keep}
    finally:
        with app.app_context(), transaction():
            db.session.execute(db.text("DROP TABLE club"))
