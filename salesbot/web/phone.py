"""The demo's public phone: a chat in the browser for whoever sits at this computer."""

from __future__ import annotations

import ipaddress
import secrets
from typing import Any

from flask import Blueprint, Request, Response, abort, jsonify, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from salesbot import dispatcher
from salesbot.channels import simulator
from salesbot.extensions import db
from salesbot.services import shop
from salesbot.services.phone import screen
from salesbot.web import pages

blueprint = Blueprint("phone", __name__, url_prefix="/phone")
blueprint.after_request(pages.private)

LONGEST = 10_000
_NUMBER = "phone"
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")
_NAMES = {"localhost", "127.0.0.1", "::1"}


def is_this_computer(request: Request) -> bool:
    """Whether the browser runs on this machine. What came through a proxy or a tunnel does not."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return False
    host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    return address.is_loopback and host.strip("[]") in _NAMES


@blueprint.before_request
def only_the_demo_here() -> None:
    """Strangers would use up the keys and fill the inbox."""
    if not (is_this_computer(request) and shop.is_demo()):
        abort(403)


@blueprint.get("/messages")
def messages() -> Response:
    """What is new on the phone since the message `after`."""
    return jsonify(_screen(_whole(request.args.get("after", ""))))


@blueprint.post("/messages")
def say() -> Response:
    """One message typed (`text`) or tapped (`choice`), and what is new after it."""
    text = request.form.get("text", "")[:LONGEST]
    choice = request.form.get("choice", "")[:200]
    if text.strip() or choice:
        number = session.setdefault(_NUMBER, _new_number())
        dispatcher.receive(simulator.incoming(number, text, choice or None))
    return jsonify(_screen(_whole(request.form.get("after", ""))))


@blueprint.post("/new")
def new() -> AnyResponse:
    """Another phone: whoever writes from now on is a new customer."""
    session[_NUMBER] = _new_number()
    return redirect(url_for("shop.home"), 303)


def _screen(after: int) -> dict[str, Any]:
    # A turn has ended its own transaction; what it wrote is read in a new one.
    db.session.rollback()
    return screen(simulator.NAME, session.get(_NUMBER, ""), after)


def _new_number() -> str:
    return f"phone-{secrets.token_hex(8)}"


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
