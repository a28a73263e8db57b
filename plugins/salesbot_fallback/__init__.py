"""Answers what nobody else understood, kindly and with a way on, and never twice in the same words."""

from __future__ import annotations

from itertools import takewhile

from salesbot import Chat, Choice, Message, Reply, hookimpl, is_one_of, menu_items, translator
from salesbot.services.conversations import last_said

_ = translator(__name__)

PLUGIN = "fallback"
PATIENCE = 2
"""So many times in a row it tries by itself; then it offers a person."""
ANGRY = _(
    "stupid, stupid bot, useless, this is useless, this is stupid, scam, this is a scam, idiot, terrible, "
    "you are useless, i am angry, this does not work, it does not work"
)


@hookimpl(trylast=True)
def salesbot_handle_message(message: Message, chat: Chat) -> Reply:
    """Says what did not work and offers the menu, from the third time on a person first."""
    said = last_said(chat.id, 8)
    missed = sum(1 for _one in takewhile(lambda one: one[0] == PLUGIN, said))
    menu = menu_items(chat) or [Choice("menu", _("Menu"))]
    person = [Choice("person", _("Talk to a person")), Choice("menu", _("Menu"))]
    if is_one_of(message.text, _(ANGRY)):
        sentences, choices = _to_the_angry(), person
    elif missed >= PATIENCE:
        sentences, choices = _at_last(), person
    else:
        sentences, choices = [_sentence(message), *_again()], menu
    last = said[0][1] if said else ""
    return Reply(next((one for one in sentences if not last.startswith(one)), sentences[0]), choices)


def _to_the_angry() -> list[str]:
    return [
        _("I am sorry that this is hard. A person can help you. Shall I call one?"),
        _("I hear you, and I am sorry. One of us can look at it with you."),
    ]


def _at_last() -> list[str]:
    return [
        _("I still do not get it, sorry. Would you like to talk to a person?"),
        _("I am only a simple bot. A person will understand you better."),
    ]


def _again() -> list[str]:
    return [_("I did not get that either. Pick a line, or write it in other words:")]


def _sentence(message: Message) -> str:
    if message.choice is not None:
        return _("That is not here any more. This is what I have:")
    if message.media:
        return _about_media(message.media[0].content_type)
    if message.location is not None:
        return _("Thank you for the place. I can't use it. What would you like?")
    if not message.text:
        return _("I could not read that. Please write it as text, or pick a line:")
    return _("Sorry, I did not find anything for that. Try other words, or pick a line:")


def _about_media(content_type: str) -> str:
    if content_type == "image/webp":
        return _("Nice sticker! What would you like?")
    if content_type in {"text/vcard", "text/x-vcard"}:
        return _("Thank you for the contact. I can't write to others. What would you like?")
    return {
        "audio": _("Sorry, I can't listen to voice notes. Please write it, or pick a line:"),
        "image": _("Thank you for the picture. I can't read pictures. What would you like?"),
        "video": _("Thank you for the video. I can't watch it. What would you like?"),
    }.get(content_type.partition("/")[0], _("Thank you. I can't open what you sent. What would you like?"))
