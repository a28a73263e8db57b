"""What waits to be sent and how it goes: the message row is its own outbox entry.

waiting → sending → the provider's states; back to waiting when the provider asks to try again;
failed when it never will; unknown when nobody can tell whether it was sent; held while the
customer must write first.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, or_, select, update
from sqlalchemy.orm import aliased

from salesbot import clock
from salesbot.channels import Outgoing, buttons, registry
from salesbot.channels.render import Part, length, numbered, parts, sendable
from salesbot.database import db, table
from salesbot.errors import ButtonsRefused, NotSent, SalesbotError
from salesbot.messages import Choice, Media, Reply
from salesbot.models import Conversation, Message, MessageTemplate, Order
from salesbot.services import conversations, deliveries, links, shop, templates
from salesbot.services.conversations import MOST_ATTEMPTS, ChatRow, Origin, window_is_open
from salesbot.services.secrets_in_text import holds_marks, revealer
from salesbot.texts import translator
from salesbot.understanding import Shown, page

log = logging.getLogger(__name__)
_ = translator("salesbot")

_CHAT = table(Conversation)

TEMPLATE = "template"
"""The style of words that WhatsApp has approved for any time."""
STALE = timedelta(seconds=90)
"""A message that a worker has had this long was being sent when the worker died."""


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
        if _hold(message, chat) or _has_ended(message):
            continue
        try:
            ready_to_go = outgoing(message, chat)
        except SalesbotError as exc:  # a secret that can't be read must not hold up all the others
            _leaves(message, "failed")
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
    _leaves(message, "failed")
    message.error = "the file was taken back before it was sent"
    return True


def is_due() -> bool:
    """Whether anything could be claimed now."""
    due = select(Message.id).where(Message.state == "waiting", Message.send_at <= clock.now()).limit(1)
    return db.session.scalar(due) is not None


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
        attempt=message.attempts + 1,
    )


def _leaves(message: Message, state: str) -> None:
    """The message is in the outbox no more."""
    message.state = state
    message.send_at = None


def sent(message_id: int, provider_id: str | None, *, arrived: bool = False) -> None:
    """The provider has taken the message on; a receipt may have come before this news."""
    message = db.session.get(Message, message_id, with_for_update=True, populate_existing=True)
    if message is None:
        return
    if message.provider_id is None:
        message.provider_id = provider_id
    if message.state in {"sending", "unknown"}:
        _leaves(message, "delivered" if arrived else "queued")
        message.error = message.error_code = ""


def refused(message_id: int, why: NotSent) -> None:
    """The provider did not take the message: again later, or never."""
    message = db.session.get(Message, message_id, with_for_update=True, populate_existing=True)
    if message is None or message.state != "sending":
        return
    if isinstance(why, ButtonsRefused) and message.style:
        _as_numbers(message, why.code)
        return
    message.error, message.error_code = why.reason[:500], why.code
    if why.retry_in is None or message.attempts % MOST_ATTEMPTS == 0:
        _leaves(message, "failed")
        log.error("message %s is given up: %s", message_id, why.code or type(why).__name__)
        return
    in_round = message.attempts % MOST_ATTEMPTS
    pause = min(why.retry_in * 2 ** (in_round - 1), 3600.0)
    message.state = "waiting"
    message.send_at = clock.now() + timedelta(seconds=pause)
    log.warning("message %s is tried again in %.0f s: %s", message_id, pause, why.code)


def _as_numbers(message: Message, code: str) -> None:
    """Sends a message again, which nobody has got, with numbered lines in place of its buttons."""
    log.warning("message %s goes without its %s: code %s", message.id, message.style, code or "none")
    choices = [Choice(**choice) for choice in message.choices]
    message.body = sendable(numbered(message.body, choices))
    message.style = buttons.NUMBERS
    message.provider_id = None
    message.state, message.send_at = "waiting", clock.now()


def lost_sight(message_id: int, why: str) -> None:
    """Nobody can tell whether the message was sent: staff decide, it is not sent again blindly."""
    message = db.session.get(Message, message_id, with_for_update=True, populate_existing=True)
    if message is not None and message.state == "sending":
        _leaves(message, "unknown")
        message.error = why
        log.error("message %s: it is unknown whether it was sent: %s", message_id, why)


def find_stale() -> int:
    """Marks as unknown what a worker was sending when it died; how many there were."""
    stale = db.session.scalars(
        select(Message)
        .where(
            Message.send_at.is_not(None), Message.state == "sending", Message.claimed_at < clock.now() - STALE
        )
        .with_for_update(skip_locked=True)
    ).all()
    for message in stale:
        _leaves(message, "unknown")
        message.error = "the worker stopped while it was being sent"
        log.error("message %s: the worker stopped while it was being sent", message.id)
    return len(stale)


RANK: dict[str, int] = {
    "waiting": 0,
    "held": 0,
    "sending": 0,
    "unknown": 0,
    "answered": 0,
    "queued": 1,
    "sent": 2,
    "undelivered": 3,
    "failed": 3,
    "delivered": 4,
    "read": 5,
}
"""A report moves a message forward only, in whatever order reports come."""
_OUR_WORD = {
    "accepted": "queued",
    "scheduled": "queued",
    "queued": "queued",
    "sending": "queued",
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "undelivered",
    "failed": "failed",
    "canceled": "failed",
}


_BUTTONS_REFUSED = frozenset({"63005", "63013", "63021"})
"""Codes with which WhatsApp does not take the content of a message that Twilio took."""


def receipt(
    message_id: int,
    attempt: int | None,
    provider_id: str,
    status: str,
    error_code: str = "",
    *,
    sent_as: str = "",
) -> bool:
    """The provider reports on an attempt to send one of our messages, or on the only one there was (None).

    A report that comes late changes nothing. True when the message is ours. A receipt is proof that
    it was sent, so an unknown fate ends.
    `sent_as` is the style that was sent: what is said of buttons means nothing for the numbered
    lines that went out in their place.
    """
    message = db.session.scalar(
        select(Message).where(Message.id == message_id, Message.direction == "out").with_for_update()
    )
    word = _OUR_WORD.get(status)
    if message is None:
        return False
    if sent_as and sent_as != message.style:
        return True
    if attempt is not None and attempt < message.attempts:
        # That it failed is old news, but once it has arrived the customer has it.
        word = word if word in {"delivered", "read"} else None
    elif (message.provider_id or provider_id) != provider_id:
        return False
    elif message.provider_id is None:
        if conversations.find(db.session.connection(), provider_id) is not None:
            return False
        message.provider_id = provider_id
    with_buttons = sent_as in {buttons.BUTTONS, buttons.LIST}
    if with_buttons and word in {"failed", "undelivered"} and error_code in _BUTTONS_REFUSED:
        _as_numbers(message, error_code)
    elif word is not None and RANK[word] > RANK[message.state]:
        _leaves(message, word)
        if word in {"failed", "undelivered"}:
            message.error_code = error_code
            log.error("message %s did not arrive: code %s", message.id, error_code or "none")
        else:
            message.error = message.error_code = ""
    return True


def choices_of(replies: Sequence[Reply]) -> tuple[Choice, ...]:
    """All choices of several replies, each id once."""
    found: dict[str, Choice] = {}
    for reply in replies:
        for choice in reply.choices:
            found.setdefault(choice.id, choice)
    return tuple(found.values())
