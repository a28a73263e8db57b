"""What every request to the back office goes through: safe addresses, headers, idle time, refusals."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    flash,
    g,
    make_response,
    render_template,
    request,
    session,
)
from flask_babel import gettext
from flask_login import current_user, logout_user
from flask_wtf.csrf import CSRFError
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as BaseResponse

from salesbot import clock
from salesbot.admin.shown import reader
from salesbot.extensions import login_manager

PREFIX = "/admin"
POLLED = {
    "admin_conversation.news",
    "admin_conversation.list_news",
    "admin_conversation.here",
    "admin_simulator.messages",
    "admin_whatsapp.heard",
    "admin_news.latest",
    "admin_news.tested",
}
"""What open pages ask for again and again by themselves."""
_KEPT = {"admin_conversation.media"}
"""What a browser may keep for a while."""
_SEEN = "seen_at"


def csp_nonce() -> str:
    """This answer's nonce: a script of a plugin's page needs it, ours come from files."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(18)
    return str(g.csp_nonce)


def is_local(address: str) -> bool:
    """Whether a browser that is sent to `address` stays with us."""
    plain = address.isprintable() and "\\" not in address
    return plain and address.startswith("/") and not address.startswith("//")


def refuse_to_lead_away(values: MultiDict[str, str], *names: str) -> None:
    """400 when one of these values, which say where to go on, leads to another host."""
    for name in names:
        if any(value and not is_local(value) for value in values.getlist(name)):
            abort(400)


def in_back_office() -> bool:
    """Whether the present request is for the back office."""
    path = request.path
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def page_address() -> str:
    """The page that somebody looks at: the one that is asked for, or the one whose form was sent; or ""."""
    if request.method == "GET":
        address = request.full_path.rstrip("?")
        return address if is_local(address) else ""
    sent_from = urlsplit(request.referrer or "")
    if sent_from.netloc != request.host or not sent_from.path.startswith(f"{PREFIX}/"):
        return ""
    try:
        current_app.url_map.bind("").match(sent_from.path, method="GET")
    except (HTTPException, RequestRedirect):
        return ""
    address = urlunsplit(("", "", sent_from.path, sent_from.query, ""))
    return address if is_local(address) else ""


def init(app: Flask) -> None:
    """Hooks the checks into the app."""
    app.before_request(_before)
    app.after_request(_after)
    reader.init(app)


def explain_refusals(blueprint: Blueprint) -> None:
    """Makes a blueprint of the back office refuse in its own look and in plain words."""
    blueprint.register_error_handler(CSRFError, _csrf_refused)
    for status in (400, 403, 404, 405, 413, 429, 500):
        blueprint.register_error_handler(status, _refused)


def _before() -> BaseResponse | None:
    if not in_back_office():
        return None
    if not (request.endpoint or "").endswith(".static"):
        reader.begin()
    wrong_turn = request.routing_exception
    if wrong_turn is not None and not isinstance(wrong_turn, RequestRedirect):
        # No view, and so no blueprint whose words could be used.
        return make_response(_refused(wrong_turn))
    sent = [value for source in (request.args, request.form) for _, value in source.items(multi=True)]
    if any("\x00" in value for value in sent):
        abort(400)
    # A form may well have a field of this name, such as a column of a plugin's model.
    refuse_to_lead_away(request.args, "url", "next")
    return _sign_out_when_idle()


def seen() -> None:
    """Notes in the session cookie that its owner is at work now."""
    session[_SEEN] = int(clock.now().timestamp())


def _sign_out_when_idle() -> BaseResponse | None:
    if request.endpoint is None or request.endpoint.endswith(".static"):
        return None
    last = session.get(_SEEN)
    if last is None:
        return None
    idle = clock.now() - datetime.fromtimestamp(last, UTC)
    minutes = int(current_app.config["IDLE_MINUTES"])
    if minutes and idle > timedelta(minutes=minutes):
        logout_user()
        session.clear()
        flash(gettext("You were signed out because nothing happened for a while."), "info")
        answer: BaseResponse = login_manager.unauthorized()
        return answer
    # A page that keeps itself up to date is no sign that somebody sits in front of it; typing is.
    at_work = request.endpoint not in POLLED or request.form.get("writing") == "1"
    if idle > timedelta(minutes=1) and at_work:
        seen()
    return None


def _after(response: Response) -> Response:
    if not in_back_office():
        return response
    response.headers["Content-Security-Policy"] = "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{csp_nonce()}'",
            "style-src 'self'",
            "img-src 'self' data:",
            "media-src 'self'",
            "font-src 'self'",
            "connect-src 'self'",
            "worker-src 'self'",
            "manifest-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if not (request.endpoint or "").endswith(".static") and request.endpoint not in _KEPT:
        response.headers["Cache-Control"] = "no-store"
    return response


def _csrf_refused(_error: CSRFError) -> BaseResponse | tuple[str, int]:
    reader.begin()  # a form is looked at before anything of ours
    if not current_user.is_authenticated:
        answer: BaseResponse = login_manager.unauthorized()
        return answer
    return explained(
        400, gettext("This page was open for too long. Go back, load it again, and try once more.")
    )


def _refused(error: Exception) -> tuple[str, int]:
    status = error.code or 500 if isinstance(error, HTTPException) else 500
    words = {
        400: gettext("This address or form can't be understood."),
        403: gettext("Your role doesn't allow this. Ask the owner of the shop."),
        404: gettext("There is nothing here (any more)."),
        405: gettext("This address can't be opened like this."),
        413: gettext("This file is too large."),
        429: gettext("That was too often. Wait a minute, then try again."),
    }
    return explained(status, words.get(status, gettext("Something went wrong here. It is in the log.")))


def explained(status: int, words: str) -> tuple[str, int]:
    """A page that says in plain words why something can't be."""
    return render_template("admin/refused.html", status=status, words=words), status
