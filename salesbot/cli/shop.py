"""Looking after the shop in the terminal: the demo, plugins, staff."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import DBAPIError

from salesbot import demo as demo_shop
from salesbot import plugin_manager
from salesbot.cli import talking
from salesbot.cli.ready import on_the_database
from salesbot.database import transaction
from salesbot.models.staff import ROLES
from salesbot.plugin_loading import BUILT_IN, GROUP, Plugin
from salesbot.services import shop
from salesbot.services import staff as accounts


@click.command()
@with_appcontext
def demo() -> None:
    """Load the demo shop into an empty shop."""
    with on_the_database(), transaction():
        loaded = demo_shop.load_demo()
    click.echo(str(loaded))


@click.command()
@click.option("--trace", metavar="TEXT", help="Say TEXT as a customer, and show which plugins are asked.")
@with_appcontext
def plugins(trace: str | None) -> None:
    """List every plugin: what it does, or why it was left out."""
    if trace is not None:
        with on_the_database():
            talking.say_once(trace, trace=True)
        return
    off = _switched_off()
    lines = [_line(plugin, off) for plugin in plugin_manager.current().all]
    lines += [_left_out_line(name) for name in current_app.config["DISABLED_PLUGINS"]]
    click.echo("\n".join(sorted(lines)))
    if current_app.config["SAFE_MODE"]:
        click.echo("Safe mode is on: only the built-in plugins are loaded.", err=True)


def _switched_off() -> Mapping[str, str]:
    """Plugins that are off, with the reason; an author may look before there is a database."""
    try:
        return shop.state().switched_off
    except DBAPIError:
        return {}


def _line(plugin: Plugin, off: Mapping[str, str]) -> str:
    if plugin.problem:
        state = f"left out: {plugin.problem}"
    elif plugin.name in off:
        state = f"switched off: {off[plugin.name] or 'by staff'}"
    else:
        state = "; ".join([f"on: {plugin.title or 'no description'}", *plugin.warnings])
    source = "built in" if plugin.built_in else plugin.version or "installed"
    return f"{plugin.name:20} {source:10} {' '.join(state.split())}"


def _left_out_line(name: str) -> str:
    source = "built in" if name in BUILT_IN else "installed"
    if name not in {*BUILT_IN, *entry_points(group=GROUP).names}:
        return f"{name:20} {'':10} there is no such plugin; SALESBOT_DISABLED_PLUGINS names it"
    return f"{name:20} {source:10} left out by SALESBOT_DISABLED_PLUGINS"


staff = AppGroup("staff", help="Accounts of the back office.")


@staff.command()
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), default="owner", show_default=True)
@click.option("--name", default="", help="The name that colleagues see.")
@click.password_option(help="At least 10 characters; asked for when not given.")
def add(email: str, role: str, name: str, password: str) -> None:
    """Make an account for EMAIL."""
    with on_the_database(), transaction():
        user = accounts.add(email, password, role=role, name=name)
        address = user.email
    click.echo(f"{address} can sign in at /admin/ as {role}.")


COMMANDS = (demo, plugins, staff)
