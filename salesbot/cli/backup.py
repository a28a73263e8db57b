"""The whole shop in one encrypted file, and back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TextIO

import click
from flask import current_app
from flask.cli import with_appcontext

from salesbot import clock, disk
from salesbot.backup import restoring, saving
from salesbot.backup.archive import Manifest
from salesbot.cli.trouble import in_plain_words

PASSPHRASE = "SALESBOT_BACKUP_PASSPHRASE"  # noqa: S105 - a name, not one
SHORTEST = 10

from_file = click.option(
    "--passphrase-file",
    type=click.File(encoding="utf-8"),
    help=f"Where the passphrase stands, in the first line. Else {PASSPHRASE} holds it, or it is asked for.",
)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@from_file
@with_appcontext
def backup(file: Path, passphrase_file: TextIO | None) -> None:
    """Write the whole shop, encrypted, to FILE while it runs.

    FILE may be a folder: then the file in it is named by the moment.
    """
    if file.is_dir():
        file /= f"salesbot-{clock.now():%Y-%m-%d-%H%M%S}.age"
    passphrase = _given(passphrase_file)
    if passphrase is None:
        click.echo(
            "Choose a passphrase, and keep it apart from the backup: without it nobody opens the file."
        )
        passphrase = click.prompt("Passphrase", hide_input=True, confirmation_prompt="The same again")
    if len(passphrase) < SHORTEST:
        raise click.ClickException(f"The passphrase needs at least {SHORTEST} characters.")
    with in_plain_words(), saving.snapshot() as connection:
        saved = saving.save(connection, file, passphrase, click.echo)
    click.echo(
        f"Done: {saved.path} holds {sum(saved.tables.values()):,} rows, {saved.files:,} uploaded files and "
        f"the secrets of the shop, in {disk.size_in_words(saved.size)}."
    )
    for table, why in saved.left_out.items():
        click.secho(f"LEFT OUT: {table}, because {why}.", fg="yellow")
    if saved.unknown:
        click.echo(
            f"Tables that no plugin here knows are in it too: {', '.join(saved.unknown)}. To restore them, "
            "their plugin must be installed."
        )


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@from_file
@click.option("--without", multiple=True, metavar="TABLE", help="Leave out a table of a missing plugin.")
@with_appcontext
def restore(file: Path, passphrase_file: TextIO | None, without: tuple[str, ...]) -> None:
    """Fill an empty shop from a backup: on this machine or another, on SQLite or PostgreSQL.

    Nothing is overwritten: a shop that holds anything is refused.
    """
    passphrase = _given(passphrase_file)
    if passphrase is None:
        passphrase = click.prompt("Passphrase of the backup", hide_input=True)
    with in_plain_words():
        click.echo(f"Checking {file} …")
        opened, contents = restoring.look_into(file, passphrase, without)
        click.echo(_about(contents.manifest))
        click.echo(f"Restoring into {current_app.instance_path} …")
        restored = restoring.restore(opened, contents, without=without, tell=click.echo)
    click.echo(
        f"Done: {sum(restored.tables.values()):,} rows and {restored.uploads:,} uploaded files are here, and "
        "are what they were."
    )
    for note in restored.notes:
        click.echo(note)
    for table in without:
        click.secho(f"LEFT OUT, as you said: {table}.", fg="yellow")
    click.echo(
        "What happened after that moment is not in it: keys that were sold since then are in stock here, and "
        "would be sold twice.\n"
        "Settings of the environment, such as TWILIO_AUTH_TOKEN, are not in a backup: set them here too.\n"
        "Two shops must not answer one number: see that the old one is stopped, then `salesbot serve`."
    )


def _given(passphrase_file: TextIO | None) -> str | None:
    """The passphrase where nobody can be asked; never a word of the command, which others could see."""
    if passphrase_file is not None:
        return passphrase_file.readline().rstrip("\r\n")
    return os.environ.get(PASSPHRASE)


def _about(manifest: Manifest) -> str:
    return (
        f"The file is whole: “{manifest.shop}” as it was on {manifest.made_at[:16].replace('T', ' ')} UTC, "
        f"from {manifest.database}, made by salesbot {manifest.salesbot}."
    )


COMMANDS = (backup, restore)
