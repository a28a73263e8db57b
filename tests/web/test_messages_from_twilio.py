"""Whatever a phone can send arrives as a Message and gets a useful reply, once and always alike."""

from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import select

from salesbot import Location, Media, Reply, hookimpl
from salesbot.models import Conversation, Customer, CustomerAddress
from salesbot.models import Message as Row

PAYLOADS = Path(__file__).parents[1] / "payloads"
NAMES = sorted(path.stem for path in PAYLOADS.glob("*.form"))
MEDIA = "https://api.twilio.com/2010-04-01/Accounts/AC5a1e5a1e5a1e5a1e5a1e5a1e5a1e5a1e/Messages"


def payload(name: str, **changes: str) -> dict[str, str]:
    """A body as Twilio posts it; the files hold one parameter a line."""
    body = "&".join(PAYLOADS.joinpath(f"{name}.form").read_text().split("\n")).rstrip("&")
    return dict(parse_qsl(body, keep_blank_values=True, strict_parsing=True)) | changes


class Listener:
    """A plugin that remembers what it was asked and leaves the answer to others."""

    def __init__(self) -> None:
        self.heard = []

    @hookimpl(tryfirst=True)
    def salesbot_handle_message(self, message, chat):
        self.heard.append((message, chat))


LISTENER = Listener()


@pytest.fixture
def listener():
    LISTENER.heard = []
    return LISTENER


@pytest.fixture
def salesbot_plugins(listener):
    return [("listener", listener)]


@pytest.fixture
def books(catalogue):
    """Goods that the payloads ask for: category 1 with product 1."""
    return catalogue.key("Python book", category="Templates", price=1900, keys=["K-1", "K-2"])


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_of_message_gets_a_useful_reply(app, twilio, books, name):
    answer = twilio.posts(payload(name))
    assert answer.status == 200
    assert answer.content_type.startswith("text/xml")
    assert "1. " in answer.text
    assert "Sorry, something went wrong" not in answer.text


@pytest.mark.parametrize(
    ("name", "text", "choice", "said"),
    [
        ("text", "Do you have a python book?", None, "*Python book*"),
        ("button", "", "buy:1", "/pay/"),
        ("list_pick", "", "category:1", "*Templates*"),
        ("picture", "Is it this one?", None, "picture"),
        ("voice_note", "", None, "voice notes"),
        ("contact_card", "", None, "Thank you for the contact"),
        ("location", "", None, "the place"),
        ("username", "hi", None, "Hi ana.reads!"),
        ("phone_and_username", "hi", None, "Hi Ana!"),
        ("advertisement", "", "menu", "1. "),
        ("empty", "", None, "could not read"),
        ("messaging_service", "hi", None, "Hi Ana!"),
        ("tomorrow", "hi", None, "Hi Ana!"),
        ("old_and_bare", "hi", None, "Hi!"),
    ],
)
def test_each_arrives_as_what_it_is(app, twilio, books, listener, name, text, choice, said):
    answer = twilio.posts(payload(name))
    (message, _chat) = listener.heard[0]
    assert (message.text, message.choice) == (text, choice)
    assert said in answer.text


def test_a_picture_a_voice_note_and_a_place_arrive_whole(app, twilio, listener):
    for name in ("picture", "voice_note", "location"):
        twilio.posts(payload(name))
    picture, voice, place = (message for message, _chat in listener.heard)
    assert picture.media == (Media(f"{MEDIA}/MM{0x4444:032x}/Media/ME{0x4445:032x}", "image/jpeg"),)
    assert voice.media[0].content_type == "audio/ogg"
    assert place.location == Location(
        52.5162746, 13.3777041, "Brandenburg Gate", "Pariser Platz, 10117 Berlin"
    )
    assert place.media == ()
    assert picture.location is None


def test_they_are_stored_as_they_came(app, twilio, stored):
    for name in ("text", "button", "picture", "location"):
        twilio.posts(payload(name))
    rows = stored(select(Row).where(Row.direction == "in").order_by(Row.id))
    assert [row.body for row in rows] == ["Do you have a python book?", "Buy", "Is it this one?", ""]
    assert [row.choice for row in rows] == [None, "buy:1", None, None]
    assert rows[2].media[0]["content_type"] == "image/jpeg"
    assert rows[3].location["label"] == "Brandenburg Gate"
    assert {row.state for row in rows} == {"received"}
    assert rows[0].provider_id == payload("text")["MessageSid"]


def test_an_address_is_kept_and_answered_exactly_as_it_came(app, twilio, stored, customers):
    ana = customers("Ana", channel="twilio", address="whatsapp:DE.8a1Zx90QwErTy")
    assert "Hi Ana!" in ana.says("hi")[0].text
    assert stored(select(CustomerAddress.address)) == ["whatsapp:DE.8a1Zx90QwErTy"]
    assert stored(select(Conversation.address)) == ["whatsapp:DE.8a1Zx90QwErTy"]


@pytest.mark.parametrize(
    "sender", ["messenger:123456", "+4915123456789", "whatsapp:", "sip:ana@example.com", "ö" * 200, "x"]
)
def test_an_address_of_an_unknown_form_is_answered_as_well(app, twilio, sender):
    answer = twilio.writes("hi", sender=sender)
    assert answer.status == 200
    assert "1. My orders" in answer.text


BAD_LUCK = {
    "ten thousand letters": "x" * 10_000,
    "ten thousand words": "word " * 2_000,
    "only emoji": "🎉🎉🎉👨‍👩‍👧‍👦🏳️‍🌈",
    "right to left": "مرحبا هل لديك كتاب؟ \u202eabc\u202c שלום",
    "a NUL byte": "hel\x00lo",
    "control characters": "a\x01\x08\x0b\x1f\x7fb\ufffe\uffff",
    "marks of our own": "\ue0001\ue001",
    "white space": " \n\t ",
    "zalgo": "h̷̢̛̛ẹ̸l̷̢l̶o" * 50,
    "SQL": "'; DROP TABLE message; --",
    "XML": "]]></Body></Message><Message>free keys",
    "a template": "{{ config }} {0} %s ${x}",
    "a great number": "9" * 5_000,
}


@pytest.mark.parametrize("text", BAD_LUCK.values(), ids=BAD_LUCK.keys())
@pytest.mark.both_databases
def test_odd_words_are_answered_kindly(app, twilio, books, stored, text):
    answer = twilio.writes(text)
    assert answer.status == 200
    assert "1. Templates" in answer.text
    assert "something went wrong" not in answer.text
    (row,) = stored(select(Row).where(Row.direction == "in"))
    assert row.state == "received"
    assert row.body == text.replace("\x00", "").replace("\ue000", "").replace("\ue001", "")


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "changed",
    [
        {"ProfileName": "\x00\ue0001\ue001" + "n" * 500},
        {"ButtonPayload": "\x00" * 300},
        {"ButtonPayload": "product:" + "9" * 150},
        {"ButtonPayload": "buy:99999999999999999999"},
        {"ButtonPayload": "category:٣"},
        {"ButtonPayload": "orders:99999999999999999999999"},
        {"ButtonPayload": "checkout:several:" + "9" * 40},
        {"ButtonPayload": "checkout:remove:" + "9" * 40},
        {"ButtonPayload": "more:" + "9" * 40},
        {"ListId": "é" * 400},
        {"NumMedia": "9" * 5_000},
        {"NumMedia": "-1"},
        {"NumMedia": "2", "MediaUrl1": "\x00"},
        {"Latitude": "nan", "Longitude": "inf"},
        {"Latitude": "52.5", "Longitude": "13.4", "Label": "\x00" * 9, "Address": "a" * 10_000},
        {"MessageSid": "\x00", "SmsMessageSid": ""},
        {"MessageSid": "SM" + "x" * 500},
    ],
    ids=lambda changed: next(f"{name}={value[:24]!a}" for name, value in changed.items()),
)
def test_odd_parameters_are_answered_kindly_and_blame_no_plugin(app, twilio, books, stored, changed):
    from salesbot.models import PluginFailure

    answer = twilio.writes("hm", **changed)
    assert answer.status == 200
    assert "1. " in answer.text
    assert "something went wrong" not in answer.text
    assert stored(select(PluginFailure.error)) == []


def test_a_plugin_may_repeat_odd_words_and_the_answer_is_still_xml(salesbot_apps, twilio):
    """What Twilio can't read it does not send."""

    @hookimpl
    def salesbot_handle_message(message, chat):
        return Reply(f"You said: {message.text}")

    app = salesbot_apps(plugins=[("echo", SimpleNamespace(salesbot_handle_message=salesbot_handle_message))])
    twilio.connect(app)
    answer = twilio.writes("a\x01\x08\x0b\x1f<&>\ufffe\uffffb")
    assert answer.text.startswith("You said: a")
    assert "<&>" in answer.text


@pytest.mark.both_databases
@pytest.mark.parametrize("name", ["text", "button", "voice_note", "username"])
def test_the_same_message_twice_is_handled_once_and_answered_alike(
    app, twilio, books, stored, listener, name
):
    first = twilio.posts(payload(name))
    rows, customers = stored(select(Row.id)), stored(select(Customer.id))
    heard = len(listener.heard)
    for _again in range(2):
        again = twilio.posts(payload(name))
        assert (again.status, again.body) == (200, first.body)
    assert stored(select(Row.id)) == rows
    assert stored(select(Customer.id)) == customers
    assert len(listener.heard) == heard


def test_a_repeat_long_afterwards_is_answered_alike_and_moves_nothing(app, twilio, clock, books):
    first = twilio.posts(payload("text"))
    twilio.writes("menu", sender="whatsapp:+4915123456789")
    clock.move(days=3)
    assert twilio.posts(payload("text")).body == first.body
    assert "*Templates*" in twilio.writes("1", sender="whatsapp:+4915123456789").text


def test_a_repeat_of_what_went_by_the_outbox_is_silent(salesbot_apps, twilio, stored, books):
    app = salesbot_apps(BUTTONS=True)
    twilio.connect(app)
    assert twilio.posts(payload("text")).messages == ()
    rows = stored(select(Row.id))
    assert twilio.posts(payload("text")).messages == ()
    assert stored(select(Row.id)) == rows


def test_the_same_id_from_somebody_else_gets_nothing_of_the_first(app, twilio, books):
    twilio.posts(payload("button"))
    other = twilio.posts(payload("button", From="whatsapp:+15550009999"))
    assert other.status == 200
    assert other.messages == ()


def test_the_answer_never_sets_a_cookie(app, twilio):
    """Twilio may refuse answers with cookies."""
    from salesbot.testing.twilio_webhooks import signature

    form = payload("text")
    signed = signature("https://shop.example/webhooks/twilio/message", form, twilio.token)
    answer = app.test_client().post(
        "/webhooks/twilio/message", data=form, headers={"X-Twilio-Signature": signed}
    )
    assert "Set-Cookie" not in answer.headers


def test_no_words_of_a_customer_stand_in_the_log(app, twilio, caplog):
    caplog.set_level("INFO")
    twilio.writes("my very private question")
    assert "answered by" in caplog.text
    assert "private" not in caplog.text
