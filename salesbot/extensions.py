"""The Flask extensions, made once here and bound to an app in `salesbot.app`."""

from __future__ import annotations

from flask import request
from flask_babel import Babel
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf import CSRFProtect

from salesbot.database import db, in_transaction, reading, transaction, vault

migrate = Migrate()
babel = Babel()
login_manager = LoginManager()
csrf = CSRFProtect()
limiter = Limiter(key_func=get_remote_address)


@limiter.request_filter
def _is_message() -> bool:
    """Messages have no limit, and looking whether they have one took long."""
    return request.blueprint == "chatbot"


__all__ = [
    "babel",
    "csrf",
    "db",
    "in_transaction",
    "limiter",
    "login_manager",
    "migrate",
    "reading",
    "transaction",
    "vault",
]
