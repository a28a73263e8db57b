"""Staff change what the bot says, and the next message says it."""

from __future__ import annotations

import re
from html import unescape

from sqlalchemy import select

from salesbot import dispatcher
from salesbot.channels import simulator
from salesbot.database import db
from salesbot.models import Message, Wording

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
