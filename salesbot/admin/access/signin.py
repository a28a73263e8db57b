"""Signing in and out of the back office."""

from __future__ import annotations

import math
import time
from functools import cache

from flask import (
    Blueprint,
    Flask,
    current_app,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext, lazy_gettext, ngettext
from flask_login import current_user, login_user, logout_user
from flask_wtf import FlaskForm
from limits import parse_many
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter
from werkzeug.security import check_password_hash, generate_password_hash
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from salesbot import clock, demo
from salesbot.admin.access import audit
from salesbot.admin.access.guard import MUST_CHANGE
from salesbot.admin.access.security import (
    POLLED,
    PREFIX,
    explain_refusals,
    is_local,
    page_address,
    refuse_to_lead_away,
    seen,
)
from salesbot.extensions import db, login_manager, reading, transaction
from salesbot.models import StaffUser
from salesbot.services import devices, shop, staff

blueprint = Blueprint("signin", __name__, url_prefix=PREFIX)

_FAILURES = "salesbot.failed_sign_ins"
explain_refusals(blueprint)


@cache
def _nobody() -> str:
    """Compared with when nobody has the address, so that the answer takes as long as for somebody."""
    return generate_password_hash("nobody has this password")


class SignIn(FlaskForm):
    """Who they are and their password."""

    email = StringField(
        lazy_gettext("E-mail"),
        [InputRequired(), Length(max=200)],
        render_kw={"autocomplete": "username", "type": "email", "autofocus": True},
    )
    password = PasswordField(
        lazy_gettext("Password"),
        [InputRequired(), Length(max=500)],
        render_kw={"autocomplete": "current-password"},
    )


def init(app: Flask) -> None:
    """Registers the pages and tells Flask-Login what to do with people who are not signed in."""
    login_manager.session_protection = "strong"
    login_manager.unauthorized_handler(_to_sign_in)
    # Not Flask-Limiter: it would look at every request, and took a twelfth of a message's time.
    app.extensions[_FAILURES] = FixedWindowRateLimiter(storage_from_string(app.config["LIMITER_STORAGE"]))
    app.register_blueprint(blueprint)


def _to_sign_in() -> Response:
    if request.endpoint in POLLED or request.accept_mimetypes.best == "application/json":
        # A script asks, which can't show a page; it says so on its own.
        return make_response(jsonify(signed_out=True), 401)
    came_for = page_address()
    return redirect(url_for("signin.login", next=came_for if came_for not in {"", f"{PREFIX}/"} else None))


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> Response | str | tuple[str, int]:
    """The sign-in page."""
    refuse_to_lead_away(request.form, "next")
    if current_user.is_authenticated:
        return redirect(_next())
    form = SignIn()
    if request.method == "GET":
        return _page(form, "")
    wait = seconds_to_wait()
    if wait:
        return _too_often(form, wait)
    if form.validate_on_submit() and _sign_in(form.email.data, form.password.data):
        return redirect(_next())
    count_failure()
    if form.errors:
        return _page(form, ""), 400
    return _page(form, gettext("This e-mail and password don't fit together.")), 401


@blueprint.post("/logout")
def logout() -> Response:
    """Ends this browser's session, and the news on this device."""
    if device := request.form.get("device"):
        with transaction():
            devices.remove(device)
    logout_user()
    session.clear()
    flash(gettext("You are signed out."), "info")
    return redirect(url_for("signin.login"))


def seconds_to_wait() -> int:
    """Until this address may try again; 0 when it may now."""
    failures: FixedWindowRateLimiter = current_app.extensions[_FAILURES]
    address = str(request.remote_addr)
    for limit in parse_many(current_app.config["SIGN_IN_LIMIT"]):
        if not failures.test(limit, address):
            over_at = failures.get_window_stats(limit, address).reset_time
            return max(1, math.ceil(over_at - time.time()))
    return 0


def count_failure() -> None:
    """Notes that somebody at this address did not know a password."""
    failures: FixedWindowRateLimiter = current_app.extensions[_FAILURES]
    for limit in parse_many(current_app.config["SIGN_IN_LIMIT"]):
        failures.hit(limit, str(request.remote_addr))


def _too_often(form: SignIn, seconds: int) -> Response:
    """Says in plain words when the next try may be made."""
    when = (
        ngettext("%(num)d second", "%(num)d seconds", seconds)
        if seconds < 90
        else ngettext("%(num)d minute", "%(num)d minutes", math.ceil(seconds / 60))
    )
    words = gettext("That was too often. You can try again in %(when)s.", when=when)
    response = make_response(_page(form, words), 429)
    response.headers["Retry-After"] = str(seconds)
    return response


def _sign_in(email: str, password: str) -> bool:
    # Hashing takes its time on purpose, and no writer must wait for it.
    with reading():
        user: StaffUser | None = staff.by_email(email)
        found = (user.id, user.password_hash) if user is not None and user.active else (0, _nobody())
        db.session.rollback()
    if not check_password_hash(found[1], password) or not found[0]:
        return False
    with transaction():
        user = db.session.get_one(StaffUser, found[0])
        user.last_sign_in_at = clock.now()
        db.session.flush()
        audit.begin(user)
        audit.note("signed_in", StaffUser, str(user.id), str(user))
    # A session that somebody else may have prepared is worth nothing afterwards.
    session.clear()
    login_user(user)
    if demo.is_sign_in(email, password) and not _is_at_home():
        session[MUST_CHANGE] = True
    seen()
    return True


def _is_at_home() -> bool:
    """Whether this is the demo shop, and the world can't reach it."""
    return shop.is_demo() and not current_app.config["PUBLIC_URL"].startswith("https:")


def _next() -> str:
    address = request.values.get("next", "")
    return address if address and is_local(address) else f"{PREFIX}/"


def _page(form: SignIn, words: str) -> str:
    return render_template(
        "admin/signin.html",
        form=form,
        words=words,
        next=request.values.get("next", ""),
        nobody_yet=not staff.exist(),
    )
