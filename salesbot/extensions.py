"""The Flask extensions, made once here and bound to an app in `salesbot.app`."""

from __future__ import annotations

from flask_babel import Babel
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf import CSRFProtect

from salesbot.database import db, in_transaction, reading, transaction, vault

migrate = Migrate()
babel = Babel()
login_manager = LoginManager()
csrf = CSRFProtect()

__all__ = [
    "babel",
    "csrf",
    "db",
    "in_transaction",
    "login_manager",
    "migrate",
    "reading",
    "transaction",
    "vault",
]
