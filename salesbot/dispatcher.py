"""A message's way: store it, lock the chat, understand it, ask the plugins, store what they say.

One message is one transaction. Whatever comes twice is handled once and answered alike.
"""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, update

from salesbot import clock, logs, outbox
from salesbot.channels import Incoming, Outgoing, registry
from salesbot.database import db, in_transaction, table
from salesbot.errors import DatabaseBusy
from salesbot.messages import Choice, Message, Reply
from salesbot.models import Conversation
from salesbot.replies import checked_replies
from salesbot.services import conversations, languages, shop, shop_links
from salesbot.services.conversations import ChatRow, Origin
from salesbot.services.secrets_in_text import revealer, without_marks
from salesbot.texts import speaking, translator
from salesbot.turns import Turn, running, tapped
from salesbot.understanding import Shown, Understood, next_start

log = logging.getLogger(__name__)
_ = translator("salesbot")

_CHAT = table(Conversation)

MOST_IN_ANSWER = 10
"""Twilio takes ten messages in one answer."""


@dataclass(frozen=True)
class Answer:
    """What goes back as the answer to the provider's request; the rest goes by the outbox."""

    messages: list[Outgoing]
    repeated: bool = False


def receive(incoming: Incoming) -> Answer:
    """One message from arrival to commit. A turn that fails keeps the message for staff."""
    with logs.about(message=incoming.provider_id):
        try:
            return in_transaction(lambda: handle(incoming), repeatable=True)
        except DatabaseBusy:
            raise
        except Exception:
            log.exception("the turn failed; the message is kept for staff")
            return in_transaction(lambda: keep_unhandled(incoming), repeatable=True)


def handle(incoming: Incoming) -> Answer:
    """One turn inside the caller's transaction."""
    began = time.perf_counter()
    connection = db.session.connection()
    row = _locked_chat(connection, incoming)
    shop.state(row.revision or 0)
    turn = Turn(connection, row)
    with running(turn):
        understood = turn.understand(incoming)
        message_id = _store(connection, row, incoming, understood, "received")
        if message_id is None:
            return _repeat(connection, row, incoming)
        turn.settle_language(understood)
        if turn.came_from is not None:
            shop_links.keep_source(connection, row.id, turn.came_from)
        asked = time.perf_counter()
        plugin, replies = _answer(turn, incoming, understood)
        took_ms = round((time.perf_counter() - asked) * 1000)
        answer = _keep(turn, replies, Origin(plugin, message_id, took_ms))
    log.info(
        "answered by %s with %d messages in %.0f ms",
        plugin or "nobody",
        len(replies),
        (time.perf_counter() - began) * 1000,
    )
    return answer


def keep_unhandled(incoming: Incoming) -> Answer:
    """Keeps a message that could not be handled, shows it to staff, and says something kind."""
    connection = db.session.connection()
    row = _locked_chat(connection, incoming)
    with speaking(row.language):
        meant = Understood(choice=tapped(incoming))
        message_id = _store(connection, row, incoming, meant, "unhandled")
        if message_id is None:
            return _repeat(connection, row, incoming)
        sorry = Reply(
            _("Sorry, something went wrong on our side. Your message is safe, and we will look at it."),
            [Choice("menu", _("Menu"))],
        )
        said = [(sorry, Shown(tuple(sorry.choices)))]
        waiting = conversations.save_chat(connection, row.id, _state_after(dict(row.notes), "", said))
        return _sent(connection, row, said, Origin(reply_to_id=message_id), waiting=waiting)


def _locked_chat(connection: Connection, incoming: Incoming) -> ChatRow:
    return conversations.lock_chat(
        connection,
        incoming.channel,
        incoming.address,
        without_marks(incoming.name),
        lambda: languages.first_guess(incoming.text, incoming.address, shop.setting("LANGUAGES")),
    )


def _store(
    connection: Connection, row: ChatRow, incoming: Incoming, understood: Understood, state: str
) -> int | None:
    return conversations.store_inbound(
        connection,
        row,
        incoming.provider_id,
        state=state,
        body=without_marks(incoming.text),
        choice=understood.choice,
        media=[asdict(medium) for medium in incoming.media],
        location=asdict(incoming.location) if incoming.location else None,
    )


def _repeat(connection: Connection, row: ChatRow, incoming: Incoming) -> Answer:
    """The answer that this message got before; nothing changes."""
    found = conversations.find(connection, incoming.provider_id)
    if found is None or found.conversation_id != row.id:
        return Answer([], repeated=True)
    messages = [
        Outgoing(
            stored.id,
            row.address,
            revealer(stored.body, row.customer_id)(stored.body),
            stored.media[0]["url"] if stored.media else None,
            tuple(Choice(**choice) for choice in stored.choices),
        )
        for stored in conversations.answers_to(connection, found.id)
    ]
    return Answer(messages, repeated=True)


Replies = list[tuple[Reply, Shown]]


def _answer(turn: Turn, incoming: Incoming, understood: Understood) -> tuple[str, Replies]:
    """Who answers, and with what; nothing while a person answers, except to global words."""
    if turn.row.answered_by == "person":
        if not understood.is_global:
            return "", []
        if understood.choice == "menu":
            _give_back(turn)
    start = next_start(understood.choice, turn.shown) if understood.choice else None
    if start is not None:
        more = Reply(_("Here is more:"), ask=turn.row.question)
        return turn.row.question_plugin or "", [(more, Shown(turn.shown.choices, start))]
    message = Message(
        text=understood.text,
        choice=understood.choice,
        media=incoming.media,
        location=incoming.location,
        language=turn.row.language,
    )
    plugin, replies = ask(turn, message)
    return plugin, [(reply, Shown(tuple(reply.choices))) for reply in replies]


def _give_back(turn: Turn) -> None:
    chat = _CHAT
    turn.connection.execute(
        update(chat).where(chat.c.id == turn.row.id).values(answered_by="bot", person_wanted_at=None)
    )


def ask(turn: Turn, message: Message) -> tuple[str, list[Reply]]:
    """The plugin that answers, and with what; the last resort is nobody's."""
    asker = turn.row.question_plugin if turn.row.question is not None else None
    order = turn.manager.in_order("salesbot_handle_message", first=asker)
    answers = turn.manager.answers(order, {"message": message}, checked_replies, turn)
    plugin, replies = next(answers, (None, []))
    if plugin is not None:
        return plugin.name, turn.filtered(replies)
    last_resort = Reply(_("Sorry, I did not understand that."), [Choice("menu", _("Menu"))])
    return "", [last_resort]


def _keep(turn: Turn, replies: Replies, origin: Origin) -> Answer:
    """Stores the replies and the chat's state."""
    row, connection = turn.row, turn.connection
    state = _state_after(turn.notes, origin.plugin, replies)
    if row.answered_by == "person" and not replies and row.person_wanted_at is None:
        state["person_wanted_at"] = clock.now()
    waiting = conversations.save_chat(connection, row.id, state)
    return _sent(connection, row, replies, origin, waiting=waiting)


def _sent(
    connection: Connection,
    row: ChatRow,
    replies: Replies,
    origin: Origin,
    *,
    waiting: bool,
) -> Answer:
    """Sends replies as the answer to the request, or by the outbox behind what is `waiting` there."""
    if waiting:
        conversations.release_held(connection, row.id)
    messages = outbox.ready(row, replies)
    fits = len(messages) <= MOST_IN_ANSWER and (
        registry.channel(row.channel).answers_with_buttons or not any(message.style for message in messages)
    )
    as_answer = fits and not waiting
    stored = outbox.put(
        connection,
        row,
        messages,
        state="answered" if as_answer else "waiting",
        origin=origin,
    )
    return Answer(stored if as_answer else [])


def _state_after(notes: dict[str, Any], plugin: str, replies: Replies) -> dict[str, object]:
    """What the chat's row is to remember of this turn.

    A question that offers nothing puts out of sight what was shown before it: its answer is words.
    """
    state: dict[str, object] = {"notes": notes, "last_inbound_at": clock.now()}
    asked = next((reply.ask for reply, _shown in reversed(replies) if reply.ask), None)
    if replies:
        state |= {"question": asked, "question_plugin": plugin if asked else None}
    shown = next((shown for _reply, shown in reversed(replies) if shown.choices), None)
    if shown is None and asked:
        shown = Shown()
    if shown is not None:
        state |= {"shown": conversations.as_json(shown.choices), "shown_from": shown.start}
    return state
