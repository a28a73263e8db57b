"""Greets football fans."""

from salesbot import Choice, Reply, hookimpl


@hookimpl
def salesbot_handle_message(message, chat):
    if "football" in message.text.casefold():
        return Reply("You too? Look at these.", choices=[Choice("search:football", "Football books")])
