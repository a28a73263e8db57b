"""The console script `salesbot`: Flask's commands and ours."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import FlaskGroup

from salesbot.authoring.commands import COMMANDS
from salesbot.errors import SalesbotError


def _app() -> Flask:
    from salesbot.app import create_app  # noqa: PLC0415 - `salesbot --version` need not load it all

    try:
        return create_app()
    except SalesbotError as exc:
        raise click.ClickException(str(exc)) from exc


@click.group(
    cls=FlaskGroup,
    create_app=_app,
    add_version_option=False,
    help="Sell digital products on WhatsApp. Start with `salesbot serve --demo`.",
)
@click.version_option(package_name="salesbot")
def main() -> None:
    """The group that all commands hang on."""


for command in COMMANDS:
    main.add_command(command)


if __name__ == "__main__":
    main(prog_name="salesbot")
