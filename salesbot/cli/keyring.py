"""Changing the keys that the shop's secrets are encrypted with."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from salesbot import disk
from salesbot.cli.trouble import in_plain_words
from salesbot.database import in_transaction, vault
from salesbot.errors import SalesbotError
from salesbot.services import keyring as service
from salesbot.services import rotation
from salesbot.vault import DROPPED, name_of, new_key, words_of

keyring = AppGroup("keyring", help="The keys that licence keys and secrets are encrypted with.")

BY_HAND = """The keyring is set by SALESBOT_KEYRING or config.py, so you change it there yourself, in
this order:

1. Everywhere, set it to the line below, and restart every web server and worker. Now all of them
   can read what the new key writes.

   {keys} {fresh}

2. Everywhere, set it to the line below, and restart them again. Now the new key writes.

   {fresh} {keys}

3. Run `salesbot keyring rotate` again: it encrypts everything with the new key."""


@keyring.command()
def status() -> None:
    """Say which keys there are, and how much is encrypted with each."""
    with in_plain_words():
        in_transaction(service.check)
        *counts, unreadable = rotation.counts()
    click.echo(f"The keyring is {vault.file or 'set by SALESBOT_KEYRING or config.py'}.")
    for place, (key, count) in enumerate(zip(vault.keyring.keys, counts, strict=True)):
        role = "writes and reads" if place == 0 else "only reads"
        click.echo(f"  key {name_of(key)}  {role:16}  {count} values")
    if unreadable:
        click.echo(f"  {unreadable} values can't be read with any of them")


@keyring.command()
def rotate() -> None:
    """Make a new key and encrypt everything with it, while the shop runs."""
    with in_plain_words(), _alone():
        in_transaction(service.ensure)
        behind = sum(rotation.counts()[1:-1])
        if behind:
            click.echo("A rotation has begun before; it is brought to its end.")
        elif vault.file is None:
            if len(vault.keyring.keys) > 1:
                click.echo("Everything is encrypted with the first key. After step 1, step 2 is next.\n")
            click.echo(BY_HAND.format(keys=" ".join(vault.keyring.words), fresh=new_key()))
            return
        else:
            _put_first(vault.file, new_key())
        _renew()
    click.echo(
        "Everything is encrypted with the new key. The old one stays in the keyring: links that "
        "customers hold were signed with it and go on working.\n"
        "Make a backup now: older ones hold the old key alone."
    )


@keyring.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def drop(*, yes: bool) -> None:
    """Take the old keys out of the keyring, when nothing is encrypted with them any more."""
    with in_plain_words(), _alone():
        old = vault.keyring.keys[1:]
        if not old:
            click.echo("There is one key, and it is in use. Nothing to drop.")
            return
        if not yes:
            click.confirm(
                "Pay and download links that customers got before the last rotation stop working. "
                "Whoever writes “my orders” in the chat gets new ones. Go on?",
                abort=True,
            )
        in_transaction(service.ensure)
        _renew()
        kept = [vault.keyring.keys[0], *(DROPPED + name_of(key) for key in old)]
        if vault.file is None:
            click.echo(f"Nothing needs the old keys. Set the keyring to this:\n\n   {kept[0]}\n")
            return
        kept += [word for word in vault.keyring.words if word.startswith(DROPPED)]
        _write(vault.file, kept)
    click.echo(f"Dropped: {len(old)}. A backup that was made before still needs and holds them.")


def _put_first(file: Path, fresh: str) -> None:
    _write(file, [fresh, *vault.keyring.words])
    click.echo(f"The new key {name_of(fresh)} is in {file}, and every process of the shop uses it at once.")


def _write(file: Path, words: list[str]) -> None:
    disk.write_whole(file, "\n".join(words) + "\n")
    if vault.keyring.words != words_of("\n".join(words)):
        raise SalesbotError(f"{file} was written but can't be read again.")


def _renew() -> None:
    """Encrypts everything with the first key; ClickException when something is left."""
    with click.progressbar(length=rotation.size(), label="Encrypting") as bar:
        done = rotation.renew(bar.update)
    click.echo(f"{done.renewed} values were encrypted anew.")
    problems = [f"{row}: no key of the keyring reads it" for row in done.unreadable]
    problems += [f"{row}: the same key is in stock twice; delete one of them" for row in done.doubled]
    if done.left:
        problems.append(f"{done.left} values are being changed by somebody else")
    if problems:
        shown = "\n".join(problems[:20])
        raise click.ClickException(
            f"Not everything could be encrypted with the first key, so all keys stay:\n{shown}\n"
            "When that is put right, run the same command again."
        )


@contextmanager
def _alone() -> Iterator[None]:
    """Two rotations at once would each make a key."""
    path = Path(current_app.instance_path) / "keyring.lock"
    handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as exc:
        raise click.ClickException("Somebody else is changing the keyring at this moment.") from exc
    finally:
        os.close(handle)


COMMANDS = (keyring,)
