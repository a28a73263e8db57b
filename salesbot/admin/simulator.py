"""A phone to try the shop with: the same way that a customer's messages go, on any shop."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Response, jsonify, redirect, request, session
from flask_admin import BaseView, expose
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response as AnyResponse

from salesbot import dispatcher
from salesbot.admin.guard import Guard
from salesbot.channels import simulator
from salesbot.extensions import db
from salesbot.services.phone import screen

LONGEST = 10_000
_NUMBER = "simulator_number"


class SimulatorView(Guard, BaseView):
    """`/admin/simulator/`; every staff member has a phone of their own in their session."""

    audited = False  # a customer's messages, and the bot's doing
    needs = {"index": "answer", "messages": "answer", "say": "answer", "new": "answer"}

    def __init__(self) -> None:
        super().__init__(
            name=lazy_gettext("Simulator"),
            endpoint="admin_simulator",
            url="simulator",
            menu_icon_type="fa",
            menu_icon_value="fa-mobile-screen",
        )

    @expose("/")
    def index(self) -> Any:
        """The phone, and the order beside it."""
        return self.render("admin/simulator.html")

    @expose("/messages")
    def messages(self) -> Response:
        """What is new on the phone since the message `after`."""
        return _screen(request.args.get("after", ""))

    @expose("/messages", methods=["POST"])
    def say(self) -> Response:
        """One message typed (`text`) or tapped (`choice`), and what is new after it."""
        text = request.form.get("text", "")[:LONGEST]
        choice = request.form.get("choice", "")[:200]
        if text.strip() or choice:
            if _NUMBER not in session:
                session[_NUMBER] = f"staff-{secrets.token_hex(8)}"
            dispatcher.receive(simulator.incoming(session[_NUMBER], text, choice or None))
            # The turn has ended its own transaction; what it wrote is read in a new one.
            db.session.rollback()
        return _screen(request.form.get("after", ""))

    @expose("/new", methods=["POST"])
    def new(self) -> AnyResponse:
        """Another phone: whoever writes from now on is a new customer."""
        session.pop(_NUMBER, None)
        return redirect(self.get_url(".index"))


def _screen(after: str) -> Response:
    number = int(after) if after.isascii() and after.isdecimal() and len(after) < 19 else 0
    return jsonify(screen(simulator.NAME, session.get(_NUMBER, ""), number))
