"""A shop with an owner, and people who sit in front of its back office."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from werkzeug.security import generate_password_hash
from werkzeug.test import TestResponse

from salesbot import clock
from salesbot.extensions import db, transaction
from salesbot.models import StaffUser
from tests.support.browser import DESK, PHONE, watched_page
from tests.support.servers import serving

SIZES = {"desk": DESK, "phone": PHONE}
PASSWORD = "a long enough password"
QUICK_HASH = generate_password_hash(PASSWORD, "pbkdf2:sha256:1")
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@pytest.fixture(scope="session")
def compiled(tmp_path_factory) -> FileSystemBytecodeCache:
    """Templates compiled once for all the apps of this run."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def salesbot_config() -> dict[str, Any]:
    """The built-in plugins, and the back office, on http://localhost."""
    return {"ENTRY_POINTS": False, "BACK_OFFICE": True, "PUBLIC_URL": "", "LOG_LEVEL": "ERROR"}


@pytest.fixture
def app(salesbot_apps, compiled) -> Iterator[Flask]:
    """A fresh shop whose owner is olga@example.com."""
    app = salesbot_apps()
    app.jinja_env.bytecode_cache = compiled
    with app.app_context(), transaction():
        hire("olga@example.com", "owner")
    yield app
    clock.reset()


def hire(email: str, role: str) -> None:
    """An account whose password is `PASSWORD`, kept in a way that is quick to check."""
    name = email.partition("@")[0].title()
    db.session.add(StaffUser(email=email, name=name, role=role, password_hash=QUICK_HASH))


@pytest.fixture
def rows(app) -> Callable[[], AbstractContextManager[None]]:
    """What opens a block that makes rows, and commits them at its end."""

    @contextmanager
    def making() -> Iterator[None]:
        with app.app_context(), transaction():
            yield

    return making


class Person:
    """Somebody with a browser: keeps cookies, sends the token of the page they saw last."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.token = ""

    def get(self, address: str, **options: Any) -> TestResponse:
        answer = self.client.get(address, **options)
        if found := TOKEN.search(answer.text if answer.mimetype == "text/html" else ""):
            self.token = found[1]
        return answer

    def post(self, address: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        answer = self.client.post(address, data={"csrf_token": self.token, **(data or {})}, **options)
        if answer.mimetype == "text/html" and (found := TOKEN.search(answer.text)):
            self.token = found[1]
        return answer

    def signs_in(self, email: str = "olga@example.com", password: str = PASSWORD) -> TestResponse:
        self.get("/admin/login")
        answer = self.post("/admin/login", {"email": email, "password": password})
        if answer.status_code == 302:
            self.get("/admin/")
        return answer


@pytest.fixture
def stranger(app) -> Person:
    """Somebody who is not signed in."""
    return Person(app.test_client())


@pytest.fixture
def owner(app) -> Person:
    """Olga, signed in."""
    person = Person(app.test_client())
    person.signs_in()
    return person


@pytest.fixture
def somebody(app, rows) -> Callable[[str], Person]:
    """`somebody("viewer")` is a signed-in person with that role."""

    def make(role: str) -> Person:
        with rows():
            hire(f"{role}@example.com", role)
        person = Person(app.test_client())
        assert person.signs_in(f"{role}@example.com").status_code == 302
        return person

    return make


@pytest.fixture
def address(app) -> Iterator[str]:
    """Where the back office is open."""
    with serving(app) as address:
        yield address


@pytest.fixture
def desk(browser, address, request) -> Iterator[Any]:
    """Olga's page, signed in; at a desk unless the test asks for a phone."""
    with watched_page(browser, viewport=SIZES[getattr(request, "param", "desk")]) as page:
        page.goto(f"{address}/admin/")
        page.get_by_label("E-mail").fill("olga@example.com")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="What needs you now").wait_for()
        page.wait_for_load_state("load")
        yield page
