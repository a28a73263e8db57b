"""Customers who ask what is known about them, or want to be forgotten."""

from __future__ import annotations

import json

import click
from flask.cli import AppGroup

from salesbot import people
from salesbot.cli.trouble import in_plain_words
from salesbot.database import db, transaction
from salesbot.models import AuditEntry

customer = AppGroup("customer", help="What is stored about a customer.")


@customer.command()
@click.argument("who")
def export(who: str) -> None:
    """Print all that is stored about WHO, a customer's number or address, as JSON; plugins' part too."""
    with in_plain_words():
        try:
            found = people.export(people.find(who))
        finally:
            db.session.rollback()
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))


@customer.command()
@click.argument("who")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(who: str, *, yes: bool) -> None:
    """Forget WHO, a customer's number or address: names, addresses, messages, what plugins know."""
    if not yes:
        click.confirm(
            "What they wrote can't be brought back. Orders stay, without a name. Go on?", abort=True
        )
    with in_plain_words(), transaction():
        customer = people.find(who)
        people.erase(customer)
        db.session.add(
            AuditEntry(who="salesbot customer erase", what="erased", model="customer", row=str(customer.id))
        )
    click.echo("Forgotten.")


COMMANDS = (customer,)
