"""Changes the language of a chat: by a line of the menu, or by the language's name."""

from __future__ import annotations

from salesbot import Chat, Choice, Message, Reply, hookimpl, menu_items, translator
from salesbot.services import languages, shop

_ = translator(__name__)

LONGEST_LINE = 24
"""What WhatsApp shows of a line in a list."""


@hookimpl
def salesbot_menu_items(chat: Chat) -> Choice | None:
    """The other languages by their own names, which those read who can't read the present one."""
    others = _others(chat.language)
    if not others:
        return None
    line = f"🌐 {' / '.join(languages.name(code) for code in others)}"
    if len(others) == 1:
        return Choice(f"{languages.CHOICE}:{others[0]}", line)
    return Choice(languages.CHOICE, line if len(line) <= LONGEST_LINE else f"🌐 {_('Language')}")


@hookimpl
def salesbot_handle_message(message: Message, chat: Chat) -> Reply | None:
    """Asks for the language, and goes on in the one that was picked."""
    if message.choice == languages.CHOICE:
        lines = [
            Choice(f"{languages.CHOICE}:{code}", languages.name(code)) for code in _others(chat.language)
        ]
        return Reply(_("Which language would you like?"), [*lines, Choice("menu", _("Menu"))])
    owner, _colon, code = (message.choice or "").partition(":")
    if owner == languages.CHOICE and code == chat.language:
        words = _("OK, we speak {language} now. What would you like?")
        return Reply(words.format(language=languages.name(code)), menu_items(chat))
    return None


def _others(present: str) -> list[str]:
    return [code for code in shop.setting("LANGUAGES") if code != present]
