"""Quick answers: what a shop hears every day, answered in the words that staff typed for it."""

from __future__ import annotations

from salesbot import Chat, Choice, Reply, is_row_id, menu_items, translator
from salesbot.services import catalog, quick_answers
from salesbot.services.conversations import last_said

_ = translator(__name__)

PLUGIN = "support"


def reply(chat: Chat, found: quick_answers.Found) -> Reply:
    """The answer with its button; whoever asks again was not helped by it, and is offered a person."""
    text = quick_answers.said(found.answer, "text", chat.customer.name)
    button = _button(chat, found.answer.leads_to, quick_answers.said(found.answer, "button"))
    choices = [button] if button is not None else []
    [(plugin, body)] = last_said(chat.id, 1) or [("", "")]
    if plugin == PLUGIN and body.startswith(text):
        text += "\n\n" + _("Does that not help? A person can tell you more.")
        person = Choice("person", _("Talk to a person"))
        choices = [person, *(choice for choice in choices if choice.id != "person")]
    if not any(choice.id == "menu" for choice in choices):
        choices.append(Choice("menu", _("Menu")))
    return Reply(text, choices)


def _button(chat: Chat, leads_to: str, title: str) -> Choice | None:
    """What stands under an answer; nothing when what it led to is there no more."""
    owner, _colon, number = leads_to.partition(":")
    if not leads_to:
        return None
    if owner in {"category", "product"}:
        thing = _thing(owner, int(number)) if is_row_id(number) else None
        return Choice(leads_to, title or thing) if thing else None
    titles = {"person": _("Talk to a person"), "menu": _("Menu")}
    if not title:
        title = titles.get(leads_to) or next(
            (line.title for line in menu_items(chat) if line.id == leads_to), ""
        )
    return Choice(leads_to, title) if title else None


def _thing(owner: str, number: int) -> str:
    found = catalog.shelf(number) if owner == "category" else catalog.item(number)
    return "" if found is None else found.title
