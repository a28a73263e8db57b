"""The demo's public phone: a chat in the browser for whoever sits at this computer."""

from __future__ import annotations

import ipaddress
import secrets
from typing import Any, TypeVar

from flask import Blueprint, Request, Response, abort, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from salesbot import dispatcher, ids
from salesbot.channels import simulator
from salesbot.errors import BadLink
from salesbot.extensions import csrf, db, vault
from salesbot.services import shop
from salesbot.services.phone import screen
from salesbot.web import pages

blueprint = Blueprint("phone", __name__, url_prefix="/phone")
blueprint.after_request(pages.private)
# The forms are guarded by where they come from (`_from_here`), and the chat has a cookie of its own:
# staff who sign in beside the phone get a new session, and must not lose the chat with the old one.
csrf.exempt(blueprint)

Answer = TypeVar("Answer", bound=AnyResponse)

LONGEST = 10_000
_COOKIE = "salesbot_phone"
_DAYS = 30
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
    """Strangers would use up the keys and fill the inbox; other sites must not write in its name."""
    if not (is_this_computer(request) and _from_here(request) and shop.is_demo()):
        abort(403)


def _from_here(request: Request) -> bool:
    """Whether no other site made the browser ask; browsers say so with every form and script."""
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site", "none")
    same = origin is None or origin == f"{request.scheme}://{request.host}"
    return request.method in {"GET", "HEAD"} or (same and site in {"same-origin", "none"})


@blueprint.get("/messages")
def messages() -> Response:
    """What is new on the phone since the message `after`."""
    return jsonify(_screen(_number(), ids.read(request.args.get("after", "")) or 0))


@blueprint.post("/messages")
def say() -> Response:
    """One message typed (`text`) or tapped (`choice`), and what is new after it."""
    text = request.form.get("text", "")[:LONGEST]
    choice = request.form.get("choice", "")[:200]
    number = _number()
    is_new = not number
    if is_new:
        number = _new_number()
    if text.strip() or choice:
        dispatcher.receive(simulator.incoming(number, text, choice or None))
    answer = jsonify(_screen(number, ids.read(request.form.get("after", "")) or 0))
    return _remember(answer, number) if is_new else answer


@blueprint.post("/new")
def new() -> AnyResponse:
    """Another phone: whoever writes from now on is a new customer."""
    return _remember(redirect(url_for("shop.home"), 303), _new_number())


def _screen(number: str, after: int) -> dict[str, Any]:
    # A turn has ended its own transaction; what it wrote is read in a new one.
    db.session.rollback()
    return screen(simulator.NAME, number, after)


def _number() -> str:
    """The number of this browser's phone, or "" when it has none yet."""
    try:
        return str(vault.unsign(_COOKIE, request.cookies.get(_COOKIE, "")))
    except BadLink:
        return ""


def _remember(answer: Answer, number: str) -> Answer:
    answer.set_cookie(
        _COOKIE,
        vault.sign(_COOKIE, number),
        max_age=_DAYS * 86_400,
        httponly=True,
        samesite="Strict",
        path=url_for("phone.new").removesuffix("/new"),
    )
    return answer


def _new_number() -> str:
    return f"phone-{secrets.token_hex(8)}"
