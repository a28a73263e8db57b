"""Staff change what the bot says, and the next message says it."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

from sqlalchemy import select

from salesbot import dispatcher, texts
from salesbot.channels import simulator
from salesbot.database import db
from salesbot.models import Conversation, Message, Order, Wording
from salesbot.services import shop
from tests.admin import rows as make

WELCOME = "Welcome to {shop}. What would you like?"


def boxes(page: str) -> dict[str, str]:
    """The name of the box of each sentence, by the sentence."""
    found = re.findall(r'name="(line-\d+)-of" value="([^"]*)"', page)
    return {unescape(sentence): name for name, sentence in found}


def hears(app, text: str) -> str:
    with app.app_context():
        dispatcher.receive(simulator.incoming("ana", text))
        last = select(Message.body).where(Message.direction == "out").order_by(Message.id.desc())
        return db.session.scalars(last).first()


def form(page: str, **changes: str) -> dict[str, str]:
    """What the browser would send of the page, with some boxes changed by their sentence."""
    named = boxes(page)
    sent = {f"{name}-of": sentence for sentence, name in named.items()}
    sent |= {f"day-{day}": "" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    return sent | {named.get(key, key): text for key, text in changes.items()}


def test_a_greeting_and_weekend_hours_are_there_with_the_next_hi(app, owner, stored):
    assert "Welcome to Our shop." in hears(app, "hi")
    page = owner.get("/admin/words/").text
    hours = {"day-sat": "10:00-14:00", "day-sun": "10-12, 15-16"}
    answer = owner.post("/admin/words/", form(page, **{WELCOME: "Good to see you at {shop}!"}, **hours))
    assert answer.status_code == 302
    said = hears(app, "hi")
    assert "Good to see you at Our shop!" in said
    assert "Sat 10:00" in said
    assert "Sun 10:00" in said
    [change] = stored(select(Wording))
    assert (change.package, change.language, change.who) == ("salesbot_greeting", "en", "Olga")
    history = owner.get(
        "/admin/words/history",
        query_string={"package": "salesbot_greeting", "language": "en", "sentence": WELCOME},
    )
    assert "Good to see you at {shop}!" in history.text
    owner.post("/admin/words/", form(owner.get("/admin/words/").text, **{WELCOME: ""}, **hours))
    assert "Welcome to Our shop." in hears(app, "hi"), "an empty box gives the bot its own words back"


def test_what_can_not_be_said_is_told_at_its_box_and_nothing_is_lost(app, owner, stored):
    page = owner.get("/admin/words/").text
    answer = owner.post("/admin/words/", form(page, **{WELCOME: "Hello {nmae}"}, **{"day-sat": "all day"}))
    assert "{nmae} is not known here; you can use {shop}" in answer.text
    assert "type hours like 9:00-18:00" in answer.text
    assert "Hello {nmae}" in answer.text
    assert not stored(select(Wording))
    assert "Welcome to Our shop." in hears(app, "hi")
    named = boxes(page)
    assert {"My orders", "Buy", "Thank you! Here is your order {number}:"} <= named.keys()
    assert not [sentence for sentence in named if "SALESBOT_" in sentence], "what staff read is not the bot's"


def asked(sentence: str, **values: str) -> dict[str, str]:
    about = {"package": "salesbot_greeting", "language": "en", "sentence": sentence, "form": "0"}
    return about | values


def test_a_sentence_is_seen_in_its_chat_before_it_is_saved(app, owner, rows, stored):
    with rows():
        shelf = make.category(title="Books")
        make.product(title="Clean Tables", category=shelf, kind="link", link="https://example.com/x")
    owner.get("/admin/words/")

    def seen(sentence: str, text: str, **values: str) -> dict[str, str]:
        return owner.post("/admin/words/preview", asked(sentence, text=text, **values)).get_json()

    shown = seen(WELCOME, "Ahoy from {shop}!")
    assert shown["message"]["text"].startswith("Hi Ana! 👋 Ahoy from Our shop!\n\n1. Books\n2. My orders")
    assert shown["about"] == "As the bot says it in a chat."
    card = seen("Buy", "Take it", package="salesbot_catalog")
    assert "*Clean Tables* – $19.00" in card["message"]["text"]
    assert "1. Take it" in card["message"]["text"]
    assert "{nmae} is not known here" in seen(WELCOME, "Hello {nmae}")["problem"]
    reminder = "Your order {number} for {total} is still waiting. Soon I must let it go. Pay here: {link}"
    alone = seen(reminder, "Pay {total} for {number}!", package="salesbot")
    assert alone["message"]["text"] == "Pay $19.00 for 7KQ4M2P!"
    assert alone["about"] == "This sentence alone. Places hold examples."
    minutes = asked("%(num)s minute", package="salesbot", text="%(num)s min!")
    page = owner.post("/admin/words/preview", minutes).get_json()
    assert page["message"]["text"] == "1 min!"
    assert "on a page of the shop" in page["about"]
    unchanged = seen(WELCOME, "")["message"]["text"]
    assert "Welcome to Our shop." in unchanged
    for model in (Conversation, Order, Wording, Message):
        assert not stored(select(model)), "a preview keeps nothing"
    assert owner.post("/admin/words/preview", asked("No such sentence")).status_code == 404


def test_old_words_come_back_from_the_history(app, owner):
    for text in ("Good to see you at {shop}!", "Come in!"):
        owner.post("/admin/words/", form(owner.get("/admin/words/").text, **{WELCOME: text}))
    page = owner.get("/admin/words/history", query_string=asked(WELCOME)).text
    assert "Olga" in page
    assert "said now" in page
    assert 'name="text" value="Good to see you at {shop}!"' in page
    assert "Come in!" in hears(app, "hi")
    owner.post("/admin/words/restore", asked(WELCOME, text="Good to see you at {shop}!"))
    assert "Good to see you at Our shop!" in hears(app, "hi")
    owner.post("/admin/words/restore", asked(WELCOME, text=""))
    assert "Welcome to Our shop." in hears(app, "hi")
    owner.post("/admin/words/restore", asked(WELCOME, text="{bad}"))
    assert "Welcome to Our shop." in hears(app, "hi")


def test_each_form_of_a_sentence_that_counts_has_words_of_its_own(app, owner):
    page = owner.get("/admin/words/").text
    places = [name for name, form_of in forms_of(page, "%(num)s minute").items() if form_of]
    assert len(places) == 2
    sent = form(page)
    sent |= {f"{places[0]}-of": "%(num)s minute", places[0]: "one little minute"}
    sent |= {f"{places[1]}-of": "%(num)s minute", places[1]: "%(num)s little minutes"}
    assert owner.post("/admin/words/", sent).status_code == 302
    with app.app_context():
        shop.state()
        said = [texts.page_ngettext("%(num)s minute", "%(num)s minutes", count) for count in (0, 1, 2)]
    assert said == ["0 little minutes", "one little minute", "2 little minutes"]
    sent[places[1]] = "100% of %(nmu)s"
    answer = owner.post("/admin/words/", sent).text
    assert "%(nmu)s is not known here" in answer


def forms_of(page: str, sentence: str) -> dict[str, bool]:
    found = re.findall(r'name="(line-\d+)-of" value="([^"]*)"', page)
    return {name: True for name, shown in found if unescape(shown) == sentence}


def test_outside_the_hours_the_bot_sells_on_or_keeps_what_is_chosen(app, owner, rows, clock):
    with rows():
        number = make.product(title="Clean Tables", kind="link", link="https://example.com/x").id
    today = clock.now().strftime("%a").lower()
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    closed = {f"day-{day}": "" if day == today else "9-10" for day in days}
    page = owner.get("/admin/words/").text
    assert re.search(r'name="sells" value="1" checked', page)
    owner.post("/admin/words/", form(page, **closed, **{"sells-of": "1", "sells": "1"}))
    assert "/pay/" in tapped(app, f"buy:{number}")
    tapped(app, "checkout:empty")
    page = owner.get("/admin/words/").text
    mine = "Closed! Until then: {hours}."
    sentence = "We are closed right now. We are open: {hours}. Your cart stays as it is until then."
    owner.post("/admin/words/", form(page, **closed, **{"sells-of": "1", sentence: mine}))
    assert not re.search(r'name="sells" value="1" checked', owner.get("/admin/words/").text)
    assert "you can buy when we are open" in hears(app, "hi")
    assert tapped(app, f"buy:{number}").startswith("Closed! Until then:")
    tomorrow = clock.now() + timedelta(days=1)
    clock.move(tomorrow.replace(hour=9, minute=30) - clock.now())
    assert "/pay/" in tapped(app, "cart"), "what was chosen is still there"


def tapped(app, choice: str) -> str:
    with app.app_context():
        dispatcher.receive(simulator.incoming("ana", tapped=choice))
        last = select(Message.body).where(Message.direction == "out").order_by(Message.id.desc())
        return db.session.scalars(last).first()
