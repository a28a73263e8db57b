"""A conversation in a test reads like one, and says plainly what is wrong when it is not as expected."""

import pytest
from sqlalchemy import select

from salesbot import Choice, Location, Media, Reply, hookimpl
from salesbot.models import Message, Order
from salesbot.testing.customer import link_in


class Echo:
    """Repeats what arrived."""

    @hookimpl
    def salesbot_handle_message(self, message, chat):
        if message.location:
            return Reply(f"at {message.location.label}")
        if message.media:
            return Reply(f"got {message.media[0].content_type}")
        if message.text == "pictures":
            return Reply("Look", media_url="https://shop.example/media/a.png")
        if message.text == "pages":
            return Reply("Pick", [Choice(f"n:{n}", f"Line {n}") for n in range(1, 31)])
        if message.choice:
            return Reply(f"picked {message.choice}") if message.choice.startswith("n:") else None
        return None


ECHO = Echo()


@pytest.fixture
def salesbot_plugins():
    return [("echo", ECHO)]


@pytest.fixture(params=["simulator", "twilio"])
def salesbot_channel(request):
    return request.param


def test_what_a_customer_says_is_answered(customer, catalogue):
    catalogue.key("Editor licence", price=1900, keys=["K-1"])
    (reply,) = customer.says("hi")
    assert reply.text == (
        "Hi Sam! 👋 Welcome to Our shop. What would you like?\n\n1. Goods\n2. My orders\n3. Talk to a person"
    )
    assert [choice.title for choice in reply.choices] == ["Goods", "My orders", "Talk to a person"]
    assert reply.media_url is None


def test_a_line_is_picked_by_its_title_or_its_id_on_any_page(customer):
    customer.says("pages")
    assert customer.picks("Line 3")[0].text == "picked n:3"
    assert customer.picks("n:29")[0].text == "picked n:29"


def test_what_is_not_offered_cannot_be_picked(customer):
    customer.says("hi")
    with pytest.raises(AssertionError, match="'Books' is not offered; there is: My orders, Talk to a person"):
        customer.picks("Books")


def test_anything_that_a_phone_sends_can_be_sent(customer):
    picture = Media("https://example.com/a.jpg", "image/jpeg")
    assert customer.sends(media=[picture])[0].text == "got image/jpeg"
    assert customer.sends(location=Location(52.5, 13.4, "Berlin"))[0].text == "at Berlin"
    assert customer.says("pictures")[0].media_url == "https://shop.example/media/a.png"


def test_what_arrives_by_itself_is_among_the_replies(app, customer, catalogue):
    key = catalogue.key("Editor licence", keys=["K-1"])
    (reply,) = customer.taps(f"buy:{key.id}")
    assert link_in(reply.text, "/pay/").startswith("https://shop.example/pay/")
    (delivery,) = customer.pays()
    assert "K-1" in delivery.text
    assert customer.replies == [delivery]
    assert [one.text for one in customer.history] == [reply.text, delivery.text]
    assert customer.says("thanks")[0].text.startswith("You are welcome!")


def test_there_must_be_something_to_pay(customer):
    customer.says("hi")
    with pytest.raises(AssertionError, match="Sam has nothing to pay"):
        customer.pays()


def test_customers_do_not_read_each_others_messages(customers):
    ana, ben = customers("Ana"), customers("Ben")
    assert "Hi Ana!" in ana.says("hi")[0].text
    assert "Hi Ben!" in ben.says("hi")[0].text
    assert len(ana.history) == len(ben.history) == 1


def test_a_customer_may_have_any_address(customers, stored):
    from salesbot.models import Conversation

    customers("Ana", address="whatsapp:DE.abc").says("hi")
    assert stored(select(Conversation.address)) == ["whatsapp:DE.abc"]


def test_a_text_without_the_link_says_so():
    with pytest.raises(AssertionError, match="no link with /pay/ in: hello"):
        link_in("hello", "/pay/")


def test_the_clock_can_be_moved(customer, clock, catalogue, stored, work):
    key = catalogue.key("Editor licence", keys=1)
    customer.taps(f"buy:{key.id}")
    before = clock.now()
    clock.move(minutes=61)
    assert 3660 <= (clock.now() - before).total_seconds() < 3700
    assert "not paid in time" in customer.replies[-1].text
    assert stored(select(Order.state)) == ["expired"]


def test_the_clock_is_right_again_in_the_next_test():
    from datetime import UTC, datetime

    from salesbot import clock

    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 5


def test_a_shop_is_filled_in_a_word_each(app, customer, catalogue):
    key = catalogue.key("Editor licence", price=1900, keys=["K-1", "K-2", "K-1"], category="Licences")
    book = catalogue.file("Python book", price=900, content=b"%PDF", file_name="python.pdf")
    course = catalogue.link("Garden course", price=0, link="https://garden.example/1")
    assert (catalogue.left(key), catalogue.left(book), catalogue.left(course)) == (2, None, None)
    catalogue.stock(key, ["K-3"])
    catalogue.change(key, price=2500)
    assert catalogue.left(key) == 3
    assert "$25.00" in customer.taps(f"product:{key.id}")[0].text
    assert "https://garden.example/1" in customer.taps(f"buy:{course.id}")[-1].text


def test_each_test_begins_with_an_empty_shop(app, stored):
    assert stored(select(Message.id)) == []


def test_log_lines_are_pytests(app, customer, caplog):
    caplog.set_level("INFO")
    customer.says("hi")
    assert "answered by greeting" in caplog.text
