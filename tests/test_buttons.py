"""With buttons on, choices go out as WhatsApp's buttons and lists, and come back as picks."""

import threading

import pytest
from sqlalchemy import delete, func, select

from salesbot import Choice, Reply, hookimpl
from salesbot.channels import Outgoing, twilio_content
from salesbot.channels.twilio_api import account
from salesbot.database import db, transaction
from salesbot.demo import load_demo
from salesbot.models import ContentTemplate, Message, Product
from salesbot.services import shop
from salesbot.services.phone import screen
from salesbot.testing.customer import link_in

pytestmark = pytest.mark.both_databases


@pytest.fixture
def salesbot_config():
    return {"BUTTONS": True}


class Says:
    """A plugin that says what a test wants, and remembers what it was asked."""

    def __init__(self):
        self.answer = None
        self.heard = []

    @hookimpl(tryfirst=True)
    def salesbot_handle_message(self, message):
        self.heard.append(message)
        return self.answer


@pytest.fixture
def says():
    return Says()


@pytest.fixture
def salesbot_plugins(says):
    return [("says", says)]


@pytest.fixture
def salesbot_channel():
    return "twilio"


@pytest.fixture
def demo(app):
    with app.app_context(), transaction():
        load_demo()


def kinds(twilio):
    return [(taken.kind, len(taken.choices)) for taken in twilio.messages]


def test_from_hi_to_a_key_are_four_messages_and_three_taps(demo, app, customer, twilio):
    hello = customer.says("hi")[0]
    assert [choice.title for choice in hello.choices[:2]] == ["Focus Timer Pro", "Python by Example"]
    assert hello.choices[0].detail == "$19.00"
    customer.picks("Focus Timer Pro")
    assert link_in(customer.picks("Buy")[0].text, "/pay/")
    customer.pays()
    assert "FOCUS-" in customer.replies[-1].text
    assert kinds(twilio) == [("list", 9), ("buttons", 3), ("buttons", 2), ("buttons", 2)]
    assert len(customer.history) == 4
    assert "1." not in hello.text


def test_the_phone_in_the_browser_draws_what_would_be_sent(demo, app, customers):
    ana = customers("Ana", channel="simulator")
    ana.says("hi")
    ana.picks("Focus Timer Pro")
    with app.app_context():
        shown = [message for message in screen("simulator", ana.address)["messages"] if not message["mine"]]
    assert [(message["style"], len(message["choices"])) for message in shown] == [("list", 9), ("buttons", 3)]
    assert "1." not in shown[0]["text"]


def test_typed_numbers_and_titles_are_understood_while_buttons_are_seen(demo, customer):
    customer.says("hi")
    assert "*Python by Example*" in customer.says("2")[0].text
    assert "How many" in customer.says("buy severl")[0].text


def test_a_tap_of_last_month_works_or_says_kindly_why_not(demo, customer, clock, catalogue, stored):
    timer = customer.says("hi")[0].choices[0].id
    customer.picks("E-books")
    clock.move(days=31)
    assert "*Focus Timer Pro*" in customer.taps(timer)[0].text
    catalogue.change(stored(select(Product).where(Product.title == "Focus Timer Pro"))[0], active=False)
    gone = customer.taps(timer)[0]
    assert "not here any more" in gone.text
    assert gone.choices
    customer.says("menu")
    assert "not here any more" in customer.taps("more:9:00000000")[0].text


def test_the_templates_are_made_once_and_used_for_everybody(demo, customers, twilio, stored):
    for name in ("Ana", "Ben"):
        customers(name).says("hi")
        customers(name).says("help")
    assert twilio.contents.made == 2
    assert len(stored(select(ContentTemplate.sid))) == 2


def test_a_template_that_was_deleted_at_twilio_is_made_again(demo, customer, twilio, stored):
    customer.says("hi")
    twilio.contents.held.clear()
    assert len(customer.says("hi")) == 1
    assert [taken.kind for taken in twilio.messages] == ["list", "list"]
    assert stored(select(ContentTemplate.sid)) == list(twilio.contents.held)


def test_what_another_installation_left_at_twilio_is_used(demo, app, customer, twilio, stored, salesbot_apps):
    customer.says("hi")
    with app.app_context(), transaction():
        db.session.execute(delete(ContentTemplate))
    twilio.connect(salesbot_apps())
    customer._app = twilio.target
    customer.says("hi")
    assert twilio.contents.made == 1


@pytest.mark.parametrize("code", [63021, 63013, 21656, 99999])
def test_refused_buttons_become_numbered_lines_once(app, says, customer, twilio, stored, code):
    says.answer = Reply("Hello", [Choice("menu", "Menu")])
    twilio.refuses(400, code, times=2 if code == 21656 else 1)
    assert [reply.text for reply in customer.says("x")] == ["Hello\n\n1. Menu"]
    assert [taken.kind for taken in twilio.messages] == [""]
    assert stored(select(Message.style).where(Message.direction == "out")) == [""]
    assert stored(select(Message.state).where(Message.direction == "out")) == ["queued"]
    says.answer = Reply("Yes", [Choice("menu", "Menu")])
    customer.says("1")
    assert says.heard[-1].choice == "menu"


def test_a_template_that_cannot_be_made_is_no_reason_to_be_silent(app, says, customer, twilio):
    says.answer = Reply("Hello", [Choice("menu", "Menu")])
    twilio.contents.refuses(403, 20403)
    assert customer.says("x")[0].text == "Hello\n\n1. Menu"
    twilio.contents.refuses(429, 20429)
    assert customer.says("x") == [], "Twilio has too much to do: it waits"


def test_buttons_that_whatsapp_refuses_later_come_again_as_numbers(app, says, customer, twilio, stored):
    says.answer = Reply("Hello", [Choice("menu", "Menu")])
    twilio.fails_later(63021)
    assert customer.says("x") == []
    twilio.catch_up()
    assert [reply.text for reply in customer.replies] == ["Hello\n\n1. Menu"]
    first = twilio.messages[0]
    twilio.reports(first.status_callback, first.sid, "failed", "63021")
    assert [reply.text for reply in customer.replies] == ["Hello\n\n1. Menu"]
    twilio.catch_up()
    assert stored(select(Message.state).where(Message.direction == "out")) == ["delivered"]
    assert len(twilio.messages) == 2


def test_what_is_wrong_with_the_address_is_not_tried_as_numbers(app, says, customer, twilio, stored):
    says.answer = Reply("Hello", [Choice("menu", "Menu")])
    twilio.refuses(400, 63015)
    customer.says("x")
    assert twilio.requests == 1
    assert stored(select(Message.error_code).where(Message.direction == "out")) == ["63015"]


def test_what_does_not_fit_stays_numbers_and_a_picture_stays_with_its_words(app, says, customer, twilio):
    says.answer = [
        Reply("Pick", [Choice("a:1", "A title of more than twenty-four letters")]),
        Reply("Look", [Choice("a:1", "Buy")], media_url="https://shop.example/media/a.png"),
        Reply("Hello"),
    ]
    answers = twilio.writes("x", sender=customer.address).messages
    assert [said.text.splitlines()[-1] for said in answers] == [
        "1. A title of more than twenty-four letters",
        "1. Buy",
        "Hello",
    ]
    assert twilio.requests == 0, "what holds no buttons needs no request of its own"


def test_two_workers_at_once_keep_one_template(app, salesbot_apps, twilio, stored):
    message = Outgoing(1, "whatsapp:+15550001111", "Hi", None, (Choice("menu", "Menu"),), "buttons")
    shape = twilio_content.shape_of(message)
    at_once, found = threading.Barrier(4), []

    def work(process):
        with process.app_context():
            at_once.wait()
            found.append(twilio_content.sid_of(shape, account()))

    threads = [threading.Thread(target=work, args=[salesbot_apps()]) for _process in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert found[:1] == stored(select(ContentTemplate.sid)) == list(twilio.contents.held)
    assert stored(select(func.count(Message.id))) == [0]


def test_the_switch_in_the_back_office_counts_with_the_next_message(salesbot_apps, twilio, customers):
    """It counts in every process, as long as the environment says nothing."""
    app = salesbot_apps()
    app.config["FIXED"] = app.config["FIXED"] - {"BUTTONS"}
    app.config["BUTTONS"] = False
    twilio.connect(app)
    customer = customers("Ana")
    customer._app = app
    assert "1. " in customer.says("hi")[0].text
    with app.app_context(), transaction():
        shop.save("BUTTONS", "1")
    assert "1. " not in customer.says("hi")[0].text
