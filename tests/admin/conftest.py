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
from sqlalchemy import Select
from werkzeug.test import TestResponse

from salesbot import clock
from salesbot.app import create_app
from salesbot.extensions import db, limiter, transaction
from salesbot.services import staff

PASSWORD = "a long enough password"
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@pytest.fixture(scope="session")
def compiled(tmp_path_factory) -> FileSystemBytecodeCache:
    """Templates compiled once for all the apps of this run."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(tmp_path, compiled) -> Iterator[Flask]:
    """A fresh shop on SQLite whose owner is olga@example.com."""
    app = create_app({"ENTRY_POINTS": False, "LOG_LEVEL": "ERROR"}, instance_path=tmp_path)
    app.jinja_env.bytecode_cache = compiled
    with app.app_context():
        db.create_all()
        with transaction():
            staff.add("olga@example.com", PASSWORD, role="owner", name="Olga")
    yield app
    clock.reset()
    with app.app_context():
        limiter.reset()
        db.engine.dispose()


@pytest.fixture
def rows(app) -> Callable[[], AbstractContextManager[None]]:
    """What opens a block that makes rows, and commits them at its end."""

    @contextmanager
    def making() -> Iterator[None]:
        with app.app_context(), transaction():
            yield

    return making


@pytest.fixture
def stored(app) -> Callable[[Select[Any]], list[Any]]:
    """What a statement finds, read through a session of its own."""

    def read(statement: Select[Any]) -> list[Any]:
        with app.app_context():
            found = list(db.session.scalars(statement))
            db.session.expunge_all()
            return found

    return read


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
            staff.add(f"{role}@example.com", PASSWORD, role=role, name=role.title())
        person = Person(app.test_client())
        assert person.signs_in(f"{role}@example.com").status_code == 302
        return person

    return make
