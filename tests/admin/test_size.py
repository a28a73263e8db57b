"""In a shop with many rows, pages ask no more often than in one with few, and say how far they looked."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import Engine, delete, event, select

from benchmarks import big_shop, every_page
from salesbot import clock, models
from salesbot.admin.rows import looking_back
from salesbot.extensions import db, transaction, vault
from salesbot.models import Conversation, Message
from salesbot.services.numbered import last_before
from tests.admin import rows as make

pytestmark = pytest.mark.both_databases

FEW, MANY = (20, 10), (400, 200)
"""Messages, and rows of each other kind."""
OTHERS = {
    "home": "/admin/",
    "home's charts": "/admin/charts",
    "inbox": "/admin/conversation/",
    "inbox, searched": "/admin/conversation/?search=Person 1",
    "inbox, a number": "/admin/conversation/?search=%2B49 15110000001",
    "inbox, waiting": "/admin/conversation/?show=unread",
    "a chat": "/admin/conversation/details/?id=7",
    "a chat's news": "/admin/conversation/7/news?list=1&log=1&head=1&side=1",
    "an order": "/admin/order/details/?id=7",
    "a customer": "/admin/customer/details/?id=7",
    "a product's form": "/admin/product/edit/?id=7",
}
FOUND = 2
"""Statements that a page with a row takes more than one without: for what the row shows of others."""


@pytest.fixture
def statements() -> Callable[[Callable[[], object]], int]:
    """`statements(work)`: how many a piece of work takes."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        if not statement.startswith(("PRAGMA", "BEGIN", "COMMIT", "ROLLBACK")):
            seen.append(statement)

    def count(work):
        seen.clear()
        work()
        return len(seen)

    event.listen(Engine, "before_cursor_execute", note)
    yield count
    event.remove(Engine, "before_cursor_execute", note)


def test_no_page_asks_more_often_when_there_are_more_rows(app, owner, statements):
    """Each list, search, form, look-up and details page of each model, and the pages made by hand."""

    def asked() -> dict[str, int]:
        kinds = {"list", "search", "details", "form", "lookup"}
        found = {page.name: page.address for page in every_page.pages(app) if page.kind in kinds}
        assert len(found) > 100
        answers = {}
        for name, address in {**found, **OTHERS}.items():
            answers[name] = statements(lambda address=address: _open(owner, address))
        return answers

    _fill(app, FEW)
    before = asked()
    _fill(app, MANY, there=FEW)
    after = asked()
    assert {name: after[name] for name in OTHERS} == {name: before[name] for name in OTHERS}
    grown = {name: (before[name], after[name]) for name in before if name in after}
    assert not {name: pair for name, pair in grown.items() if pair[1] > pair[0] + FOUND}
    assert max(after.values()) <= 40, max(after, key=after.get)


def _fill(app, counts: tuple[int, int], there: tuple[int, int] = (0, 0)) -> None:
    """Makes rows; what the owner's signing in has left in the audit makes room for them."""
    with app.app_context():
        with transaction():
            db.session.execute(delete(models.AuditEntry).where(models.AuditEntry.id > there[1]))
        big_shop.fill(db.engine, vault.encrypt("AAAA-BBBB"), *counts, there=there)


def _open(person, address: str) -> None:
    assert person.get(address).status_code == 200, address


def test_a_chat_asks_for_four_orders_as_often_as_for_one(rows, owner, statements):
    with rows():
        chats = [make.chat(name) for name in ("One", "Four")]
        thing = make.product()
        for chat, count in zip(chats, (1, 4), strict=True):
            for _ in range(count):
                order = make.order(chat, thing, state="fulfilled")
                make.delivery(order)
                payment = make.payment(order, state="confirmed")
                make.save(models.Refund(payment_id=payment.id, amount=1, currency="USD"))
        ids = [chat.id for chat in chats]
    address = "/admin/conversation/details/?id={}"
    _open(owner, address.format(ids[0]))
    one, four = (statements(lambda number=n: _open(owner, address.format(number))) for n in ids)
    assert one == four


@pytest.fixture
def sixty_messages(rows, monkeypatch) -> None:
    """One each hour; of a large table only twenty rows are looked through at once."""
    monkeypatch.setattr(looking_back, "LOOKED_THROUGH", 20)
    now = clock.now()
    with rows():
        chat = make.chat("Ana")
        for number in range(60):
            said = "I want a refund" if number == 5 else f"nice day {number:02}"
            made = now - timedelta(hours=60 - number)
            state = "undelivered" if number == 7 else "sent"
            make.message(chat, "out", body=said, state=state, plugin="catalog", created_at=made)


def test_a_search_looks_through_the_newest_and_further_back_when_told(owner, sixty_messages):
    html = owner.get("/admin/message/?search=refund").text
    assert "I want a refund" not in html
    assert "Looked through everything back to" in html
    pages = 1
    while "I want a refund" not in html:
        html = owner.get(_further(html)).text
        pages += 1
    assert pages == 3
    assert _further(html) == "", "that was all"
    html = owner.get("/admin/message/?search=zebra").text
    while further := _further(html):
        html = owner.get(further).text
    assert "Nothing fits what you looked for" in html


def test_a_search_goes_on_to_the_next_page_before_it_looks_further(owner, sixty_messages):
    html = owner.get("/admin/message/?search=nice&page_size=25").text
    assert html.count("nice day") == 20
    assert _further(html)
    with_all = owner.get("/admin/message/").text
    assert _further(with_all) == "", "a list that nobody searches is turned over page by page"


def test_a_new_search_begins_with_the_newest_again(owner, sixty_messages):
    html = owner.get(_further(owner.get("/admin/message/?search=refund").text)).text
    form = html[html.index('role="search"') :]
    assert 'name="below"' not in form[: form.index("</form>")]


def test_what_an_index_finds_is_found_wherever_it_is(owner, sixty_messages):
    html = owner.get(f"/admin/message/?{_flt(owner, 'state', 'equals')}=undelivered").text
    assert "nice day 07" in html
    assert _further(html) == ""


def test_what_no_index_finds_is_looked_for_in_the_newest(owner, sixty_messages):
    html = owner.get(f"/admin/message/?{_flt(owner, 'plugin', 'not equal')}=catalog").text
    assert "Nothing fits what you looked for" in html
    assert _further(html)


def test_a_filter_for_the_time_begins_where_that_time_is(owner, sixty_messages):
    then = (clock.now() - timedelta(hours=49, minutes=30)).strftime("%Y-%m-%d %H:%M:%S")
    html = owner.get(f"/admin/message/?search=refund&{_flt(owner, 'created_at', 'smaller than')}={then}").text
    assert "I want a refund" in html
    html = owner.get(f"/admin/message/?{_flt(owner, 'created_at', 'greater than')}={then}&page_size=100").text
    assert html.count("nice day") == 49
    html = owner.get(f"/admin/message/?{_flt(owner, 'created_at', 'smaller than')}={then}&page_size=100").text
    assert html.count("nice day") == 10


def test_a_file_holds_everything_that_fits(owner, sixty_messages):
    text = owner.get("/admin/message/export/csv/?search=refund").text
    assert "I want a refund" in text


def test_all_words_of_a_search_must_stand_in_a_row(owner, sixty_messages):
    assert "nice day 59" in owner.get("/admin/message/?search=59 NICE").text
    assert "nice day 58" not in owner.get("/admin/message/?search=59 NICE").text
    assert "Nothing fits" in owner.get("/admin/message/?search=9%25").text, "a sign is only a sign"


def test_a_look_up_finds_what_is_not_among_the_newest(app, rows, monkeypatch):
    with rows():
        for name in ("Old", *(f"New {number}" for number in range(9))):
            make.chat(name)
    monkeypatch.setattr(looking_back, "LOOKED_THROUGH", 3)
    with app.test_request_context():
        loader = looking_back.Newest("customer", db, models.Customer, fields=["name"])
        assert [str(one) for one in loader.get_list("new")] == ["New 8", "New 7", "New 6"]
        assert [str(one) for one in loader.get_list("old")] == ["Old"]
        assert loader.get_list("100%") == []


def test_the_inbox_finds_a_number_as_people_write_it(rows, owner):
    with rows():
        make.chat("Ana", channel="twilio", address="whatsapp:+4915112345678")
        make.chat("Ben", channel="twilio", address="whatsapp:+4915187654321")
    for words in ("0151 123", "%2B49 151 1234-5678", "(0151)12345678", "ana", "whatsapp:%2B4915112345678"):
        html = owner.get(f"/admin/conversation/?search={words}").text
        assert "Ana" in html, words
        assert "Ben" not in html, words


def test_no_list_can_be_sorted_by_what_has_no_order(app):
    """PostgreSQL refuses to sort JSON."""
    with app.test_request_context():
        for page in every_page.pages(app):
            assert not (page.kind == "sort" and page.name.startswith("audit_entry by changes")), page


def test_every_column_sorts_and_every_filter_answers(app, rows, owner):
    _fill(app, FEW)
    for page in every_page.pages(app):
        if page.kind in {"sort", "filter"} and page.address.split("/")[2] in {
            "audit_entry",
            "licence_key",
            "message",
            "order",
            "payment_event",
        }:
            _open(owner, page.address)


def test_a_moment_is_found_among_numbered_rows(app, rows):
    """Numbers that are missing, moments before the first row, after the last, and the same twice."""
    now = clock.now()
    moments = [now + timedelta(minutes=minute) for minute in (0, 1, 1, 3, 8, 8, 9)]
    with rows():
        chat = make.chat("Ana")
        made = [make.message(chat, "in", created_at=moment) for moment in moments]
        ids = [message.id for message in made]
        for message in (made[3], made[6]):
            db.session.delete(message)
    left = {
        number: moment for number, moment in zip(ids, moments, strict=True) if number not in {ids[3], ids[6]}
    }
    with app.app_context():
        for minute in range(-1, 12):
            moment = now + timedelta(minutes=minute)
            after = last_before(moment, Message.id, Message.created_at)
            wanted = {number for number, at in left.items() if at >= moment}
            assert set(db.session.scalars(select(Message.id).where(Message.id > after))) == wanted, minute
        db.session.query(Message).delete()
        assert last_before(now, Message.id, Message.created_at) == 0
        assert db.session.scalar(select(Conversation.id)) is not None


def _further(html: str) -> str:
    found = re.search(r'class="sb-further">.*?href="([^"]+)"', html, re.DOTALL)
    return unescape(found[1]) if found else ""


def _flt(owner, column: str, operation: str) -> str:
    """The name of a filter in the address of the messages' list."""
    views = owner.client.application.extensions["salesbot.admin_views"]
    with owner.client.application.test_request_context():
        for number, flt in enumerate(views[Message]._filters):
            if flt.column.key == column and str(flt.operation()) == operation:
                return f"flt0_{number}"
    raise AssertionError(column)
