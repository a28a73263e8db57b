"""One message in and what it causes, as the plugins that are asked about it see it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Connection

from salesbot import outbox, plugin_manager
from salesbot.channels import Incoming
from salesbot.database import db
from salesbot.global_words import global_words, known_words
from salesbot.messages import Chat, Choice, Customer
from salesbot.plugin_manager import Failed
from salesbot.replies import MOST_CHOICES, checked_choices, checked_notes
from salesbot.services import conversations, shop
from salesbot.services.conversations import ChatRow
from salesbot.services.secrets_in_text import without_marks
from salesbot.texts import speaking
from salesbot.understanding import Shown, Understood, understand


class Turn:
    """One message in and what it causes."""

    def __init__(self, connection: Connection, row: ChatRow) -> None:
        self.connection = connection
        self.row = row
        self.customer = Customer(row.customer_id, row.name, row.language, row.address)
        self.shown = Shown(tuple(Choice(**choice) for choice in row.shown), row.shown_from)
        self.notes = dict(row.notes)
        self.manager = plugin_manager.current()

    def chat_for(self, plugin: str) -> Chat:
        """The chat as one plugin sees it: with its own question and its own notes."""
        asked = self.row.question if self.row.question_plugin == plugin else None
        notes = checked_notes(self.notes[plugin]) if plugin in self.notes else {}
        return Chat(self.customer, self.row.language, asked, notes, self.row.id)

    def keep_notes(self, plugin: str, notes: dict[str, Any]) -> None:
        """Remembers a plugin's checked notes."""
        if notes:
            self.notes[plugin] = notes
        else:
            self.notes.pop(plugin, None)

    def understand(self, incoming: Incoming) -> Understood:
        """What the customer meant by this message."""
        languages = tuple(shop.setting("LANGUAGES"))
        return understand(
            without_marks(incoming.text.strip()),
            tapped(incoming),
            self.shown,
            more_title=outbox.more_title(),
            question_open=self._is_asked(),
            global_words=global_words(languages),
            known_words=known_words(languages),
        )

    def _is_asked(self) -> bool:
        """Whether a question is open, and the plugin that asked it is still there to hear the answer."""
        asker = self.row.question_plugin
        if self.row.question is None or asker is None:
            return False
        return self.manager.named(asker) is not None and asker not in shop.state().switched_off


def tapped(incoming: Incoming) -> str | None:
    """The id of what was tapped, as far as it can be stored and compared."""
    return without_marks(incoming.tapped.replace("\x00", ""))[:200] if incoming.tapped else None


_turn: ContextVar[Turn | None] = ContextVar("salesbot_turn", default=None)


@contextmanager
def running(turn: Turn) -> Iterator[None]:
    """Everything done inside belongs to this turn, and is said in its language."""
    token = _turn.set(turn)
    try:
        with speaking(turn.row.language):
            yield
    finally:
        _turn.reset(token)


def menu_items(chat: Chat) -> list[Choice]:
    """The lines of the main menu that all plugins bring, for this chat."""
    turn = _turn.get()
    if turn is None or turn.row.id != chat.id:
        turn = _turn_of(chat)
    found: list[Choice] = []
    for plugin, impl in turn.manager.in_order("salesbot_menu_items"):
        own = turn.chat_for(plugin.name)

        def check(value: object, own: Chat = own) -> tuple[list[Choice], dict[str, Any]]:
            return checked_choices(value), checked_notes(own.data)

        result = turn.manager.call(plugin, impl, {"chat": own}, check)
        if not isinstance(result, Failed):
            choices, notes = result
            turn.keep_notes(plugin.name, notes)
            found += choices
    return found[:MOST_CHOICES]


def _turn_of(chat: Chat) -> Turn:
    connection = db.session.connection()
    return Turn(connection, conversations.lock_chat_by_id(connection, chat.id))
