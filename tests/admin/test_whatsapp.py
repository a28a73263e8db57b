"""Connecting WhatsApp: what is typed counts at once in every process, and what is wrong is said plainly."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from salesbot import clock as utc
from salesbot.admin.shown import reader
from salesbot.models import Message, ShopSetting, WebhookTrouble
from salesbot.services import shop
from salesbot.testing import twilio_webhooks

SANDBOX = "+14155238886"


@pytest.fixture
def salesbot_config(salesbot_config):
    return {**salesbot_config, "PUBLIC_URL": "", "BUTTONS": False}


@pytest.fixture
def app(app):
    """Nothing of the account is fixed from outside, as on a first evening."""
    loosen(app)
    return app


def loosen(process):
    names = {"TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_WHATSAPP_NUMBER", "PUBLIC_URL", "BUTTONS"}
    process.config["FIXED"] = process.config["FIXED"] - names
    process.config.update(TWILIO_ACCOUNT_SID="", TWILIO_AUTH_TOKEN=[], TWILIO_WHATSAPP_NUMBER="")


@pytest.fixture
def connect(owner, twilio):
    """Types what the page asks for, and saves."""

    def type_in(**changed):
        owner.get("/admin/whatsapp/")
        form = {
            "PUBLIC_URL": "https://shop.example",
            "TWILIO_ACCOUNT_SID": twilio.account,
            "TWILIO_AUTH_TOKEN": twilio.token,
            "TWILIO_WHATSAPP_NUMBER": SANDBOX,
            "SANDBOX_WORDS": "join calm-river",
            "BUTTONS": "0",
        }
        return owner.post("/admin/whatsapp/", {**form, **changed}, follow_redirects=True)

    return type_in


def test_what_is_typed_counts_at_once_in_another_process(app, connect, salesbot_apps, twilio, stored):
    elsewhere = salesbot_apps(BACK_OFFICE=False)
    loosen(elsewhere)
    twilio.target = elsewhere
    form = {"From": "whatsapp:+15550001111", "MessageSid": "SM1", "AccountSid": twilio.account, "Body": "x"}
    url = "https://shop.example/webhooks/twilio/message"
    assert twilio_webhooks.post(elsewhere, url, form, twilio.token).status == 403, "no account yet"
    page = connect().text
    assert "Saved" in page
    assert twilio.token not in page, "it is never shown again"
    assert "A token is kept" in page
    assert "https://shop.example/webhooks/twilio/message#rc=3&amp;rp=ct,rt,5xx" in page
    assert "https://shop.example/webhooks/twilio/status#rc=3&amp;rp=ct,rt,5xx" in page
    answer = twilio.writes("hi")
    assert answer.status == 200
    assert answer.messages[0].action.startswith("https://shop.example/")
    row = stored(select(ShopSetting).where(ShopSetting.name == "TWILIO_AUTH_TOKEN"))[0]
    assert row.value == ""


def test_the_page_waits_for_the_first_message_and_says_what_came(app, owner, connect, twilio):
    connect()
    assert "Waiting for the first message" in owner.get("/admin/whatsapp/heard").text
    twilio.target = app
    twilio.writes("hi there", sender="whatsapp:+4915123456789")
    heard = owner.get("/admin/whatsapp/heard")
    assert "+4915123456789" in heard.text
    assert "hi there" in heard.text
    assert heard.headers["X-Version"]


def test_wrong_calls_are_explained_with_the_next_step(app, owner, connect, twilio, stored):
    connect()
    url = "https://shop.example/webhooks/twilio/message"
    form = {"From": "whatsapp:+15550001111", "MessageSid": "SM1", "AccountSid": twilio.account, "Body": "x"}
    assert twilio_webhooks.post(app, url, form, "an old token").status == 403
    assert "must begin with exactly the shop" in owner.get("/admin/whatsapp/heard").text
    other = {**form, "AccountSid": "AC" + "0" * 32}
    assert twilio_webhooks.post(app, url, other, twilio.token).status == 403
    assert "Compare the account SID" in owner.get("/admin/whatsapp/heard").text
    twilio.target = app
    twilio.writes("hi", To="whatsapp:+15557654321")
    shown = owner.get("/admin/whatsapp/heard").text
    assert "+15557654321, which is not the one set here" in shown
    assert "must begin with exactly" not in shown, "a message that came is proof that this is over"
    assert sorted(stored(select(WebhookTrouble.kind))) == [
        "other_account",
        "other_number",
        "refused_signature",
    ]


def test_the_time_of_a_message_is_shown_by_the_reader_s_clock(app, owner, connect, twilio, clock):
    connect()
    twilio.target = app
    owner.client.set_cookie(reader.ZONE_COOKIE, "America/New_York")
    clock.move(datetime(2026, 7, 15, 18, 30, tzinfo=UTC) - utc.now())
    twilio.writes("hi")

    def found():
        return owner.post("/admin/whatsapp/check").text

    shown = '<time datetime="2026-07-15T18:30:00Z" data-local>15 Jul 2026, 14:30 UTC-04:00</time>'
    assert f"The last one came at {shown}." in found()
    form = {"From": "whatsapp:+15550001111", "MessageSid": "SM1", "AccountSid": twilio.account, "Body": "x"}
    url = "https://shop.example/webhooks/twilio/message?<b>{when}"
    twilio_webhooks.post(app, url, form, "an old token")
    refused = found()
    assert f"signature did not fit. ({shown})" in refused
    assert "<b>{when}" not in refused


def test_a_phone_that_has_not_joined_is_explained_until_a_message_arrives(
    app, owner, connect, customers, twilio
):
    connect(BUTTONS="1")
    twilio.target = app
    twilio.fails_later(63015)
    ana = customers("Ana", channel="twilio")
    ana.says("hi")
    twilio.catch_up()
    assert "has not joined the sandbox" in owner.get("/admin/whatsapp/heard").text
    ana.says("menu")
    twilio.catch_up()
    assert "has not joined" not in owner.get("/admin/whatsapp/heard").text


def test_many_refused_calls_write_once_in_a_while(app, connect, twilio, stored):
    connect()
    for _call in range(20):
        twilio_webhooks.post(app, "https://shop.example/webhooks/twilio/status", {"a": "b"}, "wrong")
    assert stored(select(WebhookTrouble.times)) == [1]


def test_what_cannot_be_used_is_said_and_nothing_is_lost(connect, stored):
    page = connect(TWILIO_ACCOUNT_SID="AC123", PUBLIC_URL="shop.example").text
    assert "AC and 32 hexadecimal digits" in page
    assert "use an address like https://shop.example.com" in page
    assert 'value="AC123"' in page
    assert stored(select(ShopSetting.name).where(ShopSetting.name.like("TWILIO%"))) == []


def test_the_environment_wins_and_is_shown_as_such(app, owner):
    app.config["FIXED"] = app.config["FIXED"] | {"TWILIO_AUTH_TOKEN"}
    page = owner.get("/admin/whatsapp/").text
    assert "Decided outside, by TWILIO_AUTH_TOKEN." in page
    owner.post("/admin/whatsapp/", {"TWILIO_AUTH_TOKEN": "another"})
    with app.app_context():
        assert shop.setting("TWILIO_AUTH_TOKEN") == []


def test_who_signs_in_through_a_tunnel_gets_a_cookie_for_https_alone(app):
    here, through = app.test_client(), app.test_client()
    assert "Secure" not in here.get("/admin/login").headers["Set-Cookie"]
    answer = through.get("/admin/login", headers={"X-Forwarded-Proto": "https"})
    assert "Secure" in answer.headers["Set-Cookie"]


def test_codes_to_scan_join_the_sandbox_and_say_hi(owner, connect):
    assert owner.get("/admin/whatsapp/code/hi.svg").status_code == 404
    page = connect().text
    assert "https://wa.me/14155238886?text=join%20calm-river" in page
    for what in ("join", "hi"):
        picture = owner.get(f"/admin/whatsapp/code/{what}.svg")
        assert picture.mimetype == "image/svg+xml"
        assert picture.data.startswith(b"<?xml")
    connect(TWILIO_WHATSAPP_NUMBER="+15550009999")
    assert owner.get("/admin/whatsapp/code/join.svg").status_code == 404


def test_the_addresses_of_an_own_number_are_set_at_twilio(app, owner, connect, twilio):
    connect(TWILIO_WHATSAPP_NUMBER="+15550009999")
    assert "knows no WhatsApp sender" in owner.post("/admin/whatsapp/addresses", follow_redirects=True).text
    twilio.about.owns("whatsapp:+15550009999")
    page = owner.post("/admin/whatsapp/addresses", follow_redirects=True).text
    assert "Twilio sends this number" in page
    [sender] = twilio.about.senders.values()
    assert sender["webhook"]["callback_url"] == (
        "https://shop.example/webhooks/twilio/message#rc=3&rp=ct,rt,5xx"
    )


def test_the_switch_for_buttons_counts_with_the_next_message(app, owner, connect, customers, twilio, stored):
    connect(BUTTONS="1")
    customers("Ana").says("menu")
    assert stored(select(Message.style).where(Message.direction == "out"))[-1] in {"buttons", "list"}


def test_only_the_owner_may(somebody):
    manager = somebody("manager")
    for address in ("/admin/whatsapp/", "/admin/whatsapp/heard", "/admin/whatsapp/code/hi.svg"):
        assert manager.get(address).status_code == 403


@pytest.mark.parametrize("typed", ["http://[shop.example.com", "https://shop.example.com:99999"])
def test_an_address_that_is_none_is_said_at_its_field(connect, stored, typed):
    page = connect(PUBLIC_URL=typed)
    assert page.status_code == 200
    assert "use an address like https://shop.example.com" in page.text
    assert f'value="{typed}"' in page.text, "what was typed stays, to be put right"
    assert stored(select(ShopSetting)) == []
