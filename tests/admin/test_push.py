"""News on devices of staff: told once, in words that only they can read, and to nobody who is gone."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from salesbot import clock
from salesbot.channels import webpush
from salesbot.models import NoticeMail, NoticePush, PushDevice, ShopSetting, StaffUser
from salesbot.services import devices
from salesbot.worker import Worker
from tests.admin import rows as make
from tests.admin.conftest import PASSWORD, Person
from tests.admin.test_news import MailServer, mails
from tests.support.push_service import Browser, PushService, push_service

__all__ = ["mails"]
pytestmark = pytest.mark.both_databases
KINDS = {"person": "1", "failed": "1", "payment": "1", "stock": "1"}


@pytest.fixture
def service():
    with push_service() as service:
        yield service


@pytest.fixture
def salesbot_config(salesbot_config, service, mails):
    return {
        **salesbot_config,
        "PUSH_URL": service.address,
        "SMTP_URL": f"smtp://127.0.0.1:{mails.server_address[1]}",
        "MAIL_FROM": "shop@example.com",
    }


@pytest.fixture
def look(app):
    """The worker looks for news, and sends what is due."""
    return lambda: Worker(app).drain()


def lets_in(person: Person, browser: Browser) -> str:
    """Switches news on in somebody's browser; the shop's public key."""
    person.get("/admin/news/")
    key = person.post("/admin/news/key").json["key"]
    answer = person.post("/admin/news/device", browser.form)
    assert answer.json == {"on": True}
    return key


def test_a_device_is_told_once_in_words_that_only_it_can_read(
    rows, owner, look, service: PushService, stored
):
    """Signed by the shop, encrypted, with what a mail would say and the way there; no customer's words."""
    phone = Browser("phone")
    key = lets_in(owner, phone)
    with rows():
        make.message(make.chat("Ana", person_wanted_at=clock.now()), "in", "my secret words")
    look()
    look()
    [told] = service.told(phone)
    assert told == {
        "title": "Our shop",
        "body": "Ana waits for a person.",
        "address": "/admin/conversation/details/?id=1",
        "tag": "notice-1",
    }
    [taken] = service.taken
    assert b"Ana" not in taken.body
    assert taken.signed(key)["sub"] == "mailto:shop@example.com"
    assert taken.headers["x-original-host"] == "fcm.googleapis.com"
    assert (taken.headers["urgency"], taken.headers["ttl"]) == ("high", "43200")
    with rows():
        make.chat("Bob", person_wanted_at=clock.now())
        make.chat("Cid", person_wanted_at=clock.now())
    look()
    both = service.told(phone)[-1]
    assert both["title"] == "2 things need you · Our shop"
    assert sorted(both["body"].splitlines()) == ["Bob waits for a person.", "Cid waits for a person."]
    assert both["address"] == "/admin/"
    assert set(stored(select(NoticePush.state))) == {"sent"}


def test_the_shop_s_key_is_made_once_and_kept_encrypted(app, owner, somebody, stored, salesbot_database):
    """Every browser gets the same, and the database holds no readable private key."""
    assert lets_in(owner, Browser("a")) == lets_in(somebody("agent"), Browser("b"))
    [setting] = stored(select(ShopSetting).where(ShopSetting.name == devices.KEY))
    assert setting.value == ""
    with app.app_context():
        raw = make.db.session.execute(
            make.db.text("SELECT secret FROM shop_setting WHERE name = :name"), {"name": devices.KEY}
        ).scalar()
    assert setting.secret not in raw
    assert setting.secret not in owner.get("/admin/shop_setting/").text
    assert setting.secret not in owner.get("/admin/audit_entry/").text


def test_only_who_can_do_something_is_told_and_not_in_their_quiet_hours(
    rows, stranger, somebody, look, service
):
    """What is settled in the night is dropped, and a phone that is off is not rung in it either."""
    begin = clock.now()
    clock.move(datetime(begin.year, begin.month, begin.day, 21, 0, tzinfo=UTC) - begin)
    stranger.signs_in()
    phone, other = Browser("phone"), Browser("other")
    lets_in(stranger, phone)
    lets_in(somebody("viewer"), other)
    stranger.post("/admin/news/", {**KINDS, "quiet_from": "22:00", "quiet_to": "07:00", "zone": "UTC"})
    with rows():
        make.chat("Ana", person_wanted_at=clock.now())
    look()
    assert [int(one.headers["ttl"]) for one in service.taken] == [pytest.approx(3600, abs=60)]
    clock.move(timedelta(hours=2))
    with rows():
        make.chat("Bob", person_wanted_at=clock.now())
        make.chat("Cid", person_wanted_at=clock.now())
    look()
    with rows():
        make.db.session.get(make.Conversation, 2).person_wanted_at = None
    clock.move(timedelta(hours=9))
    look()
    assert [told["body"] for told in service.told(phone)] == [
        "Ana waits for a person.",
        "Cid waits for a person.",
    ]
    assert service.told(other) == []


def test_a_mail_goes_only_when_no_device_could_be_told(rows, owner, look, service, mails: MailServer, stored):
    """Whoever wants both hears by one way: nothing is announced twice."""
    lets_in(owner, Browser("phone"))
    owner.post("/admin/news/", {**KINDS, "email": "1", "zone": "UTC"})
    with rows():
        make.chat("Ana", person_wanted_at=clock.now())
    look()
    clock.move(timedelta(minutes=6))
    look()
    assert (len(service.taken), mails.taken) == (1, [])
    assert stored(select(NoticeMail.state)) == ["dropped"]
    service.answers = [(503, {})] * 9
    with rows():
        make.chat("Bob", person_wanted_at=clock.now())
    look()
    clock.move(timedelta(minutes=6))
    look()
    assert mails.told() == [("olga@example.com", "Bob waits for a person. · Our shop")]
    service.answers = []
    clock.move(timedelta(hours=1))
    look()
    assert len(service.taken) == 1
    assert sorted(stored(select(NoticePush.state))) == ["dropped", "sent"]


@pytest.mark.parametrize(
    ("answer", "states", "after"),
    [
        ((503, {}), ["due"], ["sent"]),
        ((429, {"Retry-After": "120"}), ["due"], ["sent"]),
        ((400, {}), ["failed"], ["failed"]),
        ((302, {"Location": "http://127.0.0.1:1/"}), ["failed"], ["failed"]),
        ((410, {}), [], []),
        ((404, {}), [], []),
    ],
)
def test_a_push_service_that_refuses_is_asked_again_or_the_device_let_go(
    rows, owner, look, service, stored, answer, states, after
):
    """Later where that helps; a browser that has gone is forgotten, and its service believed."""
    lets_in(owner, Browser("phone"))
    with rows():
        make.chat("Ana", person_wanted_at=clock.now())
    service.answers = [answer]
    look()
    assert stored(select(NoticePush.state)) == states
    assert len(stored(select(PushDevice))) == (1 if states else 0)
    clock.move(timedelta(seconds=110))
    look()
    waits = states == ["due"] and answer[0] != 429
    assert len(service.taken) == (1 if waits else 0)
    clock.move(timedelta(seconds=20))
    look()
    assert stored(select(NoticePush.state)) == after


def test_a_worker_that_dies_while_sending_leaves_it_to_the_next(app, rows, owner, look, service, stored):
    """Twice at worst, under one tag, which a device shows once."""
    from salesbot import newspush

    lets_in(owner, phone := Browser("phone"))
    with rows():
        make.chat("Ana", person_wanted_at=clock.now())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(newspush, "_settle", lambda call, problem: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            look()
    look()
    assert len(service.taken) == 1
    clock.move(timedelta(minutes=3))
    look()
    assert [told["tag"] for told in service.told(phone)] == ["notice-1", "notice-1"]
    assert stored(select(NoticePush.state)) == ["sent"]


def test_no_customer_waits_for_a_slow_push_service(app, rows, owner, stored, monkeypatch):
    """The worker goes on while a device is told, and tells it once."""
    lets_in(owner, Browser("phone"))
    with rows():
        make.chat("Ana", person_wanted_at=clock.now())
    begun, go_on = threading.Event(), threading.Event()

    def slow(*_args: object, **_options: object) -> None:
        begun.set()
        assert go_on.wait(20)

    monkeypatch.setattr(webpush, "send", slow)
    worker = Worker(app)
    with ThreadPoolExecutor(2) as worker._tellers:
        assert worker.once()
        assert begun.wait(20)
        assert not worker.once()
        assert stored(select(NoticePush.state)) == ["due"]
        go_on.set()
    assert stored(select(NoticePush.state)) == ["sent"]


def test_whoever_signed_out_or_may_not_sign_in_is_told_nothing(
    app, rows, somebody, owner, look, service, stored
):
    """Signing out here, signing out everywhere, a new password, and losing the right to sign in."""
    agent, here, there = somebody("agent"), Browser("here"), Browser("there")
    lets_in(agent, here)
    lets_in(agent, there)
    agent.get("/admin/account/")
    agent.post("/admin/account/elsewhere", {"device": here.endpoint})
    look()
    assert stored(select(PushDevice.endpoint)) == [here.endpoint]
    agent.get("/admin/account/")
    new = {"present": PASSWORD, "new": "another long one", "again": "another long one"}
    agent.post("/admin/account/password", {**new, "device": here.endpoint})
    look()
    assert stored(select(PushDevice.endpoint)) == [here.endpoint]
    with rows():
        make.db.session.scalars(select(StaffUser).filter_by(email="agent@example.com")).one().active = False
        make.chat("Ana", person_wanted_at=clock.now())
    look()
    assert (service.taken, stored(select(PushDevice))) == ([], [])
    lets_in(owner, here)
    owner.post("/admin/logout", {"device": here.endpoint})
    assert stored(select(PushDevice)) == []


def test_a_browser_belongs_to_who_sits_there_and_nobody_has_many(owner, somebody, stored):
    """A second person takes it over, the eleventh device takes the oldest one's place, one can be removed."""
    agent, shared = somebody("agent"), Browser("shared")
    lets_in(owner, shared)
    lets_in(agent, shared)
    assert owner.post("/admin/news/device/known", {"endpoint": shared.endpoint}).json == {"on": False}
    assert agent.post("/admin/news/device/known", {"endpoint": shared.endpoint}).json == {"on": True}
    many = [Browser(f"b{number}") for number in range(devices.MOST + 1)]
    for browser in many:
        clock.move(timedelta(seconds=1))
        assert owner.post("/admin/news/device", browser.form).json == {"on": True}
    mine = select(PushDevice.endpoint).join(StaffUser).where(StaffUser.role == "owner")
    assert sorted(stored(mine)) == sorted(one.endpoint for one in many[1:])
    theirs = stored(select(PushDevice.id).where(PushDevice.endpoint == shared.endpoint))[0]
    assert owner.post(f"/admin/news/device/{theirs}/remove").status_code == 404
    assert "Remove" in agent.get("/admin/news/").text
    assert agent.post(f"/admin/news/device/{theirs}/remove").status_code == 302
    assert len(stored(select(PushDevice))) == devices.MOST


def test_a_browser_whose_address_changes_stays_only_if_it_was_in(owner, stored):
    """A device that was removed elsewhere does not come back by itself."""
    old, new = Browser("old"), Browser("new")
    lets_in(owner, old)
    assert owner.post("/admin/news/device", {**new.form, "old": old.endpoint}).json == {"on": True}
    assert stored(select(PushDevice.endpoint)) == [new.endpoint]
    assert owner.post("/admin/news/device", {**old.form, "old": "https://x"}).status_code == 409
    assert stored(select(PushDevice.endpoint)) == [new.endpoint]


WRONG = [
    "http://fcm.googleapis.com/fcm/send/x",
    "https://127.0.0.1/x",
    "https://localhost/x",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/x",
    "https://fcm.googleapis.com.evil.example/x",
    "https://evil.example/fcm.googleapis.com",
    "https://fcm.googleapis.com:8080/x",
    "https://fcm.googleapis.com@evil.example/x",
    "https://evil.example\\@fcm.googleapis.com/x",
    "https://push.apple.com/x",
    "https://fcm.googleapis.com/x\r\nHost: evil.example",
    "file:///etc/passwd",
    "https://fcm.googleapis.com/" + "x" * 1000,
    "https://[bad",
    "",
]


def test_no_address_but_a_push_service_s_is_kept_or_called(app, rows, owner, look, service, stored):
    """Neither what a page sends, nor what stands in the table by some other way."""
    owner.get("/admin/news/")
    for endpoint in WRONG:
        answer = owner.post("/admin/news/device", {**Browser("x").form, "endpoint": endpoint})
        assert (answer.status_code, "push service" in answer.json["words"]) == (400, True), endpoint
    for keys in ({"auth": "short"}, {"p256dh": "AAAA"}, {"p256dh": "é"}, {"auth": ""}):
        assert owner.post("/admin/news/device", {**Browser("x").form, **keys}).status_code == 400
    assert stored(select(PushDevice)) == []
    for host in ("web.push.apple.com", "wns2-am3p.notify.windows.com", "updates.push.services.mozilla.com"):
        assert owner.post("/admin/news/device", Browser("y", host).form).status_code == 200
    lets_in(owner, Browser("phone"))
    with rows():
        make.db.session.execute(make.db.update(PushDevice).values(endpoint=PushDevice.endpoint + "\\"))
        make.chat("Ana", person_wanted_at=clock.now())
    look()
    assert (service.taken, stored(select(PushDevice))) == ([], [])


def test_a_test_is_sent_by_the_worker_and_its_end_is_told(rows, owner, somebody, look, service):
    """At once, in quiet hours too, and whoever pressed hears in plain words what became of it."""
    phone = Browser("phone")
    lets_in(owner, phone)
    quiet = {"quiet_from": "00:00", "quiet_to": "23:59", "zone": "UTC"}
    owner.post("/admin/news/", {**KINDS, **quiet})
    number = owner.post("/admin/news/test", {"endpoint": phone.endpoint}).json["test"]
    assert owner.post("/admin/news/test", {"endpoint": phone.endpoint}).json["test"] == number
    assert owner.get(f"/admin/news/test/{number}").json["state"] == "due"
    assert service.taken == []
    look()
    [told] = service.told(phone)
    assert (told["test"], told["address"]) == (True, "/admin/news/")
    assert "It is sent." in owner.get(f"/admin/news/test/{number}").json["words"]
    assert somebody("viewer").get(f"/admin/news/test/{number}").status_code == 404
    service.answers = [(403, {})]
    number = owner.post("/admin/news/test", {"endpoint": phone.endpoint}).json["test"]
    look()
    assert "answered 403" in owner.get(f"/admin/news/test/{number}").json["words"]
    assert owner.post("/admin/news/test", {"endpoint": "https://x"}).status_code == 404


def test_a_phone_can_keep_the_back_office_on_its_home_screen(app, stranger):
    """Behind a proxy that puts it under an address of its own too, and before anybody signs in."""
    behind = {"SCRIPT_NAME": "/shop"}
    manifest = stranger.client.get("/staff.webmanifest", environ_overrides=behind)
    assert manifest.mimetype == "application/manifest+json"
    said = manifest.json
    assert (said["start_url"], said["scope"], said["display"]) == (
        "/shop/admin/",
        "/shop/admin/",
        "standalone",
    )
    for icon in said["icons"]:
        picture = stranger.client.get(icon["src"].removeprefix("/shop"))
        assert (picture.status_code, picture.mimetype, picture.data[:4]) == (200, "image/png", b"\x89PNG")
        picture.close()
    worker = stranger.client.get("/staff-worker.js")
    assert (worker.status_code, worker.mimetype) == (200, "text/javascript")
    assert worker.headers["Content-Security-Policy"] == "default-src 'none'"
    assert "showNotification" in worker.text
    worker.close()
    assert (
        'href="/shop/staff.webmanifest"' in stranger.client.get("/admin/login", environ_overrides=behind).text
    )
