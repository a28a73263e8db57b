"""Asks a question, checks the answer, and uses it later."""

from salesbot import Choice, Reply, hookimpl

PLUGIN = "shoes"


@hookimpl
def salesbot_handle_message(message, chat):
    if message.text.casefold() == "my size":
        return Reply("Which size do you wear?", ask="size")
    if chat.question == "size" and message.text:
        if not message.text.isdecimal() or not 30 <= int(message.text) <= 50:
            return Reply("A number from 30 to 50, please.", ask="size")
        chat.data["size"] = int(message.text)
        return Reply(f"I remember {message.text}.", [Choice("menu", "Menu")])
    if message.text.casefold() == "which size" and "size" in chat.data:
        return Reply(f"You wear {chat.data['size']}.", [Choice("menu", "Menu")])


def test_an_answer_is_asked_for_again_until_it_is_good(customer):
    assert customer.says("my size")[0].text == "Which size do you wear?"
    assert customer.says("large")[0].text == "A number from 30 to 50, please."
    assert customer.says("42")[0].text.startswith("I remember 42.")
    assert customer.says("which size")[0].text.startswith("You wear 42.")


def test_the_menu_ends_the_question(customer):
    customer.says("my size")
    customer.says("menu")
    assert "I remember" not in customer.says("42")[0].text
