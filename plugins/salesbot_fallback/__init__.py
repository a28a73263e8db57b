"""Answers what nobody else understood, kindly and with a way on."""

from __future__ import annotations

from salesbot import Chat, Choice, Message, Reply, hookimpl, menu_items, translator

_ = translator(__name__)


@hookimpl(trylast=True)
def salesbot_handle_message(message: Message, chat: Chat) -> Reply:
    """Says what did not work and offers the menu."""
    choices = menu_items(chat) or [Choice("menu", _("Menu"))]
    return Reply(_sentence(message), choices)


def _sentence(message: Message) -> str:
    if message.choice is not None:
        return _("That is not here any more. This is what I have:")
    if message.media:
        return _about_media(message.media[0].content_type.partition("/")[0])
    if message.location is not None:
        return _("Thank you for the place. I can't use it. What would you like?")
    if not message.text:
        return _("I could not read that. Please write it as text, or pick a line:")
    return _("Sorry, I did not find anything for that. Try other words, or pick a line:")


def _about_media(kind: str) -> str:
    return {
        "audio": _("Sorry, I can't listen to voice notes. Please write it, or pick a line:"),
        "image": _("Thank you for the picture. I can't read pictures. What would you like?"),
        "video": _("Thank you for the video. I can't watch it. What would you like?"),
    }.get(kind, _("Thank you. I can't open what you sent. What would you like?"))
