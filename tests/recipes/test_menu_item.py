"""Adds a line to the menu, for those whom it concerns."""

from salesbot import Choice, Reply, hookimpl

PLUGIN = "club"


@hookimpl
def salesbot_menu_items(chat):
    return None if chat.data.get("member") else Choice("club:join", "Join the club")


@hookimpl
def salesbot_handle_message(message, chat):
    if message.choice == "club:join":
        chat.data["member"] = True
        return Reply("Welcome to the club!", [Choice("menu", "Menu")])


def test_the_line_is_there_until_it_was_picked(customer):
    customer.says("hi")
    assert customer.picks("Join the club")[0].text.startswith("Welcome to the club!")
    assert "Join the club" not in [choice.title for choice in customer.says("menu")[0].choices]
