"""The home page: its figures are the rows', and each thing leads to where it is done."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest

from salesbot import clock
from salesbot.admin.home import billing, trends, view
from salesbot.extensions import db
from salesbot.models import Conversation, OrderEvent, PluginState, Refund
from salesbot.services import stock
from tests.admin import rows as make

pytestmark = pytest.mark.both_databases


def links(html: str) -> list[str]:
    main = html[html.index('<main class="sb-main"') :]
    return [link.replace("&amp;", "&") for link in re.findall(r'<a href="(/admin/[^"]+)"', main)]


def test_an_empty_shop_says_that_nothing_waits(owner):
    """A friendly empty page tells what to try first."""
    html = owner.get("/admin/").text
    assert "Nothing. Every question is answered and every order delivered." in html
    assert "buy something to see how it works" in html
    assert "$0.00" in html


def test_whoever_asked_for_a_person_stands_first(app, rows, owner):
    """The longest wait comes first, in the menu too as a number."""
    with rows():
        late = make.chat("Late", person_wanted_at=clock.now(), answered_by="person").id
        early = make.chat("Early", person_wanted_at=clock.now() - timedelta(hours=1), answered_by="person").id
        make.chat("Content")
    html = owner.get("/admin/").text
    assert links(html)[:2] == [f"/admin/conversation/details/?id={number}" for number in (early, late)]
    assert re.search(r'<span class="sb-badge">2<', html)
    assert "Content" not in html


def test_messages_with_a_problem_are_named(rows, owner):
    """Unanswered, unknown, failed and undelivered ones, each leading to its place in the chat."""
    with rows():
        conversation = make.chat()
        make.message(conversation, "in")
        make.message(conversation, "out", state="read")
        wrong = [
            make.message(conversation, "in", state="unhandled").id,
            make.message(conversation, "out", state="unknown").id,
            make.message(conversation, "out", state="failed").id,
            make.message(conversation, "out", state="undelivered").id,
        ]
    found = [link for link in links(owner.get("/admin/").text) if "#m" in link]
    assert found == [f"/admin/conversation/details/?id=1#m{number}" for number in reversed(wrong)]


def test_a_transfer_waits_until_somebody_has_seen_the_money(rows, owner):
    """Begun payments by hand of unpaid orders, and no others."""
    with rows():
        make.payment(make.order(number="WAITS01"))
        make.payment(make.order(number="EXPIRED", state="expired"))
        make.payment(make.order(number="CARD001"), method="stripe")
        make.payment(make.order(number="DONE001", state="fulfilled"), state="confirmed")
        make.payment(make.order(number="NOMORE1", state="cancelled"))
    html = owner.get("/admin/").text
    assert [
        number for number in ("WAITS01", "EXPIRED", "CARD001", "DONE001", "NOMORE1") if number in html
    ] == [
        "WAITS01",
        "EXPIRED",
    ]


def test_paid_and_not_delivered_is_never_overlooked(rows, owner):
    """A paid order without its goods, and one with a unit that failed."""
    with rows():
        make.order(number="PAID001", state="paid")
        broken = make.order(number="BROKEN1", state="fulfilled")
        make.delivery(broken, state="failed", error="no plugin")
        fine = make.order(number="FINE001", state="fulfilled")
        make.delivery(fine, state="delivered")
        make.order(number="UNPAID1")
    html = owner.get("/admin/").text
    assert [number for number in ("PAID001", "BROKEN1", "FINE001", "UNPAID1") if number in html] == [
        "PAID001",
        "BROKEN1",
    ]


def test_an_order_that_salesbot_is_unsure_about_waits_until_somebody_looked(rows, owner):
    """The note shows, until staff say that they have looked."""
    with rows():
        order = make.order(number="TOOMUCH", state="fulfilled")
        make.save(OrderEvent(order_id=order.id, who="salesbot", what="look at this", why="more was paid"))
        number = order.id
    assert "more was paid" in owner.get("/admin/").text
    owner.post(f"/admin/order/{number}/looked", {"why": "gave it back"})
    assert "more was paid" not in owner.get("/admin/").text
    assert "Please look at this" not in owner.get(f"/admin/order/details/?id={number}").text
    with rows():
        make.save(OrderEvent(order_id=number, who="salesbot", what="look at this", why="once more"))
    assert "once more" in owner.get("/admin/").text


def test_keys_that_run_out_are_named_with_what_is_left(rows, owner):
    """Keys held by open orders are not left; what is not for sale is nobody's worry."""
    with rows():
        held = make.product(title="Nearly gone")
        stock.add_keys(held.id, ["A-1", "A-2", "A-3"])
        make.order(what=held, quantity=2)
        make.product(title="Sold out thing")
        plenty = make.product(title="Plenty")
        stock.add_keys(plenty.id, [f"B-{number}" for number in range(9)])
        make.product(title="Hidden", active=False)
        make.product(title="A file", kind="file")
    html = owner.get("/admin/").text
    assert re.search(r"Nearly gone</a>\s*<span[^>]*>1 left", html)
    assert re.search(r"Sold out thing</a>\s*<span[^>]*>sold out", html)
    assert not any(title in html for title in ("Plenty", "Hidden", "A file"))


def test_a_plugin_that_switched_itself_off_is_named_with_the_reason(rows, owner):
    """One that staff switched off is no news."""
    with rows():
        make.save(PluginState(name="greeting", enabled=False, by_itself=True, reason="it was slow"))
        make.save(PluginState(name="orders", enabled=False, reason="not wanted"))
    html = owner.get("/admin/").text
    assert "it was slow" in html
    assert "not wanted" not in html


def test_the_figures_are_those_of_the_rows(app, rows, owner):
    """Orders, payments and chats of a day, a week and a month; refunds are taken off; each currency alone."""
    ages = [timedelta(hours=25), timedelta(days=8), timedelta(days=31)]
    with rows():
        thing = make.product(price=1000)
        for _ in range(2):
            make.payment(make.order(what=thing, state="paid"), state="confirmed")
        euro = make.order(what=thing, state="paid", currency="EUR")
        make.payment(euro, state="confirmed", currency="EUR")
        given_back = make.payment(make.order(what=thing, state="fulfilled"), state="confirmed")
        make.save(
            Refund(payment_id=given_back.id, state="done", amount=300, currency="USD", done_at=clock.now())
        )
        make.save(Refund(payment_id=given_back.id, state="started", amount=100, currency="USD"))
        disputed = make.payment(make.order(what=thing), state="disputed", confirmed_at=clock.now())
        make.save(
            Refund(payment_id=disputed.id, state="done", amount=200, currency="USD", done_at=clock.now())
        )
        for old in (clock.now() - age for age in ages):
            past = make.order(what=thing, state="paid", created_at=old, paid_at=old)
            past.conversation.last_inbound_at = old
            make.payment(past, state="confirmed", confirmed_at=old)
        make.payment(make.order(what=thing))
    with app.app_context():
        day, week, month = trends.periods()
        days = trends.by_day("USD")
    assert (day.orders, day.paid, day.people) == (6, 4, 6)
    assert (week.orders, week.paid, week.people) == (7, 5, 7)
    assert (month.orders, month.paid, month.people) == (8, 6, 8)
    assert day.money == {"USD": 2700, "EUR": 1000}
    assert week.money == {"USD": 3700, "EUR": 1000}
    assert month.money == {"USD": 4700, "EUR": 1000}
    assert len(days) == 30
    assert sum(one.money for one in days) == month.money["USD"]
    assert days[-1].money == day.money["USD"], "what went back is taken off on its day"
    assert sum(one.paid for one in days) == 6
    assert [one.paid for one in days if one.day == (clock.now() - ages[1]).date()] == [1]
    html = owner.get("/admin/").text
    assert "$27.00" in html
    assert "€10.00" in html


def test_the_funnel_and_what_was_not_found_are_counted_from_chats_and_orders(app, rows, owner):
    """Seven people, each of whom came one step further than the one before; and words without an answer."""
    with rows():
        file = make.product(kind="file", title="A guide")
        chats = [make.chat(f"Person {number}") for number in range(7)]
        for number, chat in enumerate(chats):
            make.message(chat, "in", "hi")
            if number >= 1:
                make.message(chat, "in", "2", choice=f"product:{file.id}")
            if number >= 2:
                make.message(chat, "in", "1", choice=f"buy:{file.id}")
            if number >= 3:
                order = make.order(
                    chat, file, opened_at=clock.now(), state="paid" if number >= 4 else "pending"
                )
            if number >= 5:
                delivered = {"state": "delivered", "downloads_allowed": 3, "downloads": number - 5}
                make.delivery(order, **delivered)
        for words, times in (("Cookbook", 2), ("maps", 1), ("cookbook ", 1), ("x", 1)):
            for _ in range(times):
                asked = make.message(chats[0], "in", words)
                make.message(chats[0], "out", "Sorry", plugin="fallback", reply_to_id=asked.id)
        old = clock.now() - timedelta(days=31)
        asked = make.message(chats[0], "in", "globe", created_at=old)
        make.message(chats[0], "out", "Sorry", plugin="fallback", reply_to_id=asked.id, created_at=old)
    with app.app_context():
        assert [step.chats for step in trends.funnel()] == [7, 6, 5, 4, 3, 2, 1]
        assert [tuple(row) for row in trends.not_found()] == [("cookbook", 3), ("maps", 1)]
        [best] = trends.best_sellers()
    assert (best.title, best.sold, int(best.money)) == ("A guide", 3, 5700)
    html = owner.get("/admin/charts").text
    assert "cookbook" in html
    assert "Put it into the cart" in html
    assert 'data-charts="/admin/charts"' in owner.get("/admin/").text


def test_everything_on_the_page_leads_somewhere(rows, owner):
    """No dead link on the page that everybody starts from."""
    with rows():
        conversation = make.chat(person_wanted_at=clock.now())
        make.message(conversation, "out", state="failed")
        make.payment(make.order(conversation))
        make.order(conversation, state="paid")
        make.save(PluginState(name="greeting", enabled=False, by_itself=True))
        for _ in range(6):
            make.chat(person_wanted_at=clock.now())
    found = links(owner.get("/admin/").text)
    assert len(found) >= 10
    for link in found:
        assert owner.get(link).status_code == 200, link


def test_this_months_messages_are_counted_as_they_are_billed(rows, owner):
    """What WhatsApp never took, other channels and last month are not on the bill."""
    with rows():
        phone = make.chat("Ada", channel="twilio", address="whatsapp:+15550001111")
        long_ago = clock.now() - timedelta(days=40)
        for _number in range(5):
            make.message(phone, "out", state="read", created_at=long_ago)
        make.message(phone, "in")
        for state in ("answered", "read", "delivered", "failed", "undelivered"):
            make.message(phone, "out", state=state)
        make.message(phone, "out", state="sent", style="template")
        make.message(make.chat("Here", channel="simulator"), "out", state="read")
    html = owner.get("/admin/").text
    assert "<b>1</b> is billed by WhatsApp: 4 were sent, 1 of them templates" in html
    assert "5 in all" in html
    assert billing.Month(0, 1_203, 3).billed == 203


def test_each_number_leads_to_a_list_of_just_these_rows(app, rows, owner):
    """More than fit: "Show all 9" shows nine, whatever else is there."""
    with rows():
        conversation = make.chat()
        for number in range(9):
            make.chat(f"W{number}", person_wanted_at=clock.now(), address=f"whatsapp:+4915110000{number}00")
            make.message(conversation, "out", state="failed")
            make.payment(make.order(number=f"CHECK{number:02}"))
            order = make.order(number=f"STUCK{number:02}", state="paid")
            make.save(OrderEvent(order_id=order.id, who="salesbot", what="look at this", why="twice"))
            make.save(OrderEvent(order_id=order.id, who="salesbot", what="look at this", why="again"))
            back = make.payment(make.order(number=f"BACK{number:02}", state="cancelled"), state="confirmed")
            make.save(Refund(payment_id=back.id, amount=100, currency="USD", state="needs_staff"))
            make.product(title=f"Sold out {number}", kind="key")
        # None of these.
        make.message(conversation, "out", state="read")
        make.payment(make.order(number="CARD001"), method="stripe")
        make.payment(make.order(number="OLD0001", created_at=clock.now() - timedelta(days=20)))
        done = make.payment(make.order(number="DONE001", state="cancelled"), state="confirmed")
        make.save(Refund(payment_id=done.id, amount=100, currency="USD", state="started"))
        stock.add_keys(make.product(title="Plenty").id, [f"B-{number}" for number in range(9)])
    html = owner.get("/admin/").text
    groups = re.findall(r'<section class="sb-card sb-todo">(.*?)</section>', html, re.DOTALL)
    counted = {}
    for group in groups:
        title = re.search(r"</i> (.*?)\s*<span", group)[1]
        count = int(re.search(r'sb-todo-count">(\d+)', group)[1])
        address, said = re.search(r'<a href="([^"]+)">Show all (\d+)</a>', group).groups()
        page = owner.get(f"{unescape(address)}&page_size=100")
        assert page.status_code == 200, address
        row = 'class="ib-chat"' if "/conversation/" in address else "<tr>"
        listed = page.text.partition("<tbody>")[2] or page.text
        counted[title] = (count, int(said), listed.count(row))
    assert len(counted) == 7
    assert all(len(set(numbers)) == 1 and numbers[0] >= 9 for numbers in counted.values()), counted


def _not_found(conversation: Conversation, words: str) -> None:
    asked = make.message(conversation, "in", words)
    make.message(conversation, "out", "?", plugin="fallback", reply_to_id=asked.id)


def test_more_that_was_not_understood_than_is_read_is_told(rows, owner, monkeypatch):
    """The newest are looked at; a plus says that there are more."""
    monkeypatch.setattr(view, "MISUNDERSTOOD_READ", 3)
    with rows():
        conversation = make.chat()
        for words in ("blue elephants", "green tigers", "red lions"):
            _not_found(conversation, words)
    assert re.search(r'Not understood\s*<span class="sb-todo-count">3<', owner.get("/admin/").text)
    with rows():
        _not_found(db.session.get(Conversation, 1), "grey mice")
    html = owner.get("/admin/").text
    assert re.search(r'Not understood\s*<span class="sb-todo-count">3\+<', html)
    assert "Show all 3+" in html
