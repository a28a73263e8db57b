"""The inbox: finding a chat, sharing the work, and what the shop says by itself."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from salesbot import clock
from salesbot.models import (
    CannedReply,
    Conversation,
    ConversationEvent,
    ConversationLabel,
    Label,
    Message,
    MessageTemplate,
    StaffUser,
)
from salesbot.services import inbox_list, shop
from salesbot.worker import Worker
from tests.admin import rows as make

pytestmark = pytest.mark.both_databases


def named(html: str) -> list[str]:
    """Whose chats the list shows, in its order."""
    return re.findall(r'<span class="ib-who">([^<]+)</span>', html)


@pytest.fixture
def chats(rows) -> None:
    """Five chats, each of another sort, the newest first."""
    with rows():
        ago = lambda hours: clock.now() - timedelta(hours=hours)  # noqa: E731
        ana = make.chat("Ana", last_inbound_at=ago(1), person_wanted_at=ago(1), answered_by="person")
        make.message(ana, "in", "my file is broken")
        bob = make.chat("Bob", last_inbound_at=ago(2), seen_at=ago(1))
        make.message(bob, "out", "late words", state="failed", error_code="63016")
        mine = make.chat(
            "Cid", last_inbound_at=ago(3), seen_at=ago(1), answered_by="person", assigned_to_id=1
        )
        mine.labels = [make.save(Label(name="wholesale"))]
        make.order(make.chat("Dee", last_inbound_at=ago(4), seen_at=ago(1)), number="ABC2345")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", ["Ana", "Bob", "Cid", "Dee"]),
        ("show=waiting", ["Ana"]),
        ("show=unread", ["Ana"]),
        ("show=mine", ["Cid"]),
        ("show=unassigned", ["Ana"]),
        ("show=person", ["Ana", "Cid"]),
        ("show=trouble", ["Bob"]),
        ("show=nonsense", ["Ana", "Bob", "Cid", "Dee"]),
        ("label=1", ["Cid"]),
        ("search=broken", ["Ana"]),
        ("search=de", ["Dee"]),
        ("search=abc2345", ["Dee"]),
        ("search=%25", []),
        ("page=9", []),
    ],
)
def test_chats_are_found(chats, owner, asked, found):
    """By who waits, who answers, what went wrong, labels, and words, numbers and names."""
    assert named(owner.get(f"/admin/conversation/?{asked}").text) == found


@pytest.mark.parametrize("few", [0, 1, 100])
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("BROKEN", ["Ana"]),
        ("%2B49 15", ["Ana", "Bob", "Cid", "Dee"]),
        ("sam", []),
        ("abc2345", ["Dee"]),
    ],
)
def test_what_is_found_does_not_depend_on_how_many_hold_it(chats, owner, monkeypatch, few, words, found):
    """Looked up at once or along the list: the same chats in the same order, a filter beside it too."""
    monkeypatch.setattr(inbox_list, "FEW", few)
    assert named(owner.get(f"/admin/conversation/?search={words}").text) == found
    waiting = owner.get(f"/admin/conversation/?search={words}&show=waiting").text
    assert named(waiting) == [name for name in found if name == "Ana"]


def test_names_are_found_whatever_their_case(rows, owner):
    """In ASCII on both databases; in other alphabets as the database knows them."""
    with rows():
        make.chat("Émile Straße")
    for words in ("straße", "STRA", "Émile", "mile s"):
        assert named(owner.get(f"/admin/conversation/?search={words}").text) == ["Émile Straße"], words


def test_an_open_page_asks_only_for_what_changed(rows, owner):
    """Nothing comes twice; a new message and a new state come by themselves."""
    with rows():
        number = make.message(make.chat(), "out", "Hello", state="waiting").id
    page = owner.get("/admin/conversation/details/?id=1").text
    has = dict(re.findall(r'data-part="(\w+)"[^>]*data-version="(\d+)"', page))
    assert set(has) == {"list", "head", "log", "side"}
    assert owner.get("/admin/conversation/1/news", query_string=has).json == {}
    assert owner.get("/admin/conversation/1/news").json == {}
    with rows():
        changed = make.db.session.get(Message, number)
        changed.state, changed.send_at = "delivered", None
    news = owner.get("/admin/conversation/1/news", query_string=has).json
    assert list(news) == ["log"]
    assert "delivered" in news["log"]["html"]
    assert named(owner.get("/admin/conversation/news").json["list"]["html"]) == ["Ana"]


def test_two_members_of_staff_see_each_other_and_what_is_read(chats, owner, somebody):
    """Whoever opens a chat has read it; a colleague sees them there, and sees them writing."""
    agent = somebody("agent")
    for person in (owner, agent):
        person.get("/admin/conversation/details/?id=1")
    assert agent.post("/admin/conversation/1/here", {"writing": "1"}).status_code == 200
    assert "Agent is writing here" in owner.get("/admin/conversation/details/?id=1").text
    assert "is here" not in agent.get("/admin/conversation/details/?id=1").text
    assert named(owner.get("/admin/conversation/?show=unread").text) == []
    agent.post("/admin/conversation/1/here")
    assert "Agent is here too" in owner.get("/admin/conversation/details/?id=1").text
    clock.move(timedelta(minutes=1))
    assert "Agent is" not in owner.get("/admin/conversation/details/?id=1").text


def test_a_chat_is_given_to_somebody_labelled_and_noted(chats, owner, somebody, stored):
    """Each is kept and seen between the messages; nothing of it reaches the customer."""
    somebody("agent")
    [agent] = stored(select(StaffUser.id).where(StaffUser.role == "agent"))
    owner.get("/admin/conversation/details/?id=1")
    owner.post("/admin/conversation/1/assign", {"staff": agent})
    owner.post("/admin/conversation/1/label", {"label": 1})
    page = owner.post(
        "/admin/conversation/1/reply", {"text": "She is a friend", "how": "note"}, follow_redirects=True
    ).text
    assert "Olga gave the chat to Agent" in page
    assert "Note by Olga" in page
    assert stored(select(Conversation.assigned_to_id).where(Conversation.id == 1)) == [agent]
    assert stored(select(ConversationLabel.label_id).where(ConversationLabel.conversation_id == 1)) == [1]
    assert stored(select(ConversationEvent.text).where(ConversationEvent.what == "note")) == [
        "She is a friend"
    ]
    assert stored(select(Message).where(Message.conversation_id == 1, Message.direction == "out")) == []
    owner.post("/admin/conversation/1/assign", {"staff": ""})
    owner.post("/admin/conversation/1/label")
    assert stored(select(Conversation.assigned_to_id).where(Conversation.id == 1)) == [None]
    assert stored(select(ConversationLabel).where(ConversationLabel.conversation_id == 1)) == []
    assert (
        "alert-danger"
        in owner.post("/admin/conversation/1/assign", {"staff": 99}, follow_redirects=True).text
    )


def test_a_ready_answer_comes_filled(chats, rows, owner):
    """With the customer's name and order; what there is nothing for stays to be noticed."""
    with rows():
        make.save(CannedReply(title="Hello", text="Hi {name}, {staff} here. About {order}: {what}"))
    assert "Hi Dee, Olga here. About ABC2345: {what}" in owner.get("/admin/conversation/details/?id=4").text
    assert "Hi Ana, Olga here. About {order}" in owner.get("/admin/conversation/details/?id=1").text


def test_answering_and_handing_back_is_one_click(chats, owner, stored, work, twilio):
    """The answer goes out, then the customer hears who answers now; the next message is the bot's."""
    owner.get("/admin/conversation/details/?id=1")
    owner.post("/admin/conversation/1/reply", {"text": "I send it again.", "how": "send-back"})
    work()
    assert [sent.body.partition("\n")[0] for sent in twilio.messages] == [
        "I send it again.",
        "I answer you again from here. Write “person” whenever you need one of us.",
    ]
    [chat] = stored(select(Conversation).where(Conversation.id == 1))
    assert (chat.answered_by, chat.person_wanted_at) == ("bot", None)


def picture() -> bytes:
    out = BytesIO()
    Image.new("RGB", (20, 20), "red").save(out, "JPEG")
    return out.getvalue()


def test_files_go_out_with_and_without_words(chats, owner, app, stored, work, twilio):
    """A picture carries the words; a document comes after them; Twilio can fetch both."""
    owner.get("/admin/conversation/details/?id=1")
    address = "/admin/conversation/1/reply"
    owner.post(address, {"text": "Look", "file": (BytesIO(picture()), "look.jpg")})
    owner.post(address, {"text": "Read", "file": (BytesIO(b"%PDF-1.7 x"), "Lies mich.pdf")})
    work()
    assert [(sent.body, bool(sent.media_url)) for sent in twilio.messages] == [
        ("Look", True),
        ("Read", False),
        ("", True),
    ]
    fetched = []
    for sent in twilio.messages:
        if sent.media_url:
            with app.test_client().get(sent.media_url) as answer:
                fetched.append((answer.mimetype, answer.data))
    assert fetched == [("image/jpeg", picture()), ("application/pdf", b"%PDF-1.7 x")]
    page = owner.get("/admin/conversation/details/?id=1").text
    assert 'src="/admin/conversation/1/media/' in page
    refused = owner.post(address, {"text": "Take it", "file": (BytesIO(b"MZ"), "game.exe")})
    assert "WhatsApp takes JPEG" in refused.text
    assert "Take it</textarea>" in refused.text
    assert app.test_client().get(f"{twilio.messages[0].media_url}x").status_code == 404


@pytest.mark.parametrize(
    ("waits", "said"), [(False, "I answer you again"), (True, "nobody of us could answer")]
)
def test_a_quiet_chat_goes_back_to_the_bot_by_itself(rows, owner, app, stored, twilio, waits, said):
    """After the shop's quiet time, not before; both sides are told once. Who waits goes on waiting."""
    begin = clock.now()
    with rows():
        shop.save("QUIET_MINUTES", "30")
        make.chat(
            answered_by="person",
            staff_at=None if waits else begin,
            person_wanted_at=begin if waits else None,
            last_inbound_at=begin,
        )
        make.chat("Bot's", last_inbound_at=begin)
    clock.move(timedelta(minutes=29))
    Worker(app).drain()
    assert stored(select(Conversation.answered_by).where(Conversation.id == 1)) == ["person"]
    clock.move(timedelta(minutes=2))
    Worker(app).drain()
    Worker(app).drain()
    [chat] = stored(select(Conversation).where(Conversation.id == 1))
    assert (chat.answered_by, chat.person_wanted_at is not None) == ("bot", waits)
    [sent] = twilio.messages
    assert said in sent.body
    assert (
        "The bot answers again: nobody wrote for 30 minutes"
        in owner.get("/admin/conversation/details/?id=1").text
    )


@pytest.mark.parametrize("wrote", ["staff_at", "person_wanted_at", "last_inbound_at"])
def test_a_chat_in_which_one_side_has_just_written_is_not_quiet(rows, app, stored, wrote):
    long_ago = clock.now() - timedelta(hours=5)
    times = {"staff_at": long_ago, "person_wanted_at": long_ago, "last_inbound_at": long_ago}
    if wrote == "person_wanted_at":
        times["staff_at"] = None
    with rows():
        shop.save("QUIET_MINUTES", "30")
        make.chat(answered_by="person", **(times | {wrote: clock.now()}))
    clock.move(timedelta(minutes=29))
    Worker(app).drain()
    assert stored(select(Conversation.answered_by)) == ["person"]
    clock.move(timedelta(minutes=2))
    Worker(app).drain()
    assert stored(select(Conversation.answered_by)) == ["bot"]


def test_with_zero_minutes_a_person_keeps_the_chat(rows, app, stored):
    """The shop does not want it."""
    with rows():
        shop.save("QUIET_MINUTES", "0")
        make.chat(answered_by="person", last_inbound_at=clock.now() - timedelta(days=3))
    Worker(app).drain()
    assert stored(select(Conversation.answered_by)) == ["person"]


def test_beside_the_chat_stands_what_was_bought_with_what_can_be_done(rows, owner, somebody):
    """Keys covered, the pay page, send again, renew; a form there comes back to the chat."""
    with rows():
        chat = make.chat()
        thing = make.product(kind="file")
        paid = make.order(chat, thing, state="fulfilled")
        make.payment(paid, state="confirmed")
        make.delivery(paid, state="delivered", file="a.pdf", downloads=5, downloads_allowed=5)
        make.order(chat)
    page = owner.get("/admin/conversation/details/?id=1").text
    for words in ("Deliver again", "Renew the download", "Give money back", "Pay page", "5/5 downloads"):
        assert words in page
    answer = owner.post("/admin/order/1/renew", {"delivery": 1, "url": "/admin/conversation/details/?id=1"})
    assert answer.headers["Location"] == "/admin/conversation/details/?id=1"
    assert "0/5 downloads" in owner.get("/admin/conversation/details/?id=1").text
    outside = owner.post("/admin/order/1/resend", {"url": "https://example.com/"})
    assert outside.status_code == 400
    viewer = somebody("viewer").get("/admin/conversation/details/?id=1").text
    assert "Deliver again" not in viewer
    assert "data-here" not in viewer


def test_outside_the_window_an_approved_template_goes_instead(rows, owner, app, stored):
    """Its places stand filled already; one that is not approved, or has an empty place, is not sent."""
    account = app.config["TWILIO_ACCOUNT_SID"]
    known = {
        "account": account,
        "language": "en",
        "text": "Hello {{1}}, your order {{2}} is here: {{3}} Thanks!",
    }
    with rows():
        make.save(MessageTemplate(sid="HX1", name="your_order", status="approved", **known))
        make.save(MessageTemplate(sid="HX2", name="not_yet", status="pending", **known))
        chat = make.chat("Ana", last_inbound_at=clock.now() - timedelta(days=2), person_wanted_at=clock.now())
        make.order(chat, number="ABC2345")
    page = owner.get("/admin/conversation/details/?id=1").text
    assert "your_order" in page
    assert "not_yet" not in page
    values = re.findall(r'name="value" value="([^"]*)"', page)
    assert values[:2] == ["Ana", "ABC2345"]
    address = "/admin/conversation/1/template"
    assert owner.post(address, {"template": 2, "value": values}).status_code == 400
    assert "Fill in every place" in owner.post(address, {"template": 1, "value": ["Ana", "", ""]}).text
    assert stored(select(Message)) == []
    owner.post(address, {"template": 1, "value": values})
    [sent] = stored(select(Message))
    assert sent.body == f"Hello Ana, your order ABC2345 is here: {values[2]} Thanks!"
    assert (sent.state, sent.sent_by, sent.template["sid"]) == ("waiting", "Olga", "HX1")
    assert stored(select(Conversation.person_wanted_at)) == [None]
