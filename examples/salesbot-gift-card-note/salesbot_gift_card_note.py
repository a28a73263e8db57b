"""Asks who a gift is for and what its card should say."""

from salesbot import Choice, Reply, hookimpl


@hookimpl
def salesbot_menu_items(chat):
    return Choice("gift:start", "Send a gift")


@hookimpl
def salesbot_handle_message(message, chat):
    if message.choice == "gift:start":
        return Reply("Who is it for?", ask="name")
    if chat.question == "name" and message.text:
        chat.data["name"] = message.text
        return Reply("What should the card say?", ask="card")
    if chat.question == "card" and message.text:
        return Reply(f"For {chat.data.pop('name')}: {message.text}", [Choice("menu", "Menu")])
