"""What waits to be sent and how it goes: the message row is its own outbox entry.

waiting → sending → the provider's states; back to waiting when the provider asks to try again;
failed when it never will; unknown when nobody can tell whether it was sent; held while the
customer must write first.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Select, or_, select, update
from sqlalchemy.orm import aliased

from salesbot import clock
from salesbot.channels import Outgoing, buttons, registry
from salesbot.channels.render import Part, length, parts, sendable
from salesbot.database import db, table
from salesbot.errors import SalesbotError
from salesbot.messages import Choice, Media, Reply
from salesbot.models import Conversation, Message, MessageTemplate, Order
from salesbot.outcomes import RANK, STALE, find_stale, leaves, lost_sight, receipt, refused, sent
from salesbot.services import conversations, deliveries, links, shop, templates
from salesbot.services.conversations import MOST_ATTEMPTS, ChatRow, Origin, window_is_open
from salesbot.services.secrets_in_text import holds_marks, revealer
from salesbot.texts import translator
from salesbot.understanding import Shown, page

__all__ = [
    "MOST_ATTEMPTS",
    "RANK",
    "STALE",
    "TEMPLATE",
    "Ready",
    "choices_of",
    "claim",
    "due",
    "find_stale",
    "lost_sight",
    "more_title",
    "outgoing",
    "put",
    "ready",
    "receipt",
    "refused",
    "say",
    "say_template",
    "send_file",
    "send_medium",
    "sent",
]

log = logging.getLogger(__name__)
_ = translator("salesbot")

_CHAT = table(Conversation)

TEMPLATE = "template"
"""The style of words that WhatsApp has approved for any time."""


def more_title() -> str:
    """The line that leads on to the next page of choices."""
    return _("More")


@dataclass(frozen=True)
class Ready:
    """One message of a reply: what is stored, the same with its secrets, its picture, how it offers."""

    part: Part
    revealed: str
    media_url: str | None
    style: str = buttons.NUMBERS


def ready(chat: ChatRow, replies: Iterable[tuple[Reply, Shown]]) -> list[Ready]:
    """The messages that replies become for this chat, each with the choices that it shows."""
    found: list[Ready] = []
    with_buttons = shop.setting("BUTTONS")
    for reply, shown in replies:
        seen = page(shown, more_title())
        put_in = revealer(reply.text, chat.customer_id)
        hides = holds_marks(reply.text)
        measure = (lambda piece, put_in=put_in: length(put_in(piece))) if hides else length
        media_url = reply.media_url
        # WhatsApp shows no picture beside buttons, and a message of its own would have to be paid for.
        style = buttons.style(reply.text, seen, measure) if with_buttons and not media_url else ""
        if style:
            text = sendable(reply.text)
            found.append(Ready(Part(text, tuple(seen)), put_in(text), None, style))
            continue
        for part in parts(reply.text, seen, measure):
            found.append(Ready(part, put_in(part.text), media_url))
            media_url = None
    return found


def put(
    connection: Connection,
    chat: ChatRow,
    messages: Iterable[Ready],
    *,
    state: str,
    origin: Origin,
) -> list[Outgoing]:
    """Stores messages of a locked chat."""
    stored: list[Outgoing] = []
    for message in messages:
        message_id = conversations.store_outbound(
            connection,
            chat.id,
            body=message.part.text,
            choices=message.part.choices,
            style=message.style,
            media=Media(message.media_url, "image") if message.media_url else None,
            state=state,
            origin=origin,
        )
        stored.append(
            Outgoing(
                message_id,
                chat.address,
                message.revealed,
                message.media_url,
                message.part.choices,
                message.style,
            )
        )
    return stored


def say(
    conversation_id: int, reply: Reply, *, plugin: str = "", use: str = "", order: int | None = None
) -> list[int]:
    """Puts an unasked message in the outbox; it ends an open question, and may ask another.

    Its choices become those that the chat shows. When it must wait for the customer to write, the
    approved template for `use` (see `services.templates`) tells them of the order meanwhile.
    """
    connection = db.session.connection()
    chat = conversations.lock_chat_by_id(connection, conversation_id)
    messages = ready(chat, [(reply, Shown(tuple(reply.choices)))])
    stored = put(connection, chat, messages, state="waiting", origin=Origin(plugin))
    values: dict[str, object] = {
        "question": reply.ask,
        "question_plugin": plugin if reply.ask else None,
    }
    if reply.choices or reply.ask:
        values |= {"shown": conversations.as_json(reply.choices), "shown_from": 0}
    connection.execute(update(_CHAT).where(_CHAT.c.id == conversation_id).values(values))
    if use:
        about = {"use": use, "order": order}
        db.session.execute(update(Message).where(Message.id == stored[0].id).values(about=about))
    return [message.id for message in stored]


def say_template(conversation_id: int, template: MessageTemplate, values: Sequence[str]) -> int:
    """Puts an approved template in the outbox, which may go at any time; `values` fill its places."""
    lines = [" ".join(value.split()) for value in values]  # WhatsApp takes no line breaks in them
    message = Message(
        conversation_id=conversation_id,
        direction="out",
        state="waiting",
        send_at=clock.now(),
        body=templates.fill(template.text, lines),
        style=TEMPLATE,
        template={"sid": template.sid, "values": lines},
    )
    db.session.add(message)
    db.session.flush()
    return message.id


def send_file(conversation_id: int, delivery_id: int, content_type: str) -> int:
    """Puts the file of a unit in the outbox, as a message of its own without words.

    The address at which the provider fetches it is made when it is sent.
    """
    return send_medium(conversation_id, Media(links.stored_file(delivery_id), content_type))


def send_medium(conversation_id: int, media: Media) -> int:
    """Puts a file in the outbox, as a message of its own without words."""
    connection = db.session.connection()
    chat = conversations.lock_chat_by_id(connection, conversation_id)
    return conversations.store_outbound(
        connection,
        chat.id,
        body="",
        choices=(),
        media=media,
        state="waiting",
        origin=Origin(),
    )


def claim(limit: int = 20) -> list[tuple[str, Outgoing]]:
    """Takes what is due, at most one message of each chat, as (channel, message); flush only.

    What may not be sent now because the customer's last message is too old is held instead, and a
    template goes in its place where there is one for it.
    """
    shop.state()  # so that those who send use what staff have set by now
    earlier = aliased(Message)
    in_the_way = select(earlier.id).where(
        earlier.conversation_id == Message.conversation_id,
        earlier.id < Message.id,
        earlier.send_at.is_not(None),
    )
    due = db.session.scalars(
        select(Message)
        .where(
            Message.state == "waiting",
            Message.send_at <= clock.now(),
            or_(Message.style == TEMPLATE, ~in_the_way.exists()),
        )
        .order_by(Message.send_at, Message.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Message)
    ).all()
    chats = {
        chat.id: chat
        for chat in db.session.scalars(
            select(Conversation).where(Conversation.id.in_([m.conversation_id for m in due]))
        )
    }
    taken = []
    for message in due:
        chat = chats[message.conversation_id]
        if chat.is_erased:
            db.session.delete(message)  # nobody is there any more to get it
            continue
        if _hold(message, chat) or _has_ended(message):
            continue
        try:
            ready_to_go = outgoing(message, chat)
        except SalesbotError as exc:  # a secret that can't be read must not hold up all the others
            leaves(message, "failed")
            message.error = str(exc)[:500]
            log.error("message %s can't be sent: %s", message.id, exc)  # noqa: TRY400
            continue
        message.state = "sending"
        message.attempts = ready_to_go.attempt
        message.claimed_at = clock.now()
        taken.append((chat.channel, ready_to_go))
    db.session.flush()
    return taken


def _hold(message: Message, chat: Conversation) -> bool:
    hours = registry.window_hours(chat.channel, chat.address)
    if message.style == TEMPLATE or window_is_open(chat.last_inbound_at, hours):
        return False
    message.state = "held"
    log.warning("message %s waits until the customer writes again", message.id)
    if message.about is not None:
        _tell_meanwhile(message.about["use"], message.about["order"], chat)
    return True


def _tell_meanwhile(use: str, order_id: int, chat: Conversation) -> None:
    order = db.session.get(Order, order_id)
    template = templates.for_use(use, chat.customer.language)
    if order is not None and template is not None:
        number = say_template(chat.id, template, templates.values_for(order))
        log.info("message %s, a template, tells the customer meanwhile", number)


def _has_ended(message: Message) -> bool:
    """Whether a message holds a file that its buyer may not have any more; then it is never sent."""
    number = links.stored_file_id(message.media[0]["url"]) if message.media else None
    if number is None or deliveries.may_be_handed_over(number):
        return False
    leaves(message, "failed")
    message.error = "the file was taken back before it was sent"
    return True


def due() -> Select[int]:
    """Finds something when anything could be claimed now."""
    return select(Message.id).where(Message.state == "waiting", Message.send_at <= clock.now())


def outgoing(message: Message, chat: Conversation) -> Outgoing:
    """A stored message in the form in which it is sent next."""
    put_in = revealer(message.body, chat.customer_id)
    return Outgoing(
        id=message.id,
        address=chat.address,
        text=put_in(message.body),
        media_url=links.media_url(message.media[0]["url"]) if message.media else None,
        choices=tuple(Choice(**choice) for choice in message.choices),
        style=message.style,
        template_sid=message.template["sid"] if message.template else "",
        values=tuple(message.template["values"]) if message.template else (),
        language=chat.customer.language,
        attempt=message.attempts + 1,
    )


def choices_of(replies: Sequence[Reply]) -> tuple[Choice, ...]:
    """All choices of several replies, each id once."""
    found: dict[str, Choice] = {}
    for reply in replies:
        for choice in reply.choices:
            found.setdefault(choice.id, choice)
    return tuple(found.values())
