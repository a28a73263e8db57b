"""Staff arrange the menu: order, titles in each language and hidden lines; plugins' lines are among them."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import select

from salesbot import Choice, dispatcher, hookimpl
from salesbot.channels import simulator
from salesbot.database import db
from salesbot.models import Conversation, Customer, MenuLine, Message
from salesbot.services import menu
from salesbot.shop_state import Line
from tests.admin import rows as make


@pytest.fixture
def salesbot_config(salesbot_config):
    return {**salesbot_config, "LANGUAGES": "en, es"}


@pytest.fixture
def salesbot_plugins():
    plugin = ModuleType("salesbot_gift")

    @hookimpl
    def salesbot_menu_items(chat):
        return Choice("gift:start", "Send a gift")

    plugin.salesbot_menu_items = salesbot_menu_items
    return [("gift", plugin), ("watcher", Watcher)]


class Watcher:
    """Lets a test do something while the menu of a chat is asked for."""

    meanwhile = staticmethod(lambda chat: None)

    @staticmethod
    @hookimpl
    def salesbot_menu_items(chat):
        return Watcher.meanwhile(chat)


@pytest.fixture
def reads(app):
    """The lines that somebody reads who writes some words."""

    def read(text: str = "menu", who: str = "ana") -> list[str]:
        with app.app_context():
            dispatcher.receive(simulator.incoming(who, text))
            last = select(Message.body).where(Message.direction == "out").order_by(Message.id.desc())
            return re.findall(r"^\d+\. (.+)$", db.session.scalars(last).first(), re.MULTILINE)

    return read


def ids(page: str) -> list[str]:
    return [unescape(found) for found in re.findall(r'name="line" value="([^"]*)"', page)]


def test_lines_are_moved_renamed_and_hidden_from_the_next_message_on(rows, owner, reads, stored):
    with rows():
        shelf = make.category(title="Books")
        make.product(category=shelf, kind="link", link="https://example.com/x")
        number = shelf.id
    assert reads() == ["Books", "My orders", "Talk to a person", "🌐 español", "Send a gift"]
    reads("hola", "rosa")
    page = owner.get("/admin/menu/").text
    assert ids(page) == [
        f"category:{number}", "orders", "person", "language:en", "language:es", "gift:start",
    ]  # fmt: skip
    assert not stored(select(Customer).where(Customer.name == "Ana")), "nobody is made by looking"
    assert len(stored(select(Conversation))) == 2
    form = {
        "line": ["gift:start", "person", f"category:{number}", "orders", "language:es", "language:en"],
        "title-en-gift:start": "A present 🎁",
        "title-es-gift:start": "Un regalo",
        "hide-orders": "1",
    }
    assert owner.post("/admin/menu/", form).status_code == 302
    assert reads() == ["A present 🎁", "Talk to a person", "Books", "🌐 español"]
    reads("1")
    assert [one.choice for one in stored(select(Message).where(Message.body == "1"))] == ["gift:start"]
    assert reads("menú", "rosa")[:2] == ["Un regalo", "Hablar con una persona"]
    with rows():
        films = make.category(title="Films", position=1)
        make.product(category=films, kind="link", link="https://example.com/x")
    assert reads() == ["A present 🎁", "Talk to a person", "Books", "Films", "🌐 español"], "by its neighbour"
    page = owner.get("/admin/menu/").text
    assert 'value="A present 🎁"' in page
    assert re.search(r'name="hide-orders"[^>]* checked', page)
    owner.post("/admin/menu/", {**form, "up": f"category:{number}"})
    assert reads() == ["A present 🎁", "Books", "Films", "Talk to a person", "🌐 español"], "without script"
    owner.post("/admin/menu/reset")
    assert reads()[:3] == ["Books", "Films", "My orders"]


def test_what_can_not_be_is_told_and_the_preview_keeps_nothing(owner, reads, stored, somebody):
    every = ids(owner.get("/admin/menu/").text)
    answer = owner.post("/admin/menu/", {"line": every, **{f"hide-{one}": "1" for one in every}})
    assert "one line at least has to be shown" in answer.text
    answer = owner.post("/admin/menu/", {"line": every, "title-en-orders": "x" * 25})
    assert "is too long: at most 24 characters" in answer.text
    tried = {"line": every[::-1], "title-es-orders": "Lo mío", "language": "es"}
    message = owner.post("/admin/menu/preview", tried).get_json()["message"]
    assert "Lo mío" in message["text"]
    assert message["text"].index("Send a gift") < message["text"].index("Lo mío")
    assert "Lo mío" not in reads()
    assert len(stored(select(Conversation))) == 1
    assert somebody("agent").get("/admin/menu/").status_code == 403


def test_a_new_line_stays_behind_the_one_it_came_after():
    lines = [Choice(name, name) for name in "abcde"]
    known = {name: Line(place, False, {}) for place, name in enumerate("ecb")}
    assert "".join(one.id for one in menu.in_order(lines, known)) == "aecdb"


@pytest.fixture
def now_and_then(monkeypatch):
    """A line that only Rosa has, as a cart; the list is empty when she has it no more."""
    there = [Choice("coat:check", "Your coat")]
    monkeypatch.setattr(
        Watcher, "meanwhile", staticmethod(lambda chat: there if "rosa" in chat.customer.address else None)
    )
    return there


def as_typed(page: str, **changed: str) -> dict[str, Any]:
    """What a browser sends of the form on a page."""
    form = page[page.index('<form method="post" class="sb-form">') :].partition("</form>")[0]
    fields: dict[str, list[str]] = {}
    for field in re.findall(r"<input [^>]*>", form):
        said = {name: unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', field)}
        if said.get("type") != "checkbox" or field.endswith(" checked>"):
            fields.setdefault(said["name"], []).append(said.get("value", ""))
    return {**fields, **changed}


@pytest.mark.both_databases
def test_a_line_that_does_not_show_keeps_what_staff_did_with_it(owner, reads, now_and_then, rows, stored):
    shown = ["My orders", "Talk to a person", "🌐 español", "Send a gift"]
    assert reads(who="rosa") == [*shown, "Your coat"]
    page = owner.get("/admin/menu/").text
    form = as_typed(page, **{"title-en-coat:check": "Basket", "hide-coat:check": "1"})
    form["line"].insert(1, form["line"].pop())
    assert owner.post("/admin/menu/", form).status_code == 302
    owner.post("/admin/menu/", as_typed(owner.get("/admin/menu/").text, **{"title-en-orders": "Bought"}))

    coat = now_and_then.pop()
    page = owner.get("/admin/menu/").text
    assert "coat:check" not in ids(page)
    form = as_typed(page)
    assert owner.post("/admin/menu/", {**form, "up": "gift:start"}).status_code == 302
    [row] = stored(select(MenuLine).where(MenuLine.choice == "coat:check"))
    assert (row.hidden, row.titles) == (True, {"en": "Basket"})

    now_and_then.append(coat)
    page = owner.get("/admin/menu/").text
    assert ids(page)[:2] == ["orders", "coat:check"], "in its place"
    form = as_typed(page)
    del form["hide-coat:check"]
    owner.post("/admin/menu/", form)
    assert reads(who="rosa")[:2] == ["Bought", "Basket"]
    owner.post("/admin/menu/reset")
    assert stored(select(MenuLine)) == []
    assert reads(who="rosa") == [*shown, "Your coat"]


def test_what_is_typed_counts_for_a_line_that_goes_meanwhile(owner, reads, now_and_then, stored):
    reads(who="rosa")
    page = owner.get("/admin/menu/").text
    coat = now_and_then.pop()
    typed = as_typed(page, **{"title-en-coat:check": "x" * 25})
    answer = owner.post("/admin/menu/", typed).text
    assert "is too long: at most 24 characters" in answer
    assert "x" * 25 in answer, "still there to be put right"
    owner.post("/admin/menu/", as_typed(answer, **{"title-en-coat:check": "Basket"}))
    now_and_then.append(coat)
    assert reads(who="rosa")[-1] == "Basket"
    never = ["", "x" * 201, "a\tb"]
    assert owner.post("/admin/menu/", {"line": never}).status_code == 302
    assert not set(never) & set(stored(select(MenuLine.choice)))


def test_a_title_without_a_field_on_the_page_stays(owner, reads, now_and_then, stored):
    """The page has a field for each language in which somebody had the line lately."""
    reads(who="rosa")
    typed = as_typed(owner.get("/admin/menu/").text, **{"title-es-coat:check": "Abrigo"})
    owner.post("/admin/menu/", typed)
    page = owner.get("/admin/menu/").text
    assert 'value="Abrigo"' in page, "it can be seen and changed"
    bare = {name: value for name, value in as_typed(page).items() if not name.startswith("title-es")}
    owner.post("/admin/menu/", bare)
    assert stored(select(MenuLine.titles).where(MenuLine.choice == "coat:check")) == [{"es": "Abrigo"}]


@pytest.mark.both_databases
def test_who_saves_second_is_told_and_decides(owner, somebody, reads, stored):
    reads()
    other = somebody("manager")
    mine, theirs = owner.get("/admin/menu/").text, other.get("/admin/menu/").text
    assert owner.post("/admin/menu/", as_typed(mine, **{"title-en-orders": "Bought"})).status_code == 302
    answer = other.post("/admin/menu/", as_typed(theirs, **{"title-en-orders": "Mine"}))
    assert "somebody else changed the menu meanwhile" in answer.text
    assert 'value="Mine"' in answer.text
    assert reads()[0] == "Bought"
    assert other.post("/admin/menu/", as_typed(answer.text)).status_code == 302
    assert reads()[0] == "Mine"


@pytest.mark.postgresql
@pytest.mark.parametrize("page", ["/admin/menu/", "/admin/quick_answer/new/"])
def test_a_customer_is_answered_while_staff_look_at_a_page(reads, owner, stored, monkeypatch, page):
    """Nothing of the chats that are looked at is kept, so nobody waits for them."""
    reads()
    [chat_id] = stored(select(Conversation.id))
    answers = []

    def writes_meanwhile(chat):
        if chat.id == chat_id and not answers:
            answers.append(None)
            answers[0] = elsewhere.submit(reads).result(10)

    with ThreadPoolExecutor(1) as elsewhere:
        monkeypatch.setattr(Watcher, "meanwhile", staticmethod(writes_meanwhile))
        assert owner.get(page).status_code == 200
        assert answers[0] == reads()
