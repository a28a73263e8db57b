"""A conversation reads like a chat, and staff can step into it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from salesbot import clock, dispatcher
from salesbot.channels import Incoming
from salesbot.models import Conversation, ConversationEvent, Message
from salesbot.services.secrets_in_text import mark
from tests.admin import rows as make

pytestmark = pytest.mark.both_databases


def bubbles(html: str) -> list[tuple[str, str]]:
    """(in or out, text) of each bubble, in the order of the page."""
    found = re.findall(
        r'<div class="chat-row chat-(in|out)".*?<div class="chat-text[^"]*">(.*?)</div>', html, re.DOTALL
    )
    return [(direction, text) for direction, text in found]


def test_a_chat_is_read_from_top_to_bottom(rows, owner):
    """Who said what, oldest first, numbered lines as the customer saw them."""
    with rows():
        chat = make.chat("Ana")
        make.message(chat, "in", "hi")
        make.message(chat, "out", "Hello!\n\n1. Books\n2. Help")
        make.message(chat, "in", "1")
        make.message(make.chat("Bob"), "in", "another chat")
    html = owner.get("/admin/conversation/details/?id=1").text
    assert bubbles(html) == [("in", "hi"), ("out", "Hello!\n\n1. Books\n2. Help"), ("in", "1")]


def test_words_between_stars_are_bold_as_on_whatsapp(rows, owner):
    """And nothing else of a message becomes markup."""
    with rows():
        make.message(make.chat(), "out", "*Python book* costs 2*3 * 4 <b>x</b> **")
    [(_, text)] = bubbles(owner.get("/admin/conversation/details/?id=1").text)
    assert text == "<b>Python book</b> costs 2*3 * 4 &lt;b&gt;x&lt;/b&gt; **"


def test_a_key_in_a_message_stays_covered(rows, owner):
    """Staff see that a key was sent, not the key."""
    with rows():
        make.message(make.chat(), "out", f"Your key: {mark(7)}")
    html = owner.get("/admin/conversation/details/?id=1").text
    assert bubbles(html) == [("out", "Your key: ••••")]
    assert "••••" in owner.get("/admin/message/").text


def test_each_state_is_told_in_words(rows, owner):
    """No code word of ours or of a provider."""
    words = {
        "waiting": "waits to be sent",
        "held": "waits until the customer writes",
        "unknown": "nobody knows if it arrived",
        "delivered": "delivered",
        "read": "read",
        "failed": "failed",
        "undelivered": "did not arrive",
    }
    with rows():
        chat = make.chat()
        for state in words:
            make.message(chat, "out", state=state)
    log = owner.get("/admin/conversation/details/?id=1").text.split('id="chat-log"')[1]
    told = re.findall(
        r'<div class="chat-foot">.*?<span class="(?:sr-only|sb-pill[^"]*)">([^<]+)<', log, re.DOTALL
    )
    assert told == list(words.values())


def test_a_failure_is_told_with_the_reason_and_the_remedy(rows, owner):
    """Twilio's number 63016 means nothing to anybody."""
    with rows():
        chat = make.chat()
        make.message(chat, "out", state="undelivered", error_code="63016")
        make.message(chat, "out", state="failed", error="strange thing", error_code="99999")
    html = owner.get("/admin/conversation/details/?id=1").text
    assert "within 24 hours of the customer&#39;s last message" in html
    assert "“Try again” keeps it" in html
    assert "strange thing (99999)" in html


def test_pictures_places_and_empty_messages_are_shown(rows, owner):
    """Nothing that a customer sends is invisible."""
    with rows():
        chat = make.chat()
        make.message(
            chat, "out", "Look", media=[{"url": "http://localhost/media/a.jpg", "content_type": "image"}]
        )
        make.message(
            chat, "in", "", media=[{"url": "https://api.example.com/x", "content_type": "audio/ogg"}]
        )
        make.message(
            chat, "in", "", location={"latitude": 52.5, "longitude": 13.4, "label": "Berlin", "address": ""}
        )
        make.message(chat, "in", "", choice="product:4")
        make.message(chat, "in", "")
    html = owner.get("/admin/conversation/details/?id=1").text
    assert '<img class="chat-picture" src="/media/a.jpg"' in html
    assert (
        '<audio class="chat-picture" controls preload="none" src="/admin/conversation/1/media/2/0">' in html
    )
    assert "api.example.com" not in html
    assert "Berlin" in html
    assert '<span class="sr-only">picked:</span> product:4' in html
    assert "(an empty message)" in html


def test_taking_over_silences_the_bot_and_handing_back_wakes_it(rows, owner, stored):
    """The two buttons, and what the page says about it."""
    with rows():
        make.chat(person_wanted_at=clock.now(), answered_by="bot")
    owner.get("/admin/conversation/details/?id=1")
    owner.post("/admin/conversation/1/take-over")
    assert stored(select(Conversation.answered_by)) == ["person"]
    assert "Hand back to the bot" in owner.get("/admin/conversation/details/?id=1").text
    owner.post("/admin/conversation/1/give-back")
    [chat] = stored(select(Conversation))
    assert (chat.answered_by, chat.person_wanted_at) == ("bot", None)
    assert stored(select(ConversationEvent.what)) == ["took over", "gave back"]
    [told] = stored(select(Message.body))
    assert "I answer you again from here" in told
    owner.post("/admin/conversation/1/give-back")
    assert len(stored(select(Message))) == 1


def test_what_staff_write_waits_in_the_outbox(rows, owner, stored):
    """The reply is stored to be sent, in the name of the shop, and the chat is a person's now."""
    with rows():
        make.message(make.chat(), "in", "help me")
    owner.get("/admin/conversation/details/?id=1")
    answer = owner.post("/admin/conversation/1/reply", {"text": "  I am here.\nOlga "}, follow_redirects=True)
    assert bubbles(answer.text)[-1] == ("out", "I am here.\nOlga")
    sent = stored(select(Message).where(Message.direction == "out"))
    assert [(message.body, message.state, message.plugin) for message in sent] == [
        ("I am here.\nOlga", "waiting", "")
    ]
    assert stored(select(Conversation.answered_by)) == ["person"]


@pytest.mark.parametrize("text", ["", "   ", "x" * 4001])
def test_nothing_and_too_much_are_not_sent(rows, owner, stored, text):
    """The page says why."""
    with rows():
        make.chat()
    answer = owner.post("/admin/conversation/1/reply", {"text": text}, follow_redirects=True)
    assert "Write something first" in answer.text
    assert stored(select(Message)) == []


def test_staff_cannot_write_a_mark_that_turns_into_a_key(rows, owner, stored):
    """Only the shop's own deliveries put secrets into a message."""
    with rows():
        make.chat()
    owner.post("/admin/conversation/1/reply", {"text": f"Take this: {mark(1)}"})
    assert stored(select(Message.body)) == ["Take this: 1"]


def test_outside_the_window_no_free_text_is_taken_and_nothing_is_lost(rows, owner, stored):
    """The page offers no box for it; what was typed into an older page comes back as a note to keep."""
    with rows():
        make.chat(last_inbound_at=clock.now() - timedelta(hours=30))
        make.chat(last_inbound_at=clock.now() - timedelta(hours=1))
    words = "WhatsApp takes no free text here now."
    page = owner.get("/admin/conversation/details/?id=1").text
    assert words in page
    assert 'value="send"' not in page
    open_page = owner.get("/admin/conversation/details/?id=2").text
    assert words not in open_page
    assert "free text until" in open_page
    answer = owner.post("/admin/conversation/1/reply", {"text": "my long answer"})
    assert "Not sent" in answer.text
    assert "my long answer</textarea>" in answer.text
    assert stored(select(Message)) == []


@pytest.mark.parametrize(
    ("state", "how", "after"),
    [("unknown", "again", "waiting"), ("unknown", "arrived", "delivered"), ("failed", "again", "waiting")],
)
def test_staff_settle_what_became_of_a_message(rows, owner, stored, state, how, after):
    """Send again, or: it arrived."""
    with rows():
        number = make.message(make.chat(), "out", state=state).id
    owner.post("/admin/conversation/1/settle", {"message": number, "how": how})
    assert stored(select(Message.state)) == [after]


def test_a_question_that_the_bot_could_not_answer_is_ticked_off(rows, owner, stored):
    """It leaves the home page then."""
    with rows():
        number = make.message(make.chat(), "in", state="unhandled").id
    owner.post("/admin/conversation/1/settle", {"message": number, "how": "done"})
    assert stored(select(Message.state)) == ["received"]


def test_a_message_is_settled_in_its_own_chat_only(rows, owner, stored):
    """A number from elsewhere, a wrong word and a message that is fine change nothing."""
    with rows():
        make.chat()
        other = make.message(make.chat(), "out", state="unknown").id
        fine = make.message(make.chat(), "out", state="read").id
    assert owner.post("/admin/conversation/1/settle", {"message": other, "how": "again"}).status_code == 400
    assert owner.post("/admin/conversation/2/settle", {"message": other, "how": "x"}).status_code == 400
    answer = owner.post(
        "/admin/conversation/3/settle", {"message": fine, "how": "again"}, follow_redirects=True
    )
    assert "is on its way or has arrived" in answer.text
    assert sorted(stored(select(Message.state))) == ["read", "unknown"]


def test_a_viewer_reads_and_has_no_buttons(rows, somebody):
    """What would be refused is not offered."""
    with rows():
        make.message(make.chat(), "out", state="unknown")
    html = somebody("viewer").get("/admin/conversation/details/?id=1").text
    assert "chat-bubble" in html
    assert "Try again" not in html
    assert "chat-write" not in html
    assert "Take over" not in html


def test_a_long_chat_is_read_in_pages(rows, owner):
    """The newest sixty first, older ones behind a link."""
    with rows():
        chat = make.chat()
        for number in range(100):
            make.message(chat, "in", f"number {number}")
    html = owner.get("/admin/conversation/details/?id=1").text
    assert [text for _, text in bubbles(html)] == [f"number {number}" for number in range(40, 100)]
    older = re.search(r'href="(/admin/conversation/details/\?id=1&amp;before=\d+)"', html)[1]
    html = owner.get(older.replace("&amp;", "&")).text
    assert [text for _, text in bubbles(html)] == [f"number {number}" for number in range(40)]


def test_an_answered_customer_waits_no_more_until_they_write_again(rows, owner, stored, app):
    """Home counts who waits for a person; the bot stays silent all the while."""
    with rows():
        chat = make.chat("Ana", person_wanted_at=clock.now(), answered_by="person")
        address = chat.address

    def writes(words: str) -> None:
        with app.app_context():
            dispatcher.receive(Incoming("twilio", address, f"SM-{words}", words))

    assert "People waiting for a person" in owner.get("/admin/").text
    owner.get("/admin/conversation/details/?id=1")
    owner.post("/admin/conversation/1/reply", {"text": "How can I help?"})
    assert stored(select(Conversation.person_wanted_at)) == [None]
    assert "People waiting for a person" not in owner.get("/admin/").text
    writes("my file is broken")
    [first] = stored(select(Conversation.person_wanted_at))
    assert first is not None
    writes("are you there?")
    assert stored(select(Conversation.person_wanted_at)) == [first]
    assert "People waiting for a person" in owner.get("/admin/").text
    assert stored(select(Message.sent_by).where(Message.direction == "out")) == ["Olga"]


def test_the_chat_says_that_older_messages_were_deleted(rows, owner):
    """Where the messages begin, so that nobody looks for what is gone."""
    with rows():
        chat = make.chat("Ana", trimmed_at=clock.now())
        make.message(chat, "in", "still here")
        number = chat.id
    page = owner.get(f"/admin/conversation/details/?id={number}").text
    assert page.index("Older messages were deleted on") < page.rindex("still here")
