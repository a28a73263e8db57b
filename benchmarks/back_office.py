"""The back office of a big shop, page by page, beside stock Flask-Admin on the same rows in the same run.

python -m benchmarks.back_office --messages 1000000 --others 100000
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_babel import Babel
from sqlalchemy import Engine, event, select

from benchmarks import every_page
from benchmarks.big_shop import MESSAGES, OTHERS, fill
from benchmarks.contestants import MakeUrl
from benchmarks.databases import database, line, parser
from salesbot import models
from salesbot.app import create_app
from salesbot.extensions import db, transaction, vault
from salesbot.models import StaffUser
from salesbot.testing import shop

ROUNDS = 3
OWNER, PASSWORD = "o@example.com", "a long password"
GIVE_UP = 20.0
"""A page that took so many seconds once is not asked again."""
PAGES = {
    "first page": ("/admin/", ""),
    "its charts": ("/admin/charts", ""),
    "inbox": ("/admin/conversation/", "/conversation/"),
    "one chat": ("/admin/conversation/details/?id=77", ""),
    "messages": ("/admin/message/", "/message/"),
    "messages, page 20,000": ("/admin/message/?page=20000", "/message/?page=20000"),
    "messages, searched": ("/admin/message/?search=refund", "/message/?search=refund"),
    "messages, searched in vain": ("/admin/message/?search=zebra", "/message/?search=zebra"),
    "messages, by time": ("/admin/message/?sort=4", ""),
    "messages that did not arrive": ("/admin/message/?flt0_0=undelivered", ""),
    "orders": ("/admin/order/", "/order/"),
    "orders, searched by number": ("/admin/order/?search=N1077777", "/order/?search=N1077777"),
    "one order": ("/admin/order/details/?id=77", ""),
    "customers": ("/admin/customer/", "/customer/"),
    "customers, searched": ("/admin/customer/?search=Person 777", "/customer/?search=Person 777"),
    "a customer's form": ("/admin/customer/edit/?id=77", "/customer/edit/?id=77"),
    "payments": ("/admin/payment/", "/payment/"),
    "deliveries": ("/admin/delivery/", "/delivery/"),
    "licence keys": ("/admin/licence_key/", "/licence_key/"),
    "licence keys, unsold": ("/admin/licence_key/?flt0_4=1", ""),
    "products": ("/admin/product/", "/product/"),
    "a product's form": ("/admin/product/edit/?id=7", "/product/edit/?id=7"),
    "audit": ("/admin/audit_entry/", "/audit_entry/"),
    "history of one product": ("/admin/audit_entry/?search=Thing 77", ""),
    "messages as CSV, first byte": ("/admin/message/export/csv/", ""),
    "orders as CSV, first byte": ("/admin/order/export/csv/", "/order/export/csv/"),
    "orders as XLSX, first byte": ("/admin/order/export/xlsx/", ""),
    "inbox, unread": ("/admin/conversation/?show=unread", ""),
    "inbox, searched for a name": ("/admin/conversation/?search=Person 777", ""),
    "inbox, searched for a number": ("/admin/conversation/?search=%2B49 151 10077777", ""),
    "inbox, searched in vain": ("/admin/conversation/?search=zebra", ""),
    "inbox, page 1,000": ("/admin/conversation/?page=1000", ""),
}
"""What is asked of ours and, where it has something like it, of stock Flask-Admin."""


def main() -> None:
    """Prints two tables for each database."""
    options = parser(__doc__ or "")
    options.add_argument("--messages", type=int, default=MESSAGES)
    options.add_argument("--others", type=int, default=OTHERS)
    options.add_argument("--database", help="one that benchmarks.big_shop has filled, in place of new ones")
    options.add_argument("--instance", type=Path, help="the instance folder of that database")
    chosen = options.parse_args()
    if chosen.database:
        ask(chosen.database, chosen.instance)
        return
    for name in chosen.on:
        with database(name) as make_url, TemporaryDirectory() as folder:
            measure(name, make_url, Path(folder), chosen.messages, chosen.others)


def measure(name: str, make_url: MakeUrl, folder: Path, messages: int, others: int) -> None:
    """Fills a database of this kind and asks for every page."""
    url, instance = make_url(folder), folder / "instance"
    shop.migrate(url, instance)
    with _app(url, instance).app_context():
        started = time.perf_counter()
        fill(db.engine, vault.encrypt("AAAA-BBBB-CCCC"), messages, others)
        db.engine.dispose()
    took = time.perf_counter() - started
    print(f"\n{name}: {messages:,} messages, {others:,} of the rest, made in {took:.0f} s\n")
    ask(url, instance)


def ask(url: str, instance: Path) -> None:
    """Asks a filled shop for every page, and stock Flask-Admin on the same rows."""
    app = _app(url, instance)
    with app.app_context(), transaction():
        if db.session.scalar(select(StaffUser.id).where(StaffUser.email == OWNER)) is None:
            owner = StaffUser(email=OWNER, name="O", role="owner", password_hash="")
            owner.set_password(PASSWORD)
            db.session.add(owner)
    stock_app = _stock(url, app)
    ours, theirs = _signed_in(app), stock_app.test_client()
    line("page", "ours, ms", "statements", "stock Flask-Admin, ms", "statements")
    line("---", "---", "---", "---", "---")
    with _counting() as count:
        for page, (address, stock) in PAGES.items():
            mine = _fastest(ours, address, count)
            other = _fastest(theirs, stock, count) if stock else ("", "")
            line(page, *mine, *other)
        print()
        _every_page(app, ours, count)
    for one in (app, stock_app):
        with one.app_context():
            db.engine.dispose()


def _app(url: str, instance: Path) -> Flask:
    settings = {"ENTRY_POINTS": False, "DATABASE_URL": url, "LOG_LEVEL": "ERROR", "WTF_CSRF_ENABLED": False}
    return create_app(settings, instance_path=instance)


def _every_page(app: Flask, client: FlaskClient, count: Callable[[], int]) -> None:
    """Asks for everything else that the models' views answer, and shows the slowest of each kind."""
    line("of all models' views", "pages", "median, ms", "slowest, ms", "most statements", "the slowest")
    line("---", "---", "---", "---", "---", "---")
    by_kind: dict[str, list[tuple[float, int, str]]] = {}
    for page in every_page.pages(app):
        took, statements = _fastest(client, page.address, count, rounds=2)
        if not isinstance(statements, int):
            raise SystemExit(f"{page.address}: {took}")
        by_kind.setdefault(page.kind, []).append((float(took.replace(",", "")), statements, page.name))
    for kind, found in by_kind.items():
        slowest = max(found)
        most = max(statements for _took, statements, _name in found)
        line(
            kind,
            len(found),
            f"{sorted(found)[len(found) // 2][0]:,.0f}",
            f"{slowest[0]:,.0f}",
            most,
            slowest[2],
        )


def _signed_in(app: Flask) -> FlaskClient:
    client = app.test_client()
    answer = client.post("/admin/login", data={"email": OWNER, "password": PASSWORD})
    assert answer.status_code == 302, answer.text
    return client


def _stock(url: str, shop_app: Flask) -> Flask:
    """Flask-Admin as it comes, a view for each of the models."""
    app = Flask("stock")
    app.config.update(SECRET_KEY="x", SQLALCHEMY_DATABASE_URI=url)
    app.extensions["salesbot.vault"] = shop_app.extensions["salesbot.vault"]
    db.init_app(app)
    Babel(app)
    admin = Admin(app, url="/")
    with app.app_context():
        for model in models.ALL:
            columns = [column.key for column in model.__table__.columns if column.key not in _SECRET]
            view = type(f"{model.__name__}View", (ModelView,), _options(model, columns))
            admin.add_view(view(model, db, endpoint=model.__tablename__, url=f"/{model.__tablename__}"))
    return app


_SECRET = {"secret", "digest", "password_hash"}


def _options(model: type[Any], columns: list[str]) -> dict[str, Any]:
    search = {"message": ["body"], "order": ["number"], "customer": ["name"]}.get(model.__tablename__)
    return {"column_list": columns, "column_searchable_list": search, "can_export": True}


@contextmanager
def _counting() -> Iterator[Callable[[], int]]:
    seen = [0]

    def see(*_args: Any) -> None:
        seen[0] += 1

    def taken() -> int:
        found, seen[0] = seen[0], 0
        return found

    event.listen(Engine, "before_cursor_execute", see)
    yield taken
    event.remove(Engine, "before_cursor_execute", see)


def _fastest(
    client: FlaskClient, address: str, count: Callable[[], int], rounds: int = ROUNDS
) -> tuple[str, object]:
    """The fastest of some rounds to the first byte in ms, and the statements until then."""
    best, statements = float("inf"), 0
    for _round in range(rounds):
        count()
        started = time.perf_counter()
        try:
            answer = client.get(address, buffered=False)
            next(iter(answer.response), b"")
        except Exception as exc:  # noqa: BLE001 - what stock Flask-Admin raises is a result, too
            return type(exc).__name__, ""
        took = time.perf_counter() - started
        best, statements = min(best, took), count()
        answer.close()
        if answer.status_code != 200:
            return f"status {answer.status_code}", ""
        if took > GIVE_UP:
            break
    return f"{best * 1000:,.0f}", statements


if __name__ == "__main__":
    main()
