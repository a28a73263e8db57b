"""Whatever comes, there is a useful answer, never the same twice in a row, and a person in the end."""

from __future__ import annotations

from itertools import pairwise

import pytest

from salesbot.database import db
from salesbot.messages import Location, Media
from salesbot.models import Customer
from salesbot.services import shop

HELLO = {"en": "hello", "es": "hola", "pt": "oi"}


@pytest.fixture
def salesbot_config(salesbot_config):
    return {**salesbot_config, "LANGUAGES": "en, es, pt"}


def odd(customer) -> list[str]:
    """What comes back for one odd thing after the other."""
    kinds = (
        "audio/ogg",
        "audio/ogg",
        "image/webp",
        "image/jpeg",
        "text/vcard",
        "video/mp4",
        "application/zip",
    )
    replies = [customer.sends(media=[Media(f"https://media.example.com/{kind}", kind)]) for kind in kinds]
    replies += [
        customer.sends(),
        customer.sends(location=Location(1.0, 2.0)),
        customer.sends(tapped="gone:1"),
    ]
    replies += [customer.says(text) for text in ("qwrtz", "qwrtz", "qwrtz", "🤷", "?", "idiot", "idiot")]
    assert all(len(reply) == 1 for reply in replies)
    assert all(reply[0].choices for reply in replies), "every answer has a way on"
    return [reply[0].text for reply in replies]


RECORDED = {
    "en": ("hello", "qwrtz", "ok", "what??", "this is useless", "idiot", "99", "👍", "no", "asdf asdf"),
    "es": ("hola", "qwrtz", "vale", "¿qué?", "esto no sirve", "estafa", "99", "👍", "no", "asdf asdf"),
    "pt": ("oi", "qwrtz", "beleza", "o quê?", "isso não funciona", "golpe", "99", "👍", "não", "asdf asdf"),
}
"""What people really write when a bot does not get them; no language shares its answers."""


@pytest.mark.parametrize("language", RECORDED)
def test_recorded_odd_messages_come_by_the_signed_webhook_and_lead_on(customers, language):
    ana = customers("Ana", channel="twilio")
    hello, *words = RECORDED[language]
    ana.says(hello)
    texts = odd(ana)
    for text in words:
        replies = ana.says(text)
        assert len(replies) == 1, text
        assert replies[0].choices, f"{text}: every answer has a way on"
        texts.append(replies[0].text)
    assert all(first != second for first, second in pairwise(texts))
    offered = {choice.id for choice in ana.says("qwrtz")[0].choices}
    assert "person" in offered
    ana.picks("person")
    assert ana.says("menu")[0].choices, "the way back"


@pytest.mark.parametrize("language", ["en", "es", "pt"])
def test_no_odd_message_gets_the_same_answer_twice_in_a_row(customer, language):
    customer.says(HELLO[language])
    texts = odd(customer)
    assert all(first != second for first, second in pairwise(texts))


def test_the_third_misunderstanding_offers_a_person_and_a_hit_begins_anew(customer):
    assert customer.says("qwrtz")[0].choices[0].id != "person"
    assert customer.says("qwrtz")[0].choices[0].id != "person"
    assert customer.says("qwrtz")[0].choices[0].id == "person"
    customer.says("menu")
    assert "I did not find" in customer.says("qwrtz")[0].text
    assert customer.says("¡Estafa!".replace("Estafa", "scam"))[0].choices[0].id == "person"


@pytest.mark.parametrize(("stop", "start"), [("stop", "start"), ("baja", "alta"), ("sair", "assinar")])
def test_stop_ends_what_is_unasked_and_start_brings_it_back(customer, app, stop, start):
    def stopped() -> bool:
        with app.app_context():
            return db.session.query(Customer).one().stopped_at is not None

    customer.says(stop)
    assert stopped()
    customer.says(start)
    assert not stopped()
    assert customer.says(start)[0].choices, "said again it is just a way on"


def test_outside_the_hours_a_wish_for_a_person_is_told_when_one_comes(customer, app, clock):
    def hours(text: str) -> None:
        with app.app_context():
            shop.save("HOURS", text)
            db.session.commit()

    hours("mon 0-24; tue 0-24; wed 0-24; thu 0-24; fri 0-24; sat 0-24; sun 0-24")
    assert "A person will answer you here." in customer.says("person")[0].text
    today = clock.now().strftime("%a").lower()
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    hours("; ".join(f"{day} 9-10" for day in days if day != today))
    assert "Nobody is here right now." in customer.says("person")[0].text
