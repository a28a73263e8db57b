"""What keeps a command from working, in one sentence instead of a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy.exc import DBAPIError, ProgrammingError

from salesbot.errors import SalesbotError

NOT_READY = "the database is not ready; `salesbot serve` or `salesbot db upgrade` brings it to this version"


@contextmanager
def in_plain_words() -> Iterator[None]:
    """Ends the command with the reason when salesbot, the database or the disk refuses."""
    try:
        yield
    except SalesbotError as exc:
        raise click.ClickException(str(exc)) from exc
    except DBAPIError as exc:
        reason = str(exc.orig).partition("\n")[0]
        # SQLite reports a missing table or column as what PostgreSQL does for a server that is away.
        if isinstance(exc, ProgrammingError) or "no such" in reason or "has no column" in reason:
            raise click.ClickException(NOT_READY) from exc
        raise click.ClickException(f"the database does not answer: {reason}") from exc
    except OSError as exc:
        raise click.ClickException(
            f"{exc.filename or 'a file'} can't be used: {exc.strerror or exc}"
        ) from exc
