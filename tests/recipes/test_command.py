"""Adds a command to `salesbot`."""

import click
from flask.cli import AppGroup

from salesbot import hookimpl
from salesbot.models import Order, db

PLUGIN = "numbers"

commands = AppGroup("numbers", help="Numbers for the tax office.")


@commands.command()
@click.argument("currency")
def total(currency):
    """Print what was paid in CURRENCY, in minor units."""
    paid = db.select(db.func.coalesce(db.func.sum(Order.total), 0))
    click.echo(db.session.scalar(paid.where(Order.currency == currency, Order.paid_at.is_not(None))))


@hookimpl
def salesbot_register_commands(cli):
    cli.add_command(commands)


def test_the_command_adds_up(app, customer, catalogue):
    customer.taps(f"buy:{catalogue.file('Book', price=1200).id}")
    customer.pays()
    assert app.test_cli_runner().invoke(args=["numbers", "total", "USD"]).output == "1200\n"
