"""Who is measured: salesbot, the same done by hand, and a route that only checks the signature."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask, Response, abort, request
from flask_migrate import upgrade
from sqlalchemy import Engine, create_engine
from twilio.request_validator import RequestValidator

from benchmarks import by_hand
from benchmarks.twilio_posts import PATH, PUBLIC_URL, SETTINGS, TOKEN, answer, post
from salesbot import demo, sqlite_queue
from salesbot.app import create_app
from salesbot.database import db, engine_options, transaction
from salesbot.migrations.support import FOLDER

SALESBOT, BY_HAND, BARE = "salesbot", "by hand", "bare route"

MakeUrl = Callable[[Path], str]


@dataclass
class Contestant:
    """One app with the engine that it writes through; the bare route has none."""

    name: str
    app: Flask
    engine: Engine | None = None


def bare_app() -> Flask:
    """One route that checks the signature and says nothing."""
    made = Flask("bare")
    validator = RequestValidator(TOKEN)

    @made.post(PATH)
    def message() -> Response:
        signature = request.headers.get("X-Twilio-Signature", "")
        if not validator.validate(PUBLIC_URL + PATH, request.form, signature):
            abort(403)
        return Response("<Response/>", mimetype="text/xml")

    return made


def by_hand_app(url: str) -> tuple[Flask, Engine]:
    """The handler written by hand, with an engine that is set up as salesbot's is."""
    engine = create_engine(url, **engine_options(url))
    if engine.dialect.name == "sqlite":
        sqlite_queue.install(engine)
    return by_hand.app(engine), engine


def salesbot_app(
    url: str, instance: Path, plugins: Iterable[tuple[str, object]] = ()
) -> tuple[Flask, Engine]:
    """The real app with its built-in plugins and back office; it logs as always, but not onto this terminal."""
    settings = {**SETTINGS, "DATABASE_URL": url, "ENTRY_POINTS": False}
    with redirect_stderr(io.StringIO()):
        app = create_app(settings, instance_path=instance, plugins=plugins)
    with app.app_context():
        return app, db.engine


def fill(url: str, instance: Path, customers: int) -> None:
    """Makes the tables and the demo shop, in which each customer has written once."""
    app, engine = salesbot_app(url, instance)
    with app.app_context():
        upgrade(directory=str(FOLDER))
        with transaction():
            demo.load_demo()
        db.session.remove()
    for customer in range(customers):
        answer(app, post("hi", customer).environ())
    engine.dispose()


@contextmanager
def contestants(make_url: MakeUrl, customers: int) -> Iterator[list[Contestant]]:
    """All three; the first two have a database each, made by `make_url(folder)` and filled alike."""
    with TemporaryDirectory() as folder:
        ours, theirs = Path(folder, "salesbot"), Path(folder, "by_hand")
        urls = make_url(ours), make_url(theirs)
        for url, instance in zip(urls, (ours, theirs), strict=True):
            fill(url, instance, customers)
        racers = [
            Contestant(SALESBOT, *salesbot_app(urls[0], ours)),
            Contestant(BY_HAND, *by_hand_app(urls[1])),
            Contestant(BARE, bare_app()),
        ]
        try:
            yield racers
        finally:
            for racer in racers:
                if racer.engine is not None:
                    racer.engine.dispose()


def sqlite_url(folder: Path) -> str:
    """A new database in this folder."""
    folder.mkdir(exist_ok=True)
    return f"sqlite:///{folder / 'salesbot.db'}"
