"""The commands for whoever writes a plugin; they need no shop, and start quickly."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask.cli import with_appcontext

from salesbot.authoring import scaffold
from salesbot.errors import PluginProblem


@click.command("new-plugin")
@click.argument("name")
@click.option(
    "--with",
    "parts",
    multiple=True,
    type=click.Choice(scaffold.PARTS),
    help="What it brings besides a menu line and an answer; may be given several times.",
)
@click.option("--folder", type=click.Path(path_type=Path), help="Where to; by default ./salesbot-NAME.")
def new_plugin(name: str, parts: tuple[str, ...], folder: Path | None) -> None:
    """Write a new plugin called NAME: code, metadata, README, tests that pass, and a file for CI."""
    try:
        called = scaffold.names(name)
        home = folder or Path(called.distribution)
        files = scaffold.write(called, parts, home)
    except PluginProblem as exc:
        raise click.ClickException(str(exc)) from exc
    except OSError as exc:
        raise click.ClickException(f"{exc.filename} can't be written: {exc.strerror}") from exc
    for file in files:
        click.echo(f"  {file}")
    program = Path(sys.executable).parent
    words = called.dashed.replace("-", " ")
    click.echo(
        f"\nIts tests pass as it stands:\n\n    {program}/pytest {home}\n\n"
        "To have it in your shop, install it and talk to it:\n\n"
        f"    {program}/pip install -e {home}\n"
        f'    {program}/salesbot say "{words}"\n'
    )


@click.command("new-migration")
@click.argument("plugin")
@click.argument("words")
@with_appcontext
def new_migration(plugin: str, words: str) -> None:
    """Write the next migration of an installed PLUGIN from its models; WORDS say what changes."""
    from salesbot.authoring import migrations  # noqa: PLC0415 - it needs the database, others don't

    try:
        file = migrations.write(plugin, words)
    except PluginProblem as exc:
        raise click.ClickException(str(exc)) from exc
    if file is None:
        click.echo("The models and the tables say the same. Nothing to write.")
        return
    click.echo(f"  {file}\n\nRead it over. `salesbot db upgrade` carries it out.")


@click.command("check-plugin")
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--postgresql", metavar="URL", help="An empty database to try its migrations on, besides SQLite."
)
@click.option("--no-tests", is_flag=True, help="Leave its own tests out.")
def check_plugin(path: Path, postgresql: str | None, no_tests: bool) -> None:
    """Look a plugin over before it is published: PATH is the folder with its metadata."""
    from salesbot.authoring import checks, project  # noqa: PLC0415 - only this command needs them

    try:
        found = project.read(path.resolve())
    except PluginProblem as exc:
        raise click.ClickException(str(exc)) from exc
    failed = 0
    for looked in checks.look_over(found, postgresql, with_tests=not no_tests):
        failed += bool(looked.problems)
        click.secho("✗ " if looked.problems else "✓ ", fg="red" if looked.problems else "green", nl=False)
        click.echo(looked.sentence)
        for line in looked.problems:
            click.echo(f"    {line}")
        for line in looked.notes:
            click.secho(f"    {line}", dim=True)
    if failed:
        raise click.ClickException(f"{failed} of these are not so yet")


COMMANDS = (new_plugin, new_migration, check_plugin)
