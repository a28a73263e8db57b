"""Somebody in front of the back office."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.security import generate_password_hash
from werkzeug.test import TestResponse

from salesbot.database import db, transaction
from salesbot.models import StaffUser

PASSWORD = "a long enough password"  # noqa: S105 - of people that live as long as one test
_QUICK_HASH = generate_password_hash(PASSWORD, "pbkdf2:sha256:1")
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Person:
    """Keeps cookies, and sends the token of the page that they saw last."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.token = ""

    def get(self, address: str, **options: Any) -> TestResponse:
        """Looks at a page."""
        return self._seen(self.client.get(address, **options))

    def post(self, address: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        """Sends a form."""
        return self._seen(
            self.client.post(address, data={"csrf_token": self.token, **(data or {})}, **options)
        )

    def signs_in(self, email: str, password: str = PASSWORD) -> TestResponse:
        """Types address and password."""
        self.get("/admin/login")
        answer = self.post("/admin/login", {"email": email, "password": password})
        if answer.status_code == 302:
            self.get("/admin/")
        return answer

    def _seen(self, answer: TestResponse) -> TestResponse:
        found = _TOKEN.search(answer.text) if answer.mimetype == "text/html" else None
        self.token = found[1] if found else self.token
        return answer


def hire(email: str, role: str) -> None:
    """An account whose password is `PASSWORD`, kept in a way that is quick to check. Flush only."""
    name = email.partition("@")[0].title()
    db.session.add(StaffUser(email=email, name=name, role=role, password_hash=_QUICK_HASH))
    db.session.flush()


def person(app: Flask, role: str | None) -> Person:
    """Somebody with this role, signed in; with None somebody whom the shop does not know."""
    client = app.test_client()
    client.environ_base["wsgi.url_scheme"] = app.config["PUBLIC_URL"].partition(":")[0] or "http"
    somebody = Person(client)
    if role is not None:
        email = f"{role}@example.com"
        with app.app_context():
            known = db.session.query(StaffUser.id).filter_by(email=email).first() is not None
            db.session.rollback()
            if not known:
                with transaction():
                    hire(email, role)
        assert somebody.signs_in(email).status_code == 302, f"{role} can't sign in"
    return somebody
