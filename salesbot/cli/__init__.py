"""The commands of `salesbot`, one module for each thing that people do in a terminal."""

from __future__ import annotations

from flask import Flask

from salesbot.authoring import commands as authoring
from salesbot.cli import backup, doctor, importing, keyring, people, serving, shop, talking, tunnel


def register(app: Flask) -> None:
    """Adds every command."""
    for module in (
        *(serving, doctor, tunnel, talking, shop, people, importing),
        *(keyring, backup, authoring),
    ):
        for command in module.COMMANDS:
            app.cli.add_command(command)
