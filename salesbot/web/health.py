"""Whether this process lives, and whether it can serve."""

from __future__ import annotations

import logging

from alembic.runtime.migration import MigrationContext
from flask import Blueprint, Response, jsonify
from sqlalchemy.exc import SQLAlchemyError

from salesbot.errors import SalesbotError
from salesbot.extensions import db
from salesbot.migrations.support import newest

log = logging.getLogger(__name__)

blueprint = Blueprint("health", __name__, url_prefix="/health")


@blueprint.get("/live")
def live() -> Response:
    """200 while the process answers at all."""
    return jsonify(status="live")


@blueprint.get("/ready")
def ready() -> tuple[Response, int]:
    """200 when the database answers and is at this program's version, else 503 with the reason."""
    try:
        present = MigrationContext.configure(db.session.connection()).get_current_revision()
    except (SQLAlchemyError, SalesbotError) as exc:
        log.error("not ready: the database does not answer (%s)", type(exc).__name__)  # noqa: TRY400
        return jsonify(status="not ready", database="does not answer"), 503
    if present != newest():
        return jsonify(status="not ready", database="needs `salesbot db upgrade`"), 503
    return jsonify(status="ready", database="ok"), 200
