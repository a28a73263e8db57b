"""My plugin: a menu line, and an answer to whoever writes "my words"."""

from salesbot import Choice, Reply, hookimpl, translator

_ = translator(__name__)


@hookimpl
def salesbot_menu_items():
    return Choice("myplugin:start", _("My plugin"))


@hookimpl
def salesbot_handle_message(message):
    """The first plugin that returns something answers; None lets the next one try."""
    if message.choice == "myplugin:start" or message.text.casefold() == "my words":
        return Reply(_("Hello from My plugin!"), [Choice("menu", _("Menu"))])
    return None
