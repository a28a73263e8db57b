"""Whether this process lives, and whether it can serve."""

from __future__ import annotations

import logging

from alembic.runtime.migration import MigrationContext
from flask import Blueprint, Response, jsonify
from sqlalchemy.exc import SQLAlchemyError

from salesbot.errors import KeyringError, SalesbotError
from salesbot.extensions import db
from salesbot.migrations.support import newest
from salesbot.services import keyring

log = logging.getLogger(__name__)

WRONG_KEYS = "does not fit this database: put back the shop's own, instance/keyring in its backup"

blueprint = Blueprint("health", __name__, url_prefix="/health")


@blueprint.get("/live")
def live() -> Response:
    """200 while the process answers at all."""
    return jsonify(status="live")


@blueprint.get("/ready")
def ready() -> tuple[Response, int]:
    """200 when the database answers, is at this program's version and can be read, else 503 and why."""
    try:
        present = MigrationContext.configure(db.session.connection()).get_current_revision()
        if present == newest():
            keyring.check()
    except KeyringError as exc:
        log.error("not ready: %s", exc)  # noqa: TRY400 - there is nothing to trace
        return jsonify(status="not ready", database="ok", keyring=WRONG_KEYS), 503
    except (SQLAlchemyError, SalesbotError) as exc:
        log.error("not ready: the database does not answer (%s)", type(exc).__name__)  # noqa: TRY400
        return jsonify(status="not ready", database="does not answer"), 503
    if present != newest():
        return jsonify(status="not ready", database="needs `salesbot db upgrade`"), 503
    return jsonify(status="ready", database="ok"), 200
