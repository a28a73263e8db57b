"""`salesbot doctor` says what is wrong in plain words, with a remedy, and scripts can ask it."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
import requests
from sqlalchemy import update

from salesbot import Reply, doctor, outbox
from salesbot.channels import TemplateSeen
from salesbot.database import transaction
from salesbot.doctor import BAD, GOOD, NOTE, WARN
from salesbot.doctor import shop as shop_checks
from salesbot.doctor import whatsapp as whatsapp_checks
from salesbot.models import Conversation, Message, db
from salesbot.services import beats, staff, templates
from salesbot.worker import Worker

OWN = "whatsapp:+15550009999"


@pytest.fixture
def salesbot_config():
    return {"TWILIO_WHATSAPP_NUMBER": OWN}


@pytest.fixture
def reachable(app, twilio, monkeypatch):
    """The shop's own address leads to the shop: what is posted there arrives, as on a server."""

    def post(url, data, headers, **_options):
        answer = app.test_client().post(url.removeprefix("https://shop.example"), data=data, headers=headers)
        found = requests.Response()
        found.status_code = answer.status_code
        return found

    monkeypatch.setattr(requests, "post", post)


@pytest.fixture
def well(app, twilio, reachable, catalogue):
    """A shop in which everything is well."""
    catalogue.key("Editor licence", price=1900, keys=[f"K-{n}" for n in range(9)])
    twilio.about.owns(OWN)
    sender = next(iter(twilio.about.senders.values()))
    sender["webhook"] = {"callback_url": "https://shop.example/webhooks/twilio/message#rc=3"}
    seen = TemplateSeen("HX" + "1" * 32, "salesbot_delivery_en_1", "en", "Hello", "approved")
    with app.app_context(), transaction():
        staff.add("olga@example.com", "a long enough password", role="owner")
        beats.beat()
        templates.keep(twilio.account, seen, use="delivery")
    twilio.writes("hi")


def look(app, name):
    """What one check says."""
    with app.app_context():
        return next(check for check in doctor.examine() if check.name == name)


def test_a_shop_in_which_everything_is_well_ends_with_0(app, well):
    result = app.test_cli_runner().invoke(args=["doctor"])
    assert result.exit_code == 0, result.output
    assert "Everything is well." in result.output
    assert "→" not in result.output
    found = json.loads(app.test_cli_runner().invoke(args=["doctor", "--json"]).output)
    assert {check["state"] for check in found} == {GOOD}
    assert {check["name"] for check in found} == {
        *("database", "worker", "disk", "address", "stock", "staff", "news"),
        *("twilio", "clock", "number", "webhook", "calls", "sendings", "templates"),
    }


def test_what_is_wrong_ends_with_1_and_a_remedy(app, well, clock):
    clock.move(minutes=5)
    result = app.test_cli_runner().invoke(args=["doctor"])
    assert result.exit_code == 1
    assert re.search(r"WRONG  Worker: No worker has run since \d{4}-\d\d-\d\d \d\d:\d\d UTC\.", result.output)
    found = json.loads(app.test_cli_runner().invoke(args=["doctor", "--json"]).output)
    [worker] = [check for check in found if check["name"] == "worker"]
    assert worker["said"] == f"No worker has run since {worker['at'][:16]} UTC."
    assert "→ Start `salesbot serve`" in result.output


@pytest.fixture
def ill(app, twilio, well, monkeypatch, catalogue, clock):
    """Makes a shop that is well ill, in one way at a time."""

    def set_all(**values):
        for name, value in values.items():
            monkeypatch.setitem(app.config, name, value)

    def fail(code):
        with app.app_context(), transaction():
            (number,) = outbox.say(db.session.query(Conversation).one().id, Reply("x"))
            db.session.execute(
                update(Message)
                .where(Message.id == number)
                .values(state="failed", send_at=None, error_code=code)
            )

    def learn(seen):
        with app.app_context(), transaction():
            templates.learn(twilio.account, seen)

    def away(*_args, **_options):
        raise requests.ConnectionError("away")

    def answers(status):
        found = requests.Response()
        found.status_code = status
        return lambda *_args, **_options: found

    def old_message():
        with app.app_context(), transaction():
            outbox.say(db.session.query(Conversation).one().id, Reply("x"))
            db.session.execute(
                update(Message)
                .where(Message.state == "waiting")
                .values(send_at=clock.now() - timedelta(minutes=30))
            )

    return {
        "no token": lambda: set_all(TWILIO_AUTH_TOKEN=["wrong"]),
        "suspended": lambda: setattr(twilio.about, "state", "suspended"),
        "twilio away": lambda: monkeypatch.setattr(whatsapp_checks, "ask", away),
        "not connected": lambda: set_all(TWILIO_ACCOUNT_SID="", TWILIO_AUTH_TOKEN=[]),
        "clock": lambda: monkeypatch.setattr(whatsapp_checks, "CLOCK_MAY_DIFFER", timedelta(seconds=-1)),
        "sandbox": lambda: set_all(TWILIO_WHATSAPP_NUMBER="whatsapp:+14155238886"),
        "no sender": twilio.about.senders.clear,
        "offline": lambda: next(iter(twilio.about.senders.values())).update(status="OFFLINE"),
        "elsewhere": lambda: next(iter(twilio.about.senders.values())).update(webhook={}),
        "closed door": lambda: monkeypatch.setattr(requests, "post", away),
        "another shop": lambda: monkeypatch.setattr(requests, "post", answers(403)),
        "a proxy": lambda: monkeypatch.setattr(requests, "post", answers(404)),
        "63015": lambda: fail("63015"),
        "63007": lambda: fail("63007"),
        "another code": lambda: fail("63005"),
        "no template": lambda: learn([]),
        "no https": lambda: set_all(PUBLIC_URL="http://shop.example"),
        "no address": lambda: set_all(PUBLIC_URL=""),
        "stock": lambda: catalogue.key("Night Writer", price=1900, keys=[]),
        "full disk": lambda: monkeypatch.setattr(shop_checks.disk, "free_bytes", lambda _folder: 5),
        "stuck": old_message,
    }


@pytest.mark.parametrize(
    ("what", "name", "state", "said"),
    [
        ("no token", "twilio", BAD, "20003"),
        ("suspended", "twilio", BAD, "suspended"),
        ("twilio away", "twilio", BAD, "can't be reached"),
        ("not connected", "twilio", NOTE, "None is connected"),
        ("clock", "clock", BAD, "differs from Twilio"),
        ("sandbox", "number", NOTE, "sandbox"),
        ("no sender", "number", BAD, "63007"),
        ("offline", "number", BAD, "OFFLINE"),
        ("elsewhere", "number", BAD, "go to nobody"),
        ("closed door", "webhook", BAD, "11205"),
        ("another shop", "webhook", BAD, "signature does not fit"),
        ("a proxy", "webhook", BAD, "answers 404"),
        ("63015", "sendings", BAD, "has not joined the sandbox"),
        ("63007", "sendings", BAD, "does not send from the number"),
        ("another code", "sendings", WARN, "63005"),
        ("no template", "templates", WARN, "No approved template"),
        ("no https", "address", BAD, "begins with http://"),
        ("no address", "address", WARN, "only this computer"),
        ("stock", "stock", WARN, "Night Writer (0)"),
        ("full disk", "disk", BAD, "5"),
        ("stuck", "worker", WARN, "more than ten minutes"),
    ],
)
def test_each_illness_is_found_and_has_a_remedy(app, ill, what, name, state, said):
    ill[what]()
    check = look(app, name)
    assert (check.state, check.remedy != "") == (state, True), check
    assert said in check.said


def test_a_database_of_an_older_version_is_the_only_thing_said_about_it(app, monkeypatch):
    monkeypatch.setattr(shop_checks, "newest", lambda: "9999")
    with app.app_context():
        found = doctor.examine()
    assert found[0].state == BAD
    assert "salesbot db upgrade" in found[0].remedy
    assert {check.name for check in found} == {"database", "disk", "twilio"}


def test_the_workers_own_sign_of_life_is_what_is_looked_at(app, monkeypatch):
    worker = Worker(app)
    monkeypatch.setattr("signal.signal", lambda *_args: None)
    monkeypatch.setattr(worker, "once", lambda _each: worker.stopping.set())
    worker.run()
    assert look(app, "worker").state == GOOD


def test_no_secret_is_said(app, well, twilio):
    output = app.test_cli_runner().invoke(args=["doctor", "--json"]).output
    assert twilio.token not in output
