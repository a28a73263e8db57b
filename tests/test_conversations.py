"""Picks, questions, pages and words that mean the same everywhere, as conversations with small plugins."""

import pytest
from sqlalchemy import select

from salesbot import Choice, Reply, hookimpl, menu_items
from salesbot.models import Conversation


class Gift:
    """The design's own example: a menu line with a two-step question."""

    @hookimpl
    def salesbot_menu_items(self, chat):
        return Choice("gift:start", "Send a gift")

    @hookimpl
    def salesbot_handle_message(self, message, chat):
        if message.choice == "gift:start":
            return Reply("Who is it for?", ask="name")
        if chat.question == "name" and message.text:
            chat.data["name"] = message.text
            return Reply("What should the card say?", ask="card")
        if chat.question == "card" and message.text:
            return Reply(f"For {chat.data.pop('name')}: {message.text}", [Choice("menu", "Menu")])
        return None


class Fruit:
    """Offers many things, and repeats what it was asked as it arrived."""

    def __init__(self):
        self.heard = []

    @hookimpl
    def salesbot_handle_message(self, message, chat):
        self.heard.append((message.text, message.choice, chat.question))
        if message.text == "fruit":
            return Reply("Which one?", [Choice("fruit:1", "Apples"), Choice("fruit:2", "Cherries")])
        if message.text == "many":
            return Reply("Which one?", [Choice(f"fruit:{n}", f"Fruit number {n}") for n in range(1, 26)])
        if message.text == "how many":
            return Reply("How many?", [Choice("fruit:none", "Cancel"), Choice("fruit:all", "All")], ask="n")
        if message.text == "ask many":
            lines = [Choice(f"fruit:{n}", f"Fruit number {n}") for n in range(1, 26)]
            return Reply("Which one do you like best?", lines, ask="best")
        if message.text == "just ask":
            return Reply("Who are you?", ask="who")
        if chat.question is not None:
            return Reply(f"{chat.question}: {message.text or message.choice}")
        if (message.choice or "").startswith("fruit:"):
            return Reply(f"You picked {message.choice}")
        return None


FRUIT, GIFT = Fruit(), Gift()


@pytest.fixture
def fruit():
    FRUIT.heard = []
    return FRUIT


@pytest.fixture
def salesbot_plugins(fruit):
    return [("fruit", fruit), ("gift", GIFT)]


@pytest.fixture(params=["simulator", "twilio"])
def salesbot_channel(request):
    return request.param


# Picks.


@pytest.mark.parametrize("said", ["2", "2.", "cherries", "Cherries!", "cheries", "chreries", "2️⃣"])
def test_a_number_a_title_and_a_near_miss_arrive_as_the_choice(customer, fruit, said):
    customer.says("fruit")
    assert customer.says(said)[0].text == "You picked fruit:2"
    assert fruit.heard[-1] == ("", "fruit:2", None)


def test_a_tap_arrives_as_the_choice_also_on_an_old_button(customer):
    customer.says("fruit")
    customer.says("menu")
    assert customer.taps("fruit:1")[0].text == "You picked fruit:1"


def test_numbers_mean_the_choices_last_shown(customer):
    customer.says("fruit")
    customer.says("menu")
    assert "fruit" not in customer.says("2")[0].text


def test_a_reply_without_choices_leaves_those_before_it_in_sight(customer):
    customer.says("fruit")
    assert customer.says("1")[0].text == "You picked fruit:1"
    assert customer.says("2")[0].text == "You picked fruit:2"


def test_one_customers_lines_are_not_anothers(customers):
    ana, ben = customers("Ana"), customers("Ben")
    ana.says("fruit")
    ben.says("hi")
    assert "You picked" not in ben.says("cherries")[0].text
    assert ana.says("1")[0].text == "You picked fruit:1"


@pytest.mark.parametrize("old", ["fruit", "shop:gone", "product:999", "category:999", "buy:999", "x", "::"])
def test_an_id_that_nobody_owns_any_more_gets_a_kind_answer_with_a_way_on(customer, old):
    (reply,) = customer.taps(old)
    assert "not here any more" in reply.text
    assert reply.choices


@pytest.mark.parametrize("tapped", ["orders:999", "checkout:several:999", "checkout:remove:999", "more:9"])
def test_an_old_line_of_a_built_in_gets_an_answer_with_a_way_on(customer, tapped):
    (reply,) = customer.taps(tapped)
    assert reply.choices


# Pages.


def test_more_than_ten_choices_are_paged_and_each_page_counts_from_one(customer):
    first = customer.says("many")[0]
    assert first.text.splitlines()[-2:] == ["9. Fruit number 9", "10. More"]
    second = customer.says("10")[0]
    assert second.text.startswith("Here is more:\n\n1. Fruit number 10\n")
    third = customer.says("more")[0]
    assert third.text.splitlines()[-1] == "7. Fruit number 25"
    assert customer.says("7")[0].text == "You picked fruit:25"


def test_a_title_of_another_page_can_be_typed(customer):
    customer.says("many")
    assert customer.says("fruit number 23")[0].text == "You picked fruit:23"


def test_an_old_more_line_gets_a_kind_answer(customer):
    old = customer.says("many")[0].choices[-1].id
    customer.says("fruit")
    assert "not here any more" in customer.taps(old)[0].text


def test_a_page_can_be_picked_from_by_name(customer):
    customer.says("many")
    assert customer.picks("Fruit number 20")[0].text == "You picked fruit:20"


# Questions.


def test_a_question_and_its_follow_up_are_answered_in_words(customer):
    customer.says("menu")
    assert customer.picks("Send a gift")[0].text == "Who is it for?"
    assert customer.says("Anna")[0].text == "What should the card say?"
    (reply,) = customer.says("Happy birthday!")
    assert reply.text == "For Anna: Happy birthday!\n\n1. Menu"
    assert customer.says("1")[0].text.startswith("What would you like?")


@pytest.mark.parametrize("answer", ["2", "cancle", "Cherries", "1.", "my orders", "hi", "thanks", "book"])
def test_an_answer_is_raw_words_whatever_else_they_could_mean(customer, answer):
    customer.says("fruit")
    customer.says("how many")
    assert customer.says(answer)[0].text == f"n: {answer}"


def test_only_a_title_of_the_questions_own_choices_is_a_pick(customer, fruit):
    customer.says("how many")
    assert customer.says("cancel")[0].text == "n: fruit:none"
    assert fruit.heard[-1] == ("", "fruit:none", "n")


def test_a_question_without_choices_takes_titles_shown_before_it_as_words(customer):
    customer.says("fruit")
    customer.says("just ask")
    assert customer.says("Apples")[0].text == "who: Apples"


def test_a_question_ends_with_the_next_reply(customer):
    customer.says("how many")
    assert customer.says("5")[0].text == "n: 5"
    assert "n: " not in customer.says("7")[0].text


def test_a_question_ends_when_the_shop_writes_by_itself(app, customer):
    from salesbot import outbox
    from salesbot.database import transaction
    from salesbot.models import db

    customer.says("just ask")
    with app.app_context(), transaction():
        outbox.say(db.session.scalar(select(Conversation.id)), Reply("One of us is looking at it."))
    assert "who: " not in customer.says("Anna")[0].text


def test_turning_a_page_keeps_the_question_open(customer):
    customer.says("ask many")
    assert customer.says("more")[0].text.startswith("Here is more:")
    assert customer.says("Fruit number 12")[0].text == "best: fruit:12"


def test_the_plugin_that_asked_is_asked_first(customer, fruit):
    """Words that the greeting would answer go to the plugin with the open question."""
    customer.says("menu")
    customer.picks("Send a gift")
    heard = len(fruit.heard)
    assert customer.says("fruit")[0].text == "What should the card say?"
    assert len(fruit.heard) == heard


def test_a_question_is_only_seen_by_the_plugin_that_asked_it(customer, fruit):
    customer.says("menu")
    customer.picks("Send a gift")
    customer.taps("fruit:1")
    assert fruit.heard[-1] == ("", "fruit:1", None)


def test_a_question_outlives_a_restart(salesbot_apps, twilio, customers):
    """A second app on the same database is what a new process sees."""
    ana = customers("Ana")
    ana.says("menu")
    ana.picks("Send a gift")
    from salesbot.testing.customer import Customer

    twilio.connect(later := salesbot_apps())
    again = Customer(later, twilio, "Ana", channel=ana.channel, address=ana.address)
    assert again.says("Anna")[0].text == "What should the card say?"


def test_without_its_plugin_a_question_is_over(salesbot_apps, twilio, customers):
    ana = customers("Ana")
    ana.says("fruit")
    ana.says("how many")
    from salesbot.testing.customer import Customer

    twilio.connect(later := salesbot_apps(plugins=[]))
    again = Customer(later, twilio, "Ana", channel=ana.channel, address=ana.address)
    assert "Sorry" not in again.says("menu")[0].text
    assert "1. " in again.says("5")[0].text


# Words that mean the same everywhere.


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("menu", "What would you like?"),
        ("Help!", "Write what you are looking for"),
        ("a person", "A person will answer"),
        ("STOP", "I will not write to you by myself"),
    ],
)
def test_a_global_word_is_answered_once_and_ends_a_question(customer, stored, word, said):
    customer.says("menu")
    customer.picks("Send a gift")
    replies = customer.says(word)
    assert len(replies) == 1
    assert said in replies[0].text
    assert stored(select(Conversation.question)) == [None]


def test_global_words_arrive_as_choices_that_any_plugin_may_answer(salesbot_apps, twilio):
    class Helper:
        @hookimpl
        def salesbot_handle_message(self, message, chat):
            if message.choice == "help":
                return Reply("I help you!", menu_items(chat))
            return None

    twilio.connect(salesbot_apps(plugins=[("helper", Helper())]))
    assert twilio.writes("help").text.startswith("I help you!\n\n1. My orders")


# The public ids.


def test_anyone_may_offer_the_public_ids(salesbot_apps, twilio, catalogue):
    class Guide:
        @hookimpl
        def salesbot_handle_message(self, message, chat):
            if message.text != "guide":
                return None
            ids = ("menu", "help", "person", "search:python book", "category:1", "product:1", "buy:1")
            return Reply("Where to?", [Choice(one, f"To {one}") for one in (*ids, "cart", "orders")])

    book = catalogue.key("Python book", keys=3)
    assert (book.id, book.category_id) == (1, 1)
    from salesbot.testing.customer import Customer

    twilio.connect(app := salesbot_apps(plugins=[("guide", Guide())]))
    expected = {
        "menu": "What would you like?",
        "help": "Write what you are looking for",
        "search:python book": "*Python book*",
        "category:1": "*Goods*",
        "product:1": "*Python book*",
        "buy:1": "/pay/",
        "cart": "Your cart is empty",
        "orders": "You have not bought anything yet",
    }
    for number, (one, said) in enumerate(expected.items()):
        ana = Customer(app, twilio, f"Ana {number}")
        ana.says("guide")
        assert said in ana.picks(f"To {one}")[0].text


@pytest.mark.parametrize(
    "words",
    ["python book", "pyhton bok", "Do you have a PYTHON book?", "pythn", "bóok python", "books about python"],
)
def test_words_are_a_search_also_with_a_mistake(customer, catalogue, words):
    catalogue.key("Python book", keys=3)
    catalogue.link("Garden course", category="Courses")
    assert "*Python book*" in customer.says(words)[0].text


def test_words_that_find_nothing_get_a_way_on(customer, catalogue):
    catalogue.key("Python book", keys=3)
    (reply,) = customer.says("submarine")
    assert "did not find anything" in reply.text
    assert [choice.title for choice in reply.choices] == [
        "Goods",
        "My orders",
        "Talk to a person",
        "Send a gift",
    ]
