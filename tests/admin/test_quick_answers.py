"""Staff make quick answers, also of what the bot did not understand, and bring them in from a file."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import select

from salesbot import dispatcher, people
from salesbot.channels import simulator
from salesbot.database import db
from salesbot.models import Customer, Message, NotNeeded, QuickAnswer
from salesbot.services import misunderstood
from tests.admin import rows as make
from tests.admin.test_in_and_out import agrees, looks_over


@pytest.fixture
def salesbot_config(salesbot_config):
    return {**salesbot_config, "LANGUAGES": "en, es"}


@pytest.fixture
def hears(app):
    def hear(text: str, who: str = "ana") -> str:
        with app.app_context():
            dispatcher.receive(simulator.incoming(who, text))
            last = select(Message.body).where(Message.direction == "out").order_by(Message.id.desc())
            return db.session.scalars(last).first()

    return hear


FORM = {"words": "refund, money back", "text": "Within 14 days, {customer_name}.", "active": "y"}


def test_an_answer_counts_from_the_next_message_on_and_so_does_each_change(rows, owner, hears, stored):
    with rows():
        number = make.product(title="Letters", kind="link", link="https://example.com/x").id
    page = owner.get("/admin/quick_answer/new/").text
    for shown in ("Letters", "My orders", "A person", 'data-places="{shop_name} {customer_name} {hours}"'):
        assert shown in page, shown
    spanish = {"texts-es-words": "reembolso", "texts-es-text": "En 14 días."}
    sent = {**FORM, **spanish, "leads_to": f"product:{number}", "button": "See it"}
    assert owner.post("/admin/quick_answer/new/", sent).status_code == 302
    [answer] = stored(select(QuickAnswer))
    assert answer.texts == {"es": {"words": "reembolso", "text": "En 14 días."}}
    assert hears("REFUND?") == "Within 14 days.\n\n1. See it\n2. Menu"
    hears("hola", "rosa")
    assert hears("reembolso", "rosa") == "En 14 días.\n\n1. See it\n2. Menú"
    address = f"/admin/quick_answer/edit/?id={answer.id}"
    assert "Letters" in owner.get(address).text
    owner.post(address, {**sent, "text": "Not any more."})
    hears("menu")
    assert hears("refund").startswith("Not any more.")
    owner.post("/admin/quick_answer/delete/", {"id": answer.id})
    assert "Not any more" not in hears("refund")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (
            {"text": "Hello {nmae}"},
            "{nmae} is not known here; you can use {shop_name}, {customer_name}, {hours}",
        ),
        ({"words": "refund, Menú"}, "“Menú” has a meaning of its own in every chat"),
        ({"words": "7"}, "“7” is a number, and numbers pick lines"),
        ({"words": " , "}, "Type the words of your customers."),
        ({"words": "Réfund"}, "“Réfund” is among the words of another quick answer"),
        ({"text": "x" * 1001}, "at most 1000 characters"),
        ({"words": ",".join(f"word{n}" for n in range(21))}, "at most 20 phrases"),
        ({"leads_to": "product:99"}, "This is not there any more."),
        ({"texts-es-text": "Hola {nombre}"}, "The bot answers (es): {nombre} is not known here"),
        ({"texts-es-button": "x" * 25}, "at most 24 characters"),
    ],
)
def test_what_can_not_be_is_told_at_its_field(rows, owner, stored, typed, told):
    with rows():
        make.save(QuickAnswer(words="refund", text="Yes."))
    answer = owner.post("/admin/quick_answer/new/", {**FORM, "words": "money back", **typed})
    assert answer.status_code == 200
    assert told in unescape(answer.text)
    assert len(stored(select(QuickAnswer))) == 1


def test_answers_go_out_to_a_file_and_come_in_again(owner, rows, stored, hears):
    with rows():
        make.save(QuickAnswer(words="refund, money back", text="=Yes", leads_to="person"))
    content = owner.get("/admin/quick_answer/export/csv/").get_data().decode()
    page = looks_over(owner, "quick_answer", content)
    assert "There is nothing to change." in page.text
    content = (
        'words,text,leads_to,active\n"Refund, money back",No,,\n"shipping",By mail {shop_name},orders,yes\n'
        "hours,{nothing},,\nmenu,Hm,,\nparcel,Yes,to the moon,\n"
    )
    page = looks_over(owner, "quick_answer", content)
    for told in ("{nothing} is not known here", "has a meaning of its own", "leads to: type product:7"):
        assert told in unescape(page.text), told
    agrees(owner, "quick_answer", page, content)
    assert hears("money back").startswith("No")
    assert hears("shipping") == "By mail Our shop\n\n1. My orders\n2. Menu"
    assert len(stored(select(QuickAnswer))) == 2


def test_what_was_not_understood_becomes_an_answer_or_is_left_out(app, owner, hears, stored, somebody):
    for who, text in (("ana", "Do you ship?"), ("ben", "do you SHIP"), ("ana", "blorb"), ("rosa", "hola")):
        hears(text, who)
    hears("¿hacen envíos?", "rosa")
    home = owner.get("/admin/").text
    assert "Not understood" in home
    page = owner.get("/admin/misunderstood/").text
    found = re.findall(r"<q[^>]*>(.*?)</q>\s*<div[^>]*>\s*<b>(\d+) ×", page, re.DOTALL)
    assert [(unescape(words), times) for words, times in found] == [
        ("do you SHIP", "2"),
        ("¿hacen envíos?", "1"),
        ("blorb", "1"),
    ]
    links = [unescape(link) for link in re.findall(r'href="(/admin/quick_answer/new/[^"]*)"', page)]
    assert not [link for link in links if "ship" in link.casefold()], "no words of a customer in an address"
    form = owner.get(links[0]).text
    assert ">\r\ndo you SHIP</textarea>" in form or ">do you SHIP</textarea>" in form.replace("\r\n", "")
    assert "¿hacen envíos?" in owner.get(links[1]).text.partition('name="texts-es-words"')[2][:200]
    owner.post("/admin/quick_answer/new/", {**FORM, "words": "do you ship", "leads_to": ""})
    digests = re.findall(
        r'<button[^>]*name="digest" value="([^"]*)"', owner.get("/admin/misunderstood/").text
    )
    assert len(digests) == 2, "what a quick answer fits is done"
    assert (
        somebody("viewer").post("/admin/misunderstood/not-needed", {"digest": digests[1]}).status_code == 403
    )
    owner.post("/admin/misunderstood/not-needed", {"digest": digests[1]})
    page = owner.get("/admin/misunderstood/").text
    assert "blorb" not in page
    assert "blorb" not in repr([one.digest for one in stored(select(NotNeeded))])
    hears("Blorb!", "ben")
    assert "lorb" not in owner.get("/admin/misunderstood/").text, "it does not come back"
    with app.app_context():
        people.erase(db.session.scalars(select(Customer).order_by(Customer.id.desc())).first())
        db.session.commit()
    assert "hacen" not in owner.get("/admin/misunderstood/").text, "whoever is forgotten is forgotten here"
    assert "The bot had an answer for everything." in owner.get("/admin/misunderstood/").text
    with app.app_context():
        assert misunderstood.groups() == []
