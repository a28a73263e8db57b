"""Receipts move a message forward only, in whatever order they come, and find it by our own id."""

from itertools import permutations

import pytest
from sqlalchemy import select

from salesbot import Reply, outbox
from salesbot.database import transaction
from salesbot.models import Conversation, Message
from salesbot.services import inbox
from salesbot.testing.twilio_webhooks import sid


@pytest.fixture
def answered(app, twilio):
    """The `<Message>` of an answer by TwiML."""
    (said,) = twilio.writes("hi").messages
    return said


@pytest.fixture
def out(stored):
    def read(column=Message.state):
        return stored(select(column).where(Message.direction == "out"))

    return read


def test_a_receipt_for_an_answer_finds_it_by_our_id(answered, twilio, out):
    message_sid = sid()
    assert twilio.reports(answered.action, message_sid, "delivered").status == 204
    assert out() == ["delivered"]
    assert out(Message.provider_id) == [message_sid]


@pytest.mark.parametrize("order", list(permutations(["sent", "delivered", "read"])), ids=" ".join)
def test_in_any_order_the_furthest_word_stays(answered, twilio, out, order):
    message_sid = sid()
    for status in order:
        assert twilio.reports(answered.action, message_sid, status).status == 204
    assert out() == ["read"]


@pytest.mark.parametrize("order", list(permutations(["sent", "undelivered"])), ids=" ".join)
def test_a_failure_is_not_taken_back_by_an_earlier_word(answered, twilio, out, order):
    message_sid = sid()
    for status in order:
        twilio.reports(answered.action, message_sid, status, "63024" if status == "undelivered" else "")
    assert out() == ["undelivered"]
    assert out(Message.error_code) == ["63024"]


def test_the_same_receipt_again_changes_nothing(answered, twilio, out):
    message_sid = sid()
    for _time in range(3):
        assert twilio.reports(answered.action, message_sid, "failed", "63016").status == 204
    assert out() == ["failed"]


@pytest.mark.parametrize("status", ["", "teleported", "receiving", "DELIVERED", "x" * 5_000, "\x00"])
def test_an_unknown_word_changes_nothing(answered, twilio, out, status):
    assert twilio.reports(answered.action, sid(), status).status == 204
    assert out() == ["answered"]


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "query", ["?message=999999", "?message=", "", "?message=x", "?message=-1", "?message=" + "9" * 30]
)
def test_a_receipt_for_nothing_of_ours_is_passed_over(app, twilio, out, query):
    url = f"https://shop.example/webhooks/twilio/status{query}"
    assert twilio.reports(url, sid(), "delivered").status == 204


@pytest.mark.both_databases
def test_a_receipt_for_what_a_customer_wrote_changes_nothing(answered, twilio, stored):
    (inbound,) = stored(select(Message).where(Message.direction == "in"))
    url = f"https://shop.example/webhooks/twilio/status?message={inbound.id}"
    assert twilio.reports(url, sid(), "delivered").status == 204
    assert stored(select(Message.state).where(Message.direction == "in")) == ["received"]


def test_a_receipt_with_another_messages_sid_changes_nothing(answered, twilio, out):
    twilio.reports(answered.action, sid(), "sent")
    assert twilio.reports(answered.action, sid(), "delivered").status == 204
    assert out() == ["sent"]


@pytest.mark.both_databases
def test_a_sid_that_another_message_has_already_breaks_nothing(answered, twilio, stored, out):
    (inbound,) = stored(select(Message.provider_id).where(Message.direction == "in"))
    assert twilio.reports(answered.action, inbound, "delivered").status == 204


@pytest.fixture
def unasked(app, twilio, stored, answered):
    """A message in the outbox; its id."""
    with app.app_context(), transaction():
        (number,) = outbox.say(stored_chat(), Reply("Good news"))
    return number


def stored_chat():
    from salesbot.models import db

    return db.session.scalar(select(Conversation.id))


@pytest.fixture
def state(unasked, stored):
    def read(column=Message.state):
        return stored(select(column).where(Message.id == unasked))[0]

    return read


def status_url(number):
    return f"https://shop.example/webhooks/twilio/status?message={number}"


def test_a_receipt_may_come_before_the_answer_of_the_api(app, twilio, unasked, state):
    with app.app_context(), transaction():
        ((_channel, message),) = outbox.claim()
    message_sid = sid()
    twilio.reports(status_url(unasked), message_sid, "delivered")
    with app.app_context(), transaction():
        outbox.sent(message.id, message_sid)
    assert state() == "delivered"
    assert state(Message.provider_id) == message_sid


def test_a_failure_that_comes_before_the_answer_of_the_api_stays_known(app, twilio, unasked, state):
    with app.app_context(), transaction():
        ((_channel, message),) = outbox.claim()
    message_sid = sid()
    twilio.reports(status_url(unasked), message_sid, "failed", "63003")
    with app.app_context(), transaction():
        outbox.sent(message.id, message_sid)
    assert (state(), state(Message.error_code)) == ("failed", "63003")


@pytest.mark.parametrize("word", ["queued", "sent", "delivered"])
def test_a_receipt_settles_an_unknown_fate(app, twilio, unasked, state, word):
    with app.app_context(), transaction():
        outbox.claim()
        outbox.lost_sight(unasked, "the connection broke off")
    twilio.reports(status_url(unasked), sid(), word)
    assert state() == word


def test_a_receipt_for_one_that_waits_to_be_tried_again_is_proof_that_it_went(
    app, twilio, work, unasked, state, clock
):
    """Twilio answered 500 and sent it all the same: it must not go out twice."""
    twilio.refuses(500)
    work()
    assert state() == "waiting"
    twilio.reports(status_url(unasked), sid(), "delivered")
    clock.move(hours=1)
    work()
    assert state() == "delivered"
    assert twilio.requests == 1


def test_a_late_failure_is_shown_to_staff(twilio, work, unasked, state):
    twilio.fails_later(63016)
    work()
    assert state() == "queued"
    assert [answer.status for answer in twilio.catch_up()] == [204]
    assert (state(), state(Message.error_code)) == ("failed", "63016")


def test_all_that_was_taken_on_is_delivered_in_the_end(twilio, work, unasked, state):
    work()
    twilio.catch_up()
    assert state() == "delivered"
    assert twilio.catch_up() == []


@pytest.fixture
def sent_again(app, twilio, work, unasked, state):
    """A message that failed and was sent once more: where each of the two attempts is reported, and its sid."""
    twilio.fails_later(63016)
    work()
    twilio.catch_up()
    assert state() == "failed"
    with app.app_context(), transaction():
        inbox.send_again(unasked)
    assert state() == "waiting"
    return [(taken.status_callback, taken.sid) for taken in twilio.messages]


@pytest.mark.both_databases
@pytest.mark.parametrize("late", ["queued", "sent", "undelivered", "failed"])
def test_a_late_receipt_of_the_first_attempt_does_not_undo_send_again(twilio, work, sent_again, state, late):
    ((callback, first),) = sent_again
    assert twilio.reports(callback, first, late, "63016").status == 204
    assert state() == "waiting"
    work()
    assert twilio.reports(callback, first, late, "63016").status == 204
    assert (state(), state(Message.error_code)) == ("queued", "")
    twilio.catch_up()
    assert state() == "delivered"


def test_what_turns_out_to_have_arrived_is_not_sent_once_more(twilio, work, sent_again, state):
    ((callback, first),) = sent_again
    twilio.reports(callback, first, "delivered")
    work()
    assert state() == "delivered"
    assert len(twilio.messages) == 1


@pytest.mark.parametrize(
    "order", list(permutations([(0, "failed"), (0, "delivered"), (1, "sent"), (1, "failed")]))
)
def test_once_one_attempt_has_arrived_the_message_has_in_any_order(twilio, work, sent_again, state, order):
    work()
    attempts = [(taken.status_callback, taken.sid) for taken in twilio.messages]
    assert len(attempts) == 2
    for number, word in order:
        assert twilio.reports(*attempts[number], word, "63016" if word == "failed" else "").status == 204
    assert (state(), state(Message.error_code)) == ("delivered", "")


def test_an_answer_that_failed_can_be_sent_again_in_spite_of_its_late_receipts(
    app, twilio, work, answered, out, stored
):
    message_sid = sid()
    twilio.reports(answered.action, message_sid, "failed", "63016")
    with app.app_context(), transaction():
        inbox.send_again(stored(select(Message.id).where(Message.direction == "out"))[0])
    twilio.reports(answered.action, message_sid, "failed", "63016")
    assert out() == ["waiting"]
    work()
    assert out() == ["queued"]
