"""A shop answers its everyday questions in its own words, and never in place of what somebody meant."""

from __future__ import annotations

import pytest

from salesbot import Choice, Reply, hookimpl
from salesbot.database import db, transaction
from salesbot.models import Product, QuickAnswer
from salesbot.services import shop


@pytest.fixture
def salesbot_config(salesbot_config):
    return {**salesbot_config, "LANGUAGES": "en, es, pt"}


@pytest.fixture
def answers(app):
    def make(words: str, text: str, **values: object) -> int:
        with app.app_context(), transaction():
            row = QuickAnswer(words=words, text=text, **values)
            db.session.add(row)
            shop.changing()
            db.session.flush()
            return row.id

    return make


def test_words_are_matched_kindly_and_only_as_whole_words(customer, answers):
    answers("refund, money back", "Write to us within 14 days.")
    for text in ("refund", "REFUND!", "the refunds, please", "Refnud", "refúnd", "can I get my money back?"):
        assert customer.says(text)[0].text.startswith("Write to us within 14 days."), text
        customer.says("menu")
    for text in ("refunding", "money", "I have fun", "rfnd", "1"):
        assert "14 days" not in customer.says(text)[0].text, text
        customer.says("menu")


def test_an_answer_has_places_and_a_button_and_the_next_message_knows_of_a_change(
    app, customer, answers, catalogue
):
    book = catalogue.file("Plain Money")
    number = answers(
        "do you have a book about money",
        "Hi {customer_name}! {shop_name} has one.",
        leads_to=f"product:{book.id}",
        button="Look at it",
    )
    customer.name = "Ana Smith"
    [reply] = customer.says("do you have a book about money?")
    assert reply.text.startswith("Hi Ana! Our shop has one.")
    assert [choice.title for choice in reply.choices] == ["Look at it", "Menu"]
    assert "Plain Money" in customer.says("1")[0].text
    with app.app_context(), transaction():
        db.session.get(QuickAnswer, number).text = "Not any more, {customer_name}."
        db.session.get(Product, book.id).active = False
        shop.changing()
    [reply] = customer.says("do you have a book about money?")
    assert reply.text.startswith("Not any more, Ana.")
    assert [choice.title for choice in reply.choices] == ["Menu"], "what is not for sale is no button"


def test_a_place_for_which_there_is_nothing_leaves_no_gap(customer, answers):
    customer.name = ""
    answers("hours", "Hi {customer_name}! We answer {hours}.")
    assert customer.says("hours")[0].text.startswith("Hi! We answer.")


def test_each_language_has_words_and_text_and_any_words_count(customers, answers):
    answers(
        "refund",
        "Within 14 days.",
        leads_to="person",
        texts={"es": {"words": "reembolso, devolución", "text": "En 14 días."}},
    )
    ana = customers("Ana")
    ana.says("hola")
    assert ana.says("devolucion")[0].text.startswith("En 14 días.")
    assert ana.replies[0].choices[0].title == "Hablar con una persona"
    assert ana.says("refund")[0].text.startswith("En 14 días."), "words of another language count too"
    bea = customers("Bea")
    bea.says("oi")
    assert bea.says("refund")[0].text.startswith("Within 14 days."), "what is missing is said as usual"


def test_numbers_titles_questions_and_global_words_are_never_stolen(customer, answers, catalogue):
    book = catalogue.file("Refund Letters")
    answers("refund", "Within 14 days.")
    answers("7, menu, buy several, three", "Stolen!")
    customer.taps(f"product:{book.id}")
    assert "Stolen" not in customer.says("Buy several")[0].text, "the title of a line"
    assert "Stolen" not in customer.says("three")[0].text, "an open question wants its answer"
    assert "Stolen" not in customer.says("menu")[0].text
    assert "Refund Letters" in customer.says("refund letters")[0].text, "a product found by more words"
    assert "14 days" in customer.says("I would love a refund now")[0].text


class Loud:
    """Somebody else's plugin."""

    @hookimpl
    def salesbot_handle_message(self, message):
        return Reply("Loud!", [Choice("menu", "Menu")]) if "loud" in message.text else None


LOUD = Loud()


class TestBesideAnotherPlugin:
    @pytest.fixture
    def salesbot_plugins(self):
        return [("loud", LOUD)]

    def test_words_of_the_shop_alone_come_first_and_words_among_others_last(self, customer, answers):
        answers("loud music", "Never.")
        assert "Never." in customer.says("loud music")[0].text
        assert "Loud!" in customer.says("please turn down the loud music")[0].text


def test_whoever_asks_the_same_again_is_offered_a_person(customer, answers):
    answers("refund", "Within 14 days.")
    assert [choice.id for choice in customer.says("refund")[0].choices] == ["menu"]
    [again] = customer.says("refund?")
    assert "Does that not help?" in again.text
    assert [choice.id for choice in again.choices] == ["person", "menu"]
    assert customer.says("1")[0].text.startswith("A person will answer you here.")


def test_an_answer_that_is_not_in_use_is_silent(customer, answers):
    answers("refund", "Within 14 days.", active=False)
    assert "14 days" not in customer.says("refund")[0].text
