"""News reach staff: in an open page, by e-mail for whoever wants it, in their hours, and never twice."""

from __future__ import annotations

import email
import email.header
import email.message
import re
import socketserver
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from salesbot import clock
from salesbot.models import Conversation, NewsChoice, Notice, NoticeMail
from salesbot.models.news import NEWS_KINDS
from salesbot.services import stock
from salesbot.worker import Worker
from tests.admin import rows as make

OFFERED = {"offered": list(NEWS_KINDS)}
pytestmark = pytest.mark.both_databases


class _Letters(socketserver.StreamRequestHandler):
    """Takes mails as an SMTP server does, or says what it was told to say."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper().strip()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = []
                while (text := self.rfile.readline()) != b".\r\n":
                    lines.append(text)
                refusal = self.server.refusals.pop(0) if self.server.refusals else None
                if refusal is None:
                    self.server.taken.append(email.message_from_bytes(b"".join(lines)))
                self.wfile.write(refusal or b"250 taken\r\n")
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 well\r\n")


class MailServer(socketserver.ThreadingTCPServer):
    """`taken` are the mails, `refusals` what the next ones are answered."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Letters)
        self.taken: list[email.message.Message] = []
        self.refusals: list[bytes] = []

    def told(self) -> list[tuple[str, str]]:
        """(to, subject) of each mail."""
        return [
            (one["To"], str(email.header.make_header(email.header.decode_header(one["Subject"]))))
            for one in self.taken
        ]


@pytest.fixture
def mails() -> Iterator[MailServer]:
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def salesbot_config(salesbot_config, mails):
    return {
        **salesbot_config,
        "SMTP_URL": f"smtp://127.0.0.1:{mails.server_address[1]}",
        "MAIL_FROM": "shop@example.com",
    }


@pytest.fixture
def look(app):
    """The worker looks for news, and sends what is due."""
    return lambda: Worker(app).drain()


def test_an_open_page_hears_of_each_thing_once(rows, owner, look):
    """With words and the way there; the number in the tab says how much needs somebody."""
    first = owner.get("/admin/news/latest").json
    assert (first["waiting"], first["last"], first["news"]) == (0, 0, [])
    with rows():
        chat = make.chat("Ana", person_wanted_at=clock.now(), answered_by="person")
        make.message(chat, "out", state="failed", error_code="63016")
        thing = make.product(title="PhotoPro")
        stock.add_keys(thing.id, ["ONE-0001"])
        proof = make.message(chat, "in", "")
        make.payment(make.order(chat, number="ABC2345"), proof_id=proof.id)
    look()
    look()
    seen = owner.get("/admin/news/latest?after=0").json
    assert [one["words"] for one in seen["news"]] == [
        "Ana waits for a person.",
        "Something for Ana did not arrive.",
        "Order ABC2345: a picture of the payment is there to check.",
        "Few keys are left, or none: PhotoPro.",
    ]
    assert seen["waiting"] == 2
    assert owner.get(seen["news"][0]["address"]).status_code == 200
    last = seen["news"][-1]["id"]
    assert owner.get(f"/admin/news/latest?after={last}").json["news"] == []


def test_whoever_can_do_nothing_about_it_hears_nothing(rows, somebody, look):
    """Agents answer people and see no money; viewers only look; everybody may turn a kind off."""
    with rows():
        chat = make.chat("Ana", person_wanted_at=clock.now())
        make.payment(make.order(chat), proof_id=make.message(chat, "in").id)
    look()
    agent, viewer = somebody("agent"), somebody("viewer")
    assert [one["words"] for one in agent.get("/admin/news/latest?after=0").json["news"]] == [
        "Ana waits for a person."
    ]
    assert viewer.get("/admin/news/latest?after=0").json["news"] == []
    agent.get("/admin/news/")
    agent.post("/admin/news/", {"offered": ["person", "failed"], "failed": "1"})
    assert agent.get("/admin/news/latest?after=0").json["news"] == []


def test_what_was_not_offered_stays_as_it_is(rows, somebody, stored):
    """An agent who becomes a manager hears of payments and stock; a page left open changes nothing of it."""
    agent = somebody("agent")
    page = agent.get("/admin/news/").text
    offered = re.findall('name="offered" value="([a-z]+)"', page)
    assert offered == ["person", "failed"]
    agent.post("/admin/news/", {"offered": offered, "failed": "1"})
    [choice] = stored(select(NewsChoice))
    assert [choice.person, choice.failed, choice.payment, choice.stock] == [False, True, True, True]


def test_who_wants_mail_gets_one_about_all_and_none_twice(rows, owner, somebody, look, mails, stored):
    """In the shop's name, with links and without a customer's words; nobody else is written to."""
    somebody("manager")
    owner.get("/admin/news/")
    owner.post(
        "/admin/news/", {**OFFERED, "person": "1", "stock": "1", "email": "1", "zone": "Europe/Berlin"}
    )
    with rows():
        make.message(make.chat("Ana", person_wanted_at=clock.now()), "in", "my secret words")
        make.chat("Bob", person_wanted_at=clock.now())
        make.message(make.chat(), "out", state="failed")
    look()
    look()
    assert mails.told() == [("olga@example.com", "2 things need you · Our shop")]
    text = mails.taken[0].get_payload(decode=True).decode()
    assert "Ana waits for a person." in text
    assert "/admin/conversation/details/?id=1" in text
    assert "my secret words" not in text
    assert set(stored(select(NoticeMail.state))) == {"sent"}


def test_a_mail_is_in_the_language_of_whoever_gets_it(rows, owner, look, mails):
    """And an address in it leads to a page in the same one."""
    owner.get("/admin/account/")
    owner.post("/admin/account/reading", {"language": "pt", "zone": ""})
    owner.get("/admin/news/")
    owner.post("/admin/news/", {**OFFERED, "person": "1", "email": "1", "zone": "Europe/Berlin"})
    with rows():
        make.chat("Ana", person_wanted_at=clock.now())
    look()
    assert mails.told() == [("olga@example.com", "Ana espera por uma pessoa. · Our shop")]
    assert "Mude o que você quer saber" in mails.taken[0].get_payload(decode=True).decode()


def test_quiet_hours_keep_mail_until_they_end_and_the_page_still(rows, stranger, look, mails):
    """What was settled in the night is not mailed in the morning."""
    begin = clock.now()
    night = datetime(begin.year, begin.month, begin.day, 23, 0, tzinfo=UTC)
    clock.move(night - begin)
    owner = stranger
    owner.signs_in()
    owner.get("/admin/news/")
    form = {
        **OFFERED,
        "person": "1",
        "email": "1",
        "sound": "1",
        "quiet_from": "22:00",
        "quiet_to": "07:00",
        "zone": "UTC",
    }
    owner.post("/admin/news/", form)
    assert 'value="22:00"' in owner.get("/admin/news/").text
    with rows():
        make.chat("Ana", person_wanted_at=clock.now())
        make.chat("Bob", person_wanted_at=clock.now())
    look()
    assert mails.taken == []
    assert owner.get("/admin/news/latest?after=0").json["sound"] is False
    with rows():
        make.db.session.get(Conversation, 2).person_wanted_at = None
    clock.move(timedelta(hours=9))
    look()
    assert mails.told() == [("olga@example.com", "Ana waits for a person. · Our shop")]


@pytest.mark.parametrize(
    ("refusal", "states"),
    [(b"451 later\r\n", ["due", "sent"]), (b"550 never\r\n", ["failed", "failed"])],
)
def test_a_mail_server_that_refuses_is_asked_again_or_left(rows, owner, look, mails, stored, refusal, states):
    """Later where it says so, never where it says no."""
    owner.get("/admin/news/")
    owner.post("/admin/news/", {**OFFERED, "person": "1", "email": "1"})
    with rows():
        make.chat("Ana", person_wanted_at=clock.now())
    mails.refusals.append(refusal)
    look()
    assert stored(select(NoticeMail.state)) == states[:1]
    clock.move(timedelta(minutes=5))
    look()
    assert stored(select(NoticeMail.state)) == states[1:]


def test_new_keys_make_running_out_news_again(rows, stored, look, app):
    """Low, out, and after a refill low once more; each said once."""
    with rows():
        thing = make.product(title="PhotoPro").id
        stock.add_keys(thing, ["ONE-0001"])
    for _ in range(2):
        look()
    assert len(stored(select(Notice.key))) == 1
    with rows():
        stock.add_keys(thing, ["TWO-0002"])
    look()
    assert len(stored(select(Notice.key))) == 2


@pytest.mark.parametrize("wrong", [{"quiet_from": "25:00"}, {"quiet_to": "x"}, {"zone": "Nowhere/Else"}])
def test_odd_hours_are_not_kept(owner, stored, wrong):
    """The page says how to write them."""
    owner.get("/admin/news/")
    form = {"quiet_from": "22:00", "quiet_to": "07:00", **wrong}
    assert "Type quiet hours like" in owner.post("/admin/news/", form, follow_redirects=True).text
    assert stored(select(NewsChoice)) == []
