"""Makes the Flask app: config, extensions, plugins, back office, pages, commands, proxy."""

from __future__ import annotations

import inspect
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix

from salesbot import (
    cli,
    config,
    containment,
    database,
    logs,
    no_waiting,
    plugin_manager,
    plugin_starting,
    sqlite_queue,
    texts,
    web,
)
from salesbot.errors import DatabaseBusy
from salesbot.extensions import babel, csrf, db, login_manager, migrate
from salesbot.ids import RowNumber
from salesbot.migrations.support import FOLDER
from salesbot.services import plugin_usage, shop, staff
from salesbot.vault import Vault

log = logging.getLogger(__name__)


class App(Flask):
    """Flask, but quicker to see of each function around each request that it is an ordinary one."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself unless it is `async def`."""
        code = getattr(func, "__code__", None)
        if code is not None and not code.co_flags & inspect.CO_COROUTINE:
            return func
        return super().ensure_sync(func)


class BrowserSessions(SecureCookieSessionInterface):
    """Sessions in signed cookies. Programs that call a webhook get none, and pay for none."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if request.path.startswith("/webhooks/"):
            return None
        return super().open_session(app, request)

    def get_cookie_secure(self, app: Flask) -> bool:
        """Cookies that came by https never travel without it, whatever is known of the shop's address."""
        return super().get_cookie_secure(app) or "https" in {
            request.scheme,
            request.headers.get("X-Forwarded-Proto", ""),
        }


def create_app(
    settings: Mapping[str, Any] | None = None,
    *,
    instance_path: str | Path | None = None,
    plugins: Iterable[tuple[str, object]] = (),
) -> Flask:
    """The app. `settings` win over everything; `plugins` are (name, module) pairs to load besides.

    Besides the shop's settings there are `ENTRY_POINTS`, False for the built-in plugins alone, and
    `BACK_OFFICE`, False to leave it out, which tests do because it takes a while to build.

    The instance folder is `instance_path`, else `$SALESBOT_INSTANCE`, else `./instance`.
    """
    instance = Path(instance_path or os.environ.get("SALESBOT_INSTANCE") or "instance").resolve()
    instance.mkdir(parents=True, exist_ok=True)
    app = App("salesbot", instance_path=str(instance))
    app.session_interface = BrowserSessions()
    app.url_map.converters["int"] = RowNumber
    configure(app, config.read(instance, settings))
    _extend(app)
    no_waiting.install()
    _load_plugins(app, plugins)
    with app.app_context():
        cli.register(app)
        web.register(app)
        if app.config.get("BACK_OFFICE", True):
            # A sixth of all that there is to load, which plugins' tests leave out.
            from salesbot.admin import init_admin  # noqa: PLC0415

            init_admin(app)
        # Last, so that no plugin takes a name or an address of the shop's own.
        plugin_starting.start(app)
    proxies = app.config["TRUSTED_PROXIES"]
    if proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies, x_prefix=proxies
        )
    return app


def configure(app: Flask, values: dict[str, Any]) -> None:
    """Gives an app its settings, as `config.read` has read them, and the keys that belong to them."""
    logs.set_up(values["LOG_LEVEL"], values["LOG_FORMAT"])
    secure = urlsplit(values["PUBLIC_URL"]).scheme == "https"
    app.config.from_mapping(
        SECRET_KEY=values["SESSION_SECRET"],
        SQLALCHEMY_DATABASE_URI=values["DATABASE_URL"],
        SQLALCHEMY_ENGINE_OPTIONS=database.engine_options(values["DATABASE_URL"]),
        SESSION_COOKIE_NAME="salesbot",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        PERMANENT_SESSION_LIFETIME=timedelta(minutes=values["IDLE_MINUTES"]),
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=values["UPLOAD_MEGABYTES"] * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024,
    )
    app.config.update(values)
    app.extensions["salesbot.vault"] = Vault(values["KEYRING"], values["KEYRING_FILE"])


def _extend(app: Flask) -> None:
    db.init_app(app)
    migrate.init_app(app, db, directory=str(FOLDER), render_as_batch=True, compare_type=True)
    babel.init_app(app, locale_selector=texts.language_of_dates)
    login_manager.init_app(app)
    # Every template knows who is signed in, those of plugins too, with or without the back office.
    login_manager.user_loader(staff.from_session)
    csrf.init_app(app)
    with app.app_context():
        engine: Engine = db.engine
        containment.watch(engine)
        if engine.dialect.name == "sqlite":
            sqlite_queue.install(engine)

    @app.before_request
    def _only_read() -> None:
        """On SQLite a page that is only looked at waits for no writer, and cannot write."""
        if request.method in {"GET", "HEAD", "OPTIONS"}:
            reading = database.reading()
            reading.__enter__()
            request.environ["salesbot.reading"] = reading

    @app.teardown_request
    def _read(_exc: BaseException | None) -> None:
        reading = request.environ.pop("salesbot.reading", None)
        if reading is not None:
            db.session.remove()
            reading.__exit__(None, None, None)


def _load_plugins(app: Flask, extra: Iterable[tuple[str, object]]) -> None:
    app.extensions["salesbot.plugin_of_blueprint"] = {}
    app.extensions["salesbot.plugins"] = plugin_manager.Manager(
        disabled=app.config["DISABLED_PLUGINS"],
        third_parties=not app.config["SAFE_MODE"] and app.config.get("ENTRY_POINTS", True),
        extra=extra,
    )

    @app.after_request
    def _count(response: Response) -> Response:
        """Writes down now and then what plugins were asked, when the answer is on its way."""
        if plugin_usage.is_time():
            response.call_on_close(_write_down)
        return response

    def _write_down() -> None:
        try:
            with app.app_context():
                plugin_usage.write_down(plugin_manager.current().plugins)
        except (SQLAlchemyError, DatabaseBusy) as exc:
            log.warning("what plugins were asked can't be written down: %s", type(exc).__name__)

    @app.before_request
    def _switched_off() -> None:
        """The pages of a plugin that is switched off or was left out are not there."""
        plugin = app.extensions["salesbot.plugin_of_blueprint"].get(request.blueprint)
        if plugin is None:
            return
        if plugin in plugin_manager.current().problems or plugin in shop.state().switched_off:
            abort(404)
