"""Talking to the bot in the terminal: one message, or a whole chat."""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Iterable

import click
from flask import current_app
from flask.cli import with_appcontext

from salesbot import dispatcher, outbox
from salesbot.channels import Outgoing, simulator
from salesbot.cli.ready import on_the_database
from salesbot.cli.trouble import in_plain_words
from salesbot.database import db, reading
from salesbot.models import Conversation, Message
from salesbot.worker import Worker

ADDRESS = "terminal"


@click.command()
@click.argument("text")
@click.option("--as", "address", default=ADDRESS, show_default=True, help="Which customer says it.")
@with_appcontext
def say(text: str, address: str) -> None:
    """Say TEXT to the bot as a customer and print its replies."""
    with on_the_database():
        _newest(address)
    _print(_heard(text, address))


@click.command()
@click.option("--as", "address", default=ADDRESS, show_default=True, help="Which customer you are.")
@with_appcontext
def chat(address: str) -> None:
    """Talk to the bot as a customer; an empty line or Ctrl+D ends it."""
    click.echo('You are a customer. Write "hi". An empty line ends the chat.')
    with on_the_database():
        last = _newest(address)
    while True:
        click.secho("you> ", fg="green", nl=False)
        line = _line_or_news(address, last)
        if line is None or not line.strip():
            click.echo()
            return
        _print(_heard(line.strip(), address))
        last = _newest(address)


def _heard(text: str, address: str) -> list[Outgoing]:
    """What the bot says to this, whichever way it goes out."""
    with in_plain_words():
        before = _newest(address)
        answer = dispatcher.receive(simulator.incoming(address, text))
        Worker(current_app._get_current_object()).drain()  # type: ignore[attr-defined]
    told = {message.id for message in answer.messages}
    later = [message for message in _since(address, before) if message.id not in told]
    return sorted([*answer.messages, *later], key=lambda message: message.id)


def _newest(address: str) -> int:
    messages = _since(address, 0)
    return messages[-1].id if messages else 0


def _since(address: str, message_id: int) -> list[Outgoing]:
    with reading():
        found = db.session.execute(
            db.select(Message, Conversation)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(
                Conversation.channel == simulator.NAME,
                Conversation.address == address,
                Message.direction == "out",
                Message.id > message_id,
            )
            .order_by(Message.id)
        ).all()
        messages = [outbox.outgoing(message, chat) for message, chat in found]
        db.session.rollback()
    return messages


def _line_or_news(address: str, last: int) -> str | None:
    """The next line typed; what arrives by itself meanwhile is printed."""
    while sys.stdin.isatty() and not select.select([sys.stdin], [], [], 0.5)[0]:
        news = _since(address, last)
        if news:
            click.echo()
            _print(news)
            last = news[-1].id
            click.secho("you> ", fg="green", nl=False)
    line = sys.stdin.readline()
    time.sleep(0)
    return line or None


def _print(messages: Iterable[Outgoing]) -> None:
    for message in messages:
        if message.media_url:
            click.secho(f"[picture] {message.media_url}", dim=True)
        click.echo(message.text)
        click.echo()


COMMANDS = (say, chat)
