"""`salesbot tunnel`: an address with https for a shop on somebody's own computer, as long as it runs."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import click
from flask import current_app
from flask.cli import with_appcontext

from salesbot.cli.ready import on_the_database
from salesbot.database import reading, transaction
from salesbot.doctor.whatsapp import message_address, status_address
from salesbot.extensions import db
from salesbot.services import shop


@dataclass(frozen=True)
class Program:
    """A tunnel program: how it is started for `{here}`, and how the address looks that it prints."""

    command: tuple[str, ...]
    address: str
    home: str


PROGRAMS = {
    "cloudflared": Program(
        ("cloudflared", "tunnel", "--no-autoupdate", "--url", "{here}"),
        r"https://[a-z0-9-]+\.trycloudflare\.com",
        "https://developers.cloudflare.com/cloudflare-one/connections/connect-networks/downloads/",
    ),
    "ngrok": Program(
        ("ngrok", "http", "{here}", "--log", "stdout", "--log-format", "logfmt"),
        r"(?<=\burl=)https://[^\s\"]+",
        "https://ngrok.com/download",
    ),
}
_ANY = r"https://[^\s\"'|]+"


@click.command()
@click.argument("program", required=False)
@click.argument("arguments", nargs=-1)
@click.option("--port", type=click.IntRange(1, 65535), help="Where the shop listens (default: 5000).")
@with_appcontext
def tunnel(program: str | None, arguments: Sequence[str], port: int | None) -> None:
    """Give a shop on this computer an address with https while this runs.

    PROGRAM is cloudflared or ngrok; without it the first one that is installed. Any other program
    goes with all its ARGUMENTS behind “--”; the first address with https that it prints is taken.

    The shop must run beside it. The address counts at once, and the one before comes back at the end.
    """
    here = f"http://127.0.0.1:{port or current_app.config['PORT']}"
    command, pattern = _chosen(program, arguments, here)
    if "PUBLIC_URL" in current_app.config["FIXED"]:
        raise click.ClickException("PUBLIC_URL is set in the environment, and wins. Take it away first.")
    with on_the_database(), _running(command) as child:
        address = _first_address(child, pattern)
        if address is None:
            raise click.ClickException(f"{command[0]} ended before it gave an address; see what it printed.")
        with _known_as(address):
            _greet(address)
            _follow(child)


def _chosen(program: str | None, arguments: Sequence[str], here: str) -> tuple[list[str], str]:
    """The command to start, and the pattern of the address in what it prints."""
    if program is None:
        program = next((name for name in PROGRAMS if shutil.which(name)), None)
    if program is None:
        homes = "\n".join(f"  {name:12} {known.home}" for name, known in PROGRAMS.items())
        raise click.ClickException(f"No tunnel program is installed. Install one of these:\n{homes}")
    if shutil.which(program) is None:
        where = f": {PROGRAMS[program].home}" if program in PROGRAMS else "."
        raise click.ClickException(f"{program} is not installed{where}")
    known = PROGRAMS.get(program)
    if known is None or arguments:
        return [program, *arguments], known.address if known else _ANY
    return [part.format(here=here) for part in known.command], known.address


@contextmanager
def _running(command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    # A group of its own: Ctrl+C reaches us, and we end it after the address is put back.
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdout is not None:
            child.stdout.close()


def _first_address(child: subprocess.Popen[str], pattern: str) -> str | None:
    for line in child.stdout or ():
        found = re.search(pattern, line)
        if found:
            return found[0].rstrip("/")
        click.echo(f"  {line.rstrip()}", err=True)
    return None


@contextmanager
def _known_as(address: str) -> Iterator[None]:
    """The shop has this address inside, on every process."""
    with reading():
        before = shop.state().texts.get("PUBLIC_URL", "")
        db.session.rollback()
    with transaction():
        shop.save("PUBLIC_URL", address)
    try:
        yield
    finally:
        with transaction():
            shop.save("PUBLIC_URL", before)
        click.echo("\n  The tunnel is closed.")


def _greet(address: str) -> None:
    with reading():
        messages, receipts = message_address(), status_address()
        db.session.rollback()
    lines = [
        "",
        f"  The world sees your shop at  {address}",
        "",
        "  At Twilio, in the sandbox's settings or those of your number, with POST:",
        f"  When a message comes in      {messages}",
        f"  Status callback              {receipts}",
        "",
        f"  All steps, and a check       {address}/admin/whatsapp/",
        "",
        "  Stop it with Ctrl+C.",
        "",
    ]
    click.echo("\n".join(lines))


def _follow(child: subprocess.Popen[str]) -> None:
    """Waits until the tunnel ends or somebody stops it; what it prints is read, so that it never waits."""
    try:
        for _line in child.stdout or ():
            pass
        child.wait()
    except KeyboardInterrupt:
        pass


COMMANDS = (tunnel,)
