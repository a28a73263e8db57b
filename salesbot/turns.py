"""One message in and what it causes, as the plugins that are asked about it see it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, cast

from sqlalchemy import Connection

from salesbot import outbox, plugin_manager
from salesbot.calls import Implementation
from salesbot.channels import Incoming
from salesbot.database import db
from salesbot.errors import PluginProblem
from salesbot.global_words import global_words, known_words
from salesbot.messages import Chat, Choice, Customer, Reply
from salesbot.plugin_loading import Plugin
from salesbot.replies import MOST_CHOICES, checked_choices, checked_notes, checked_replies
from salesbot.services import advertisements, catalog, conversations, languages, menu, shop, shop_links
from salesbot.services.conversations import ChatRow
from salesbot.services.secrets_in_text import without_marks
from salesbot.texts import language, speak
from salesbot.understanding import Shown, Understood, understand

FILTER = "salesbot_filter_reply"


class Turn:
    """One message in and what it causes."""

    def __init__(self, connection: Connection, row: ChatRow) -> None:
        self.connection = connection
        self.row = row
        self.customer = Customer(row.customer_id, row.name, row.language, row.address)
        self.shown = Shown(tuple([Choice(**choice) for choice in row.shown]), row.shown_from)
        self.notes = dict(row.notes)
        self.came_from: dict[str, Any] | None = None
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

    def filtered(self, replies: list[Reply]) -> list[Reply]:
        """Replies after the plugins that change replies have seen them."""
        for pair in self.manager.in_order(FILTER) if self.manager.has(FILTER) else ():
            replies = [self._changed(pair, reply) for reply in replies]
        return replies

    def _changed(self, pair: tuple[Plugin, Implementation], reply: Reply) -> Reply:
        answers = self.manager.answers([pair], {"reply": reply}, checked_replies, self)
        _plugin, instead = next(answers, (None, None))
        return cast("Reply", instead[0]) if instead else reply

    def understand(self, incoming: Incoming) -> Understood:
        """What the customer meant by this message."""
        codes = tuple(shop.setting("LANGUAGES"))
        text = without_marks(incoming.text.strip())
        arrival = shop_links.read(text) if shop_links.MARK in text else None
        self.came_from = shop_links.source(arrival, incoming.advertisement)
        linked = arrival.choice if arrival is not None else None
        if linked is None and incoming.advertisement and not self._is_repeated(incoming):
            linked = advertisements.arrived(self.connection, incoming.advertisement, text)
        return understand(
            text if arrival is None else arrival.text if arrival.choice is None else text,
            tapped(incoming),
            self.shown,
            more_title=outbox.more_title(),
            question_open=self._is_asked(),
            global_words=global_words(codes),
            known_words=known_words(codes),
            linked=linked,
        )

    def _is_repeated(self, incoming: Incoming) -> bool:
        return conversations.find(self.connection, incoming.provider_id) is not None

    def settle_language(self, understood: Understood) -> None:
        """Speaks on in another language when the customer picked one, or clearly writes in it."""
        codes = shop.setting("LANGUAGES")
        if len(codes) == 1:
            return
        present, owner = self.row.language, (understood.choice or "").partition(":")
        picked = owner[0] == languages.CHOICE and owner[2] in codes
        if picked:
            code = owner[2]
        elif understood.text and not self.row.language_chosen and not self._is_asked():
            code = languages.heard(understood.text, present, codes)
        else:
            return
        if code != present or picked:
            languages.choose(self.row.customer_id, code, chosen=picked)
            self.row = self.row._replace(language=code, language_chosen=picked)
            self.customer = replace(self.customer, language=code)
            speak(code)

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
    token, spoken = _turn.set(turn), language()
    speak(turn.row.language)
    try:
        yield
    finally:
        speak(spoken)
        _turn.reset(token)


def menu_items(chat: Chat) -> list[Choice]:
    """The lines of the main menu that all plugins bring, for this chat, as staff arranged them."""
    return menu.arranged(all_menu_items(chat))


def all_menu_items(chat: Chat) -> list[Choice]:
    """The lines of the main menu as the plugins bring them."""
    turn = _turn.get()
    if turn is None or turn.row.id != chat.id:
        turn = _turn_of(chat)
    order = turn.manager.in_order("salesbot_menu_items")
    answers = turn.manager.answers(order, {}, checked_choices, turn)
    return [line for _plugin, lines in answers for line in lines][:MOST_CHOICES]


def search(words: str) -> list[int]:
    """The ids of products for `words`, best first: by a plugin's own search, else the shop's."""
    manager = plugin_manager.current()
    arguments = {"words": words, "language": language()}
    order = manager.in_order("salesbot_search")
    _plugin, found = next(manager.answers(order, arguments, _checked_ids), (None, None))
    return catalog.find(words) if found is None else list(found)


def _checked_ids(value: object) -> list[int]:
    if not isinstance(value, list | tuple) or not all(
        type(item) is int and 0 < item < 2**63 for item in value
    ):
        raise PluginProblem("salesbot_search returns ids of products, or None")
    return list(value)


def filtered_for(conversation_id: int, replies: list[Reply]) -> list[Reply]:
    """Unasked replies to a chat after the plugins that change replies have seen them."""
    if not plugin_manager.current().has(FILTER):
        return replies
    row = conversations.lock_chat_by_id(db.session.connection(), conversation_id)
    return Turn(db.session.connection(), row).filtered(replies)


def _turn_of(chat: Chat) -> Turn:
    connection = db.session.connection()
    return Turn(connection, conversations.lock_chat_by_id(connection, chat.id))
