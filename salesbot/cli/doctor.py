"""`salesbot doctor`: is everything well, and what helps where it is not."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click
from flask.cli import with_appcontext

from salesbot.doctor import BAD, GOOD, NOTE, WARN, Check, examine

_MARKS = {GOOD: "ok", NOTE: "note", WARN: "soon", BAD: "WRONG"}
_COLOURS = {GOOD: "green", NOTE: "cyan", WARN: "yellow", BAD: "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs: a list of what was looked at.")
@with_appcontext
def doctor(as_json: bool) -> None:
    """Look the shop over, and say what helps.

    Asks Twilio, and calls the shop at its own address. The exit status is 1 when something is WRONG,
    else 0.
    """
    found = examine()
    if as_json:
        click.echo(json.dumps([asdict(check) for check in found], indent=2, ensure_ascii=False, default=str))
    else:
        for check in found:
            _show(check)
        click.echo(_summary(found))
    sys.exit(any(check.state == BAD for check in found))


def _show(check: Check) -> None:
    mark = click.style(f"{_MARKS[check.state]:5}", fg=_COLOURS[check.state], bold=check.state != GOOD)
    click.echo(f"{mark}  {check.title}: {check.said}")
    if check.remedy:
        click.echo(f"       → {check.remedy}")


def _summary(found: list[Check]) -> str:
    wrong = sum(check.state == BAD for check in found)
    soon = sum(check.state == WARN for check in found)
    if not wrong and not soon:
        return "\nEverything is well."
    return f"\n{wrong} wrong, {soon} to look at soon."


COMMANDS = (doctor,)
