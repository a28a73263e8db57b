"""Talking to the bot in the terminal: one message, or a whole chat."""

from __future__ import annotations

import select
import sys
from collections.abc import Iterable

import click
from flask import current_app
from flask.cli import with_appcontext

from salesbot import dispatcher, outbox, plugin_manager
from salesbot.channels import Outgoing, simulator
from salesbot.cli import tracing
from salesbot.cli.ready import on_the_database
from salesbot.cli.trouble import in_plain_words
from salesbot.database import db, reading
from salesbot.models import Conversation, Message
from salesbot.services import plugin_usage
from salesbot.worker import Worker

ADDRESS = "terminal"


@click.command()
@click.argument("text")
@click.option("--as", "address", default=ADDRESS, show_default=True, help="Which customer says it.")
@click.option("--trace", is_flag=True, help="Show which plugins are asked, and what each returns.")
@with_appcontext
def say(text: str, address: str, trace: bool) -> None:
    """Say TEXT to the bot as a customer and print its replies."""
    with on_the_database():
        _newest(address)
    say_once(text, address, trace=trace)


def say_once(text: str, address: str = ADDRESS, *, trace: bool = False) -> None:
    """Says one thing and prints what comes, after the calls of plugins that led there."""
    if not trace:
        _print(_heard(text, address))
        return
    with tracing.watching(plugin_manager.current()) as seen:
        heard = _heard(text, address)
    tracing.show(seen)
    click.echo()
    _print(heard)


@click.command()
@click.option("--as", "address", default=ADDRESS, show_default=True, help="Which customer you are.")
@click.option("--trace", is_flag=True, help="Show which plugins are asked, and what each returns.")
@with_appcontext
def chat(address: str, trace: bool) -> None:
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
        say_once(line.strip(), address, trace=trace)
        last = _newest(address)


def _heard(text: str, address: str) -> list[Outgoing]:
    """What the bot says to this, whichever way it goes out."""
    with in_plain_words():
        before = _newest(address)
        answer = dispatcher.receive(simulator.incoming(address, text))
        Worker(current_app._get_current_object()).drain()  # type: ignore[attr-defined]
        plugin_usage.write_down(plugin_manager.current().plugins)
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
    return line or None


def _print(messages: Iterable[Outgoing]) -> None:
    for message in messages:
        if message.media_url:
            click.secho(f"[picture] {message.media_url}", dim=True)
        click.echo(message.text)
        click.echo()


COMMANDS = (say, chat)
