"""Bringing things into the shop from files."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select

from salesbot.database import db, transaction
from salesbot.models import Product
from salesbot.services import key_import, stock
from salesbot.services.key_import import Line

MOST_SHOWN = 20
FOR_OTHERS = 0.01
"""Seconds between two transactions in which customers get their turn, however many keys there are."""

importing = AppGroup("import", help="Bring things into the shop from files.")


@importing.command()
@click.argument("product")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@with_appcontext
def keys(product: str, file: Path, dry_run: bool) -> None:
    """Put licence keys in stock: PRODUCT is a title or number, FILE a list or CSV with a column "key"."""
    product_id = _product(product)
    try:
        found = key_import.look_over(product_id, file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as exc:
        raise click.ClickException(f"{file} is no UTF-8 text") from exc
    db.session.rollback()
    _tell("broken", found.broken)
    _tell("twice in the file", found.repeated)
    _tell("in stock or sold already", found.known)
    click.echo(f"{len(found.new)} new keys.")
    if dry_run or not found.new:
        return
    added = 0
    with click.progressbar(length=len(found.new), label="Adding") as bar:
        for batch in stock.batches(found.secrets):
            with transaction():
                added += stock.add_keys(product_id, batch, bar.update).added
            time.sleep(FOR_OTHERS)
    click.echo(f"{added} keys are in stock now.")


def _product(words: str) -> int:
    by_number = Product.id == int(words) if words.isdecimal() else None
    product = db.session.scalar(
        select(Product).where(by_number if by_number is not None else Product.title == words)
    )
    if product is None:
        raise click.ClickException(f"there is no product {words!r}")
    if product.kind != "key":
        raise click.ClickException(f"{product.title} is sold as {product.kind!r}, not with keys")
    return product.id


def _tell(what: str, lines: Sequence[Line]) -> None:
    if not lines:
        return
    click.echo(f"{len(lines)} {what}:")
    for line in lines[:MOST_SHOWN]:
        click.echo(f"  line {line.number}: {line.why or stock.hint(line.text)}")
    if len(lines) > MOST_SHOWN:
        click.echo(f"  and {len(lines) - MOST_SHOWN} more")


COMMANDS = (importing,)
