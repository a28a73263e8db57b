"""Nothing is served, and so nothing sold, with a keyring that does not fit the database."""

from __future__ import annotations

import logging

from flask import Flask, abort, current_app, request
from sqlalchemy.exc import SQLAlchemyError

from salesbot.errors import KeyringError
from salesbot.extensions import db, reading
from salesbot.services import keyring
from salesbot.web import health

log = logging.getLogger(__name__)

FITS = "salesbot.keyring_fits"


def init(app: Flask) -> None:
    """Has every process look once, before its first page; `serve` and the worker look at their start."""
    app.before_request(_look)


def _look() -> None:
    if current_app.extensions.get(FITS) or request.blueprint == health.blueprint.name:
        return
    try:
        with reading(), db.engine.connect() as connection:
            keyring.check(connection)
    except KeyringError as exc:
        log.error("the shop stays closed: %s", exc)  # noqa: TRY400 - there is nothing to trace
        abort(503, "This shop is closed for a moment. Please come back later.")
    except SQLAlchemyError:
        return  # the page itself says what it can do without the database
    current_app.extensions[FITS] = True
