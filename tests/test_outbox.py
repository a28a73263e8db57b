"""What is sent unasked is written first, then sent once, in order, and tried again only where that is safe."""

import pytest
from sqlalchemy import select, update

from salesbot import Choice, Reply, outbox
from salesbot.channels import twilio_api
from salesbot.database import transaction
from salesbot.models import Conversation, Message, db
from salesbot.services import inbox
from salesbot.worker import Worker

pytestmark = pytest.mark.both_databases


@pytest.fixture
def ana(customers):
    """A customer on WhatsApp who has just written."""
    ana = customers("Ana", channel="twilio")
    ana.says("hi")
    return ana


@pytest.fixture
def say(app, stored):
    """The shop says something unasked."""

    def say(text, to, **reply):
        chat_id = stored(select(Conversation.id).where(Conversation.address == to.address))[0]
        with app.app_context(), transaction():
            return outbox.say(chat_id, Reply(text, **reply))

    return say


@pytest.fixture
def states(stored):
    """The states of all messages in the outbox or past it, in order."""

    def read(*columns):
        asked = select(*(columns or (Message.state,))).where(
            Message.direction == "out", Message.reply_to_id.is_(None)
        )
        return stored(asked.order_by(Message.id))

    return read


def test_a_message_is_sent_once_with_what_twilio_asks_for(say, ana, twilio, work, states):
    (number,) = say("Your parcel is here", ana, media_url="https://shop.example/media/a.png")
    work()
    work()
    (taken,) = twilio.messages
    assert (taken.to, taken.body) == (ana.address, "Your parcel is here")
    assert taken.media_url == "https://shop.example/media/a.png"
    assert taken.status_callback == (
        f"https://shop.example/webhooks/twilio/status?message={number}&attempt=1#rc=3&rp=ct,rt,5xx"
    )
    assert states() == ["queued"]
    assert states(Message.provider_id) == [taken.sid]


def test_what_is_not_committed_is_not_sent(app, say, ana, twilio, work, states):
    with app.app_context():
        outbox.say(db.session.scalar(select(Conversation.id)), Reply("never mind"))
        db.session.rollback()
    work()
    assert twilio.requests == 0
    assert states() == []


def test_a_long_message_arrives_in_parts_and_in_order(say, ana, twilio, work):
    say("\n".join(f"line {number}" for number in range(400)), ana, choices=[Choice("menu", "Menu")])
    work()
    assert len(twilio.messages) == 3
    assert "".join(taken.body for taken in twilio.messages).replace("\n", "") == (
        "".join(f"line {number}" for number in range(400)) + "1. Menu"
    )
    assert ana.replies[-1].choices[0].id == "menu"


@pytest.mark.parametrize(
    ("status", "code"), [(429, 20429), (429, 0), (500, 20500), (503, 0), (400, 63017), (400, 63018)]
)
def test_what_may_be_tried_again_is_with_growing_pauses(say, ana, twilio, work, states, clock, status, code):
    twilio.refuses(status, code, times=3)
    say("Good news", ana)
    pauses = []
    for attempt in (1, 2, 3):
        work()
        work()
        assert twilio.requests == attempt
        assert states() == ["waiting"]
        pauses.append((states(Message.send_at)[0] - clock.now()).total_seconds())
        clock.move(seconds=pauses[-1] + 1)
    assert pauses[0] > 0.5
    assert pauses == sorted(pauses)
    assert pauses[2] > 1.9 * pauses[1] > 3 * pauses[0]
    work()
    assert states() == ["queued"]
    assert [taken.body for taken in twilio.messages] == ["Good news"]
    assert states(Message.error_code) == [""]


def test_a_refused_connection_is_tried_again(salesbot_apps, twilio, say, ana, states, clock, work):
    nobody_there = salesbot_apps(TWILIO_API_URL="http://127.0.0.1:9")
    say("Good news", ana)
    Worker(nobody_there).drain()
    assert states() == ["waiting"]
    clock.move(minutes=1)
    work()
    assert states() == ["queued"]


@pytest.mark.parametrize("code", [21211, 21610, 63003, 63007, 63013, 63015, 63016, 63024])
def test_what_will_never_work_is_given_up_at_once(say, ana, twilio, work, states, clock, code):
    twilio.refuses(400, code)
    say("Good news", ana)
    work()
    clock.move(days=2)
    work()
    assert twilio.requests == 1
    assert states() == ["failed"]
    assert states(Message.error_code) == [str(code)]
    assert "refused by the test" in states(Message.error)[0]


def test_in_the_end_it_is_given_up(say, ana, twilio, work, states, clock):
    twilio.refuses(500, times=100)
    say("Good news", ana)
    for _day in range(outbox.MOST_ATTEMPTS + 3):
        work()
        clock.move(hours=1, minutes=1)
    assert twilio.requests == outbox.MOST_ATTEMPTS
    assert states() == ["failed"]


@pytest.fixture
def impatient(monkeypatch):
    """A client that waits a moment only."""
    monkeypatch.setattr(twilio_api, "TIMEOUT", 0.2)
    monkeypatch.setattr(twilio_api, "_of_thread", type(twilio_api._of_thread)())


@pytest.mark.parametrize("way", ["hangs", "hangs_up", "garbles"])
def test_when_nobody_can_tell_it_is_not_sent_again(say, ana, twilio, work, states, clock, impatient, way):
    getattr(twilio, way)()
    say("Your key: K-1", ana)
    work()
    clock.move(hours=2)
    work()
    assert states() == ["unknown"]
    assert states(Message.error)[0]
    assert len(twilio.messages) == twilio.requests == 1


def test_an_unknown_fate_does_not_hold_up_the_next_message(say, ana, twilio, work, states, impatient):
    twilio.hangs_up()
    say("first", ana)
    say("second", ana)
    work()
    assert states() == ["unknown", "queued"]


def claimed(app):
    """What a worker has done when it is killed between taking a message and hearing of it."""
    with app.app_context(), transaction():
        return outbox.claim()


def test_a_worker_that_was_killed_while_sending_leaves_an_unknown_fate(app, say, ana, twilio, states, clock):
    say("Your key: K-1", ana)
    assert len(claimed(app)) == 1
    Worker(app).drain()
    assert states() == ["sending"]
    clock.move(seconds=91)
    Worker(app).drain()
    assert states() == ["unknown"]
    assert "worker stopped" in states(Message.error)[0]
    assert twilio.requests == 0


def test_staff_may_send_an_unknown_one_again_or_say_that_it_arrived(
    app, say, ana, twilio, work, states, clock
):
    first, second = say("one", ana) + say("two", ana)
    for _message in (1, 2):
        claimed(app)
        clock.move(seconds=91)
        with app.app_context(), transaction():
            assert outbox.find_stale() == 1
    assert states() == ["unknown", "unknown"]
    with app.app_context(), transaction():
        inbox.send_again(first)
        inbox.it_arrived(second)
    work()
    assert states() == ["queued", "delivered"]
    assert [taken.body for taken in twilio.messages] == ["one"]


def test_two_workers_never_take_the_same_message(app, say, ana, customers, stored):
    ben = customers("Ben", channel="twilio")
    ben.says("hi")
    say("one", ana)
    say("two", ana)
    say("three", ben)
    taken = claimed(app) + claimed(app)
    assert sorted(message.text for _channel, message in taken) == ["one", "three"]


def test_messages_of_one_chat_go_one_after_the_other(say, ana, twilio, work, states, clock):
    for number in range(5):
        say(f"message {number}", ana)
    twilio.refuses(503)
    work()
    assert twilio.messages == []
    assert states() == ["waiting"] * 5
    clock.move(minutes=1)
    work()
    assert [taken.body for taken in twilio.messages] == [f"message {number}" for number in range(5)]


def test_one_chat_in_trouble_does_not_hold_up_another(say, ana, customers, twilio, work, states):
    ben = customers("Ben", channel="twilio")
    ben.says("hi")
    twilio.refuses(503)
    say("to Ana", ana)
    say("to Ben", ben)
    work()
    assert [taken.body for taken in twilio.messages] == ["to Ben"]
    assert states() == ["waiting", "queued"]


def test_after_24_hours_a_message_waits_until_the_customer_writes_again(
    say, ana, twilio, work, states, clock
):
    clock.move(hours=23, minutes=59)
    say("just in time", ana)
    work()
    clock.move(minutes=2)
    say("too late", ana)
    say("this too", ana)
    work()
    assert [taken.body for taken in twilio.messages] == ["just in time"]
    assert states() == ["queued", "held", "waiting"]
    clock.move(days=3)
    work()
    assert states()[1:] == ["held", "waiting"]


def test_what_was_held_comes_before_the_answer_to_the_message_that_released_it(
    say, ana, twilio, work, states, clock
):
    clock.move(hours=25)
    say("Your key: K-1", ana)
    say("Your other key: K-2", ana)
    work()
    replies = ana.says("menu")
    assert [reply.text.partition("\n")[0] for reply in replies] == [
        "Your key: K-1",
        "Your other key: K-2",
        "What would you like?",
    ]
    assert states() == ["queued", "queued"]


def test_a_chat_that_never_wrote_gets_nothing_unasked(app, say, ana, twilio, work, states):
    with app.app_context(), transaction():
        db.session.execute(update(Conversation).values(last_inbound_at=None))
    say("Hello?", ana)
    work()
    assert states() == ["held"]
    assert twilio.requests == 0


def test_the_simulated_phone_has_no_such_window(say, customer, work, clock):
    customer.says("hi")
    clock.move(days=30)
    say("Still there?", customer)
    assert customer.replies[-1].text == "Still there?"


def test_without_a_twilio_account_a_message_fails_in_words(salesbot_apps, say, ana, states):
    bare = salesbot_apps(TWILIO_ACCOUNT_SID="", TWILIO_AUTH_TOKEN="", TWILIO_WHATSAPP_NUMBER="")
    say("Good news", ana)
    Worker(bare).drain()
    assert states() == ["failed"]
    assert "no Twilio account" in states(Message.error)[0]


def test_a_wrong_token_is_no_reason_to_try_for_ever(salesbot_apps, twilio, say, ana, states):
    wrong = salesbot_apps(TWILIO_AUTH_TOKEN="wrong")
    say("Good news", ana)
    Worker(wrong).drain()
    assert states() == ["failed"]
    assert states(Message.error_code) == ["20003"]
    assert twilio.problems == ["20003: the account and its token do not fit"]
    twilio.problems.clear()


def test_choices_of_an_unasked_message_are_those_that_the_chat_shows(say, ana):
    say("Pick one", ana, choices=[Choice("menu", "Go on"), Choice("help", "Help me out")])
    assert ana.replies[-1].text == "Pick one\n\n1. Go on\n2. Help me out"
    assert "Write what you are looking for" in ana.says("2")[0].text


def test_a_secret_that_cannot_be_read_holds_up_nobody_else(app, say, ana, customers, twilio, work, states):
    """One damaged row must not keep all other messages from going out."""
    from salesbot.errors import KeyringError

    ben = customers("Ben", channel="twilio")
    ben.says("hi")
    say("damaged", ana)
    say("to Ben", ben)
    real = outbox.outgoing

    def outgoing(message, chat):
        if message.body == "damaged":
            raise KeyringError("SALESBOT_KEYRING lacks the key that this was encrypted with")
        return real(message, chat)

    outbox.outgoing = outgoing
    try:
        work()
    finally:
        outbox.outgoing = real
    assert [taken.body for taken in twilio.messages] == ["to Ben"]
    assert states() == ["failed", "queued"]
    assert "SALESBOT_KEYRING" in states(Message.error)[0]


def test_news_that_cannot_be_written_down_loses_no_other_news(
    app, say, ana, customers, twilio, work, states, monkeypatch
):
    """Twilio gives one message an id that another has already: that is odd, not the end."""
    ben = customers("Ben", channel="twilio")
    ben.says("hi")
    monkeypatch.setattr("salesbot.testing.twilio.sid", lambda prefix="SM": "SM" + "7" * 32)
    say("to Ana", ana)
    say("to Ben", ben)
    work()
    assert states() == ["queued", "unknown"]
