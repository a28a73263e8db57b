"""Phones to try the shop with: the way that customers' messages go, on any shop, and what goes on inside."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, abort, jsonify, make_response, redirect, request, session
from flask_admin import BaseView, expose
from flask_babel import lazy_gettext
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from salesbot import dispatcher, ids
from salesbot.admin.access.guard import Guard
from salesbot.admin.simulator import rehearsal, saved_chat
from salesbot.channels import simulator
from salesbot.extensions import db, transaction
from salesbot.models import Conversation, Message
from salesbot.services.phone import screen

LONGEST = 10_000
MOST_PHONES = 6
LONGEST_JUMP = 24 * 60
"""Hours that one click lets pass."""
_NUMBERS = "simulator_numbers"


class SimulatorView(Guard, BaseView):
    """`/admin/simulator/`; every staff member has phones of their own in their session."""

    audited = False  # a customer's messages, and the bot's doing
    needs = dict.fromkeys(("index", "messages", "say", "new", "forward", "save"), "answer")

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
        """One phone, what goes on inside, and the order; `phone` says which."""
        numbers = _numbers()
        chosen = request.args.get("phone", 0, type=int)
        chosen = chosen if 0 <= chosen < len(numbers) else len(numbers) - 1
        return self.render(
            "admin/simulator.html", numbers=numbers, chosen=chosen, full=len(numbers) >= MOST_PHONES
        )

    @expose("/<int:id>/messages")
    def messages(self, id: int) -> Response:
        """What is new on a phone since the message `after`."""
        return _screen(_number(id), request.args.get("after", ""))

    @expose("/<int:id>/messages", methods=["POST"])
    def say(self, id: int) -> Response:
        """One message typed (`text`) or tapped (`choice`), and what is new after it."""
        number = _number(id)
        text = request.form.get("text", "")[:LONGEST]
        choice = request.form.get("choice", "")[:200]
        if text.strip() or choice:
            dispatcher.receive(simulator.incoming(number, text, choice or None))
            # The turn has ended its own transaction; what it wrote is read in a new one.
            db.session.rollback()
        return _screen(number, request.form.get("after", ""))

    @expose("/new", methods=["POST"])
    def new(self) -> AnyResponse:
        """One more phone: whoever writes from it is a new customer. The oldest is put away at last."""
        numbers = [*_numbers(), simulator.strict_address()][-MOST_PHONES:]
        session[_NUMBERS] = numbers
        return redirect(self.get_url(".index", phone=len(numbers) - 1))

    @expose("/<int:id>/forward", methods=["POST"])
    def forward(self, id: int) -> AnyResponse:
        """Lets hours pass for this phone's customer alone."""
        number, hours = _number(id), request.form.get("hours", 0.0, type=float)
        if not 0 < hours <= LONGEST_JUMP:
            abort(400)
        with transaction():
            rehearsal.move_on(simulator.NAME, number, timedelta(hours=hours))
        return redirect(self.get_url(".index", phone=id))

    @expose("/<int:id>/test_saved_chat.py")
    def save(self, id: int) -> Any:
        """The chat as a file that pytest runs."""
        chat = db.session.scalar(
            select(Conversation).where(
                Conversation.channel == simulator.NAME, Conversation.address == _number(id)
            )
        )
        if chat is None:
            abort(404)
        answer = make_response(saved_chat.as_test(chat))
        answer.mimetype = "text/x-python"
        answer.headers["Content-Disposition"] = "attachment; filename=test_saved_chat.py"
        return answer


def _numbers() -> list[str]:
    """The phones of this session, one at least."""
    if not session.get(_NUMBERS):
        session[_NUMBERS] = [simulator.strict_address()]
    return list(session[_NUMBERS])


def _number(id: int) -> str:
    numbers = _numbers()
    if id >= len(numbers):
        abort(404)
    return numbers[id]


def _screen(number: str, after: str) -> Response:
    since = ids.read(after) or 0
    shown = screen(simulator.NAME, number, since)
    said = [message["id"] for message in shown["messages"] if not message["mine"]]
    rows = db.session.scalars(select(Message).where(Message.id.in_(said)))
    about = {message.id: rehearsal.about(message) for message in rows}
    for message in shown["messages"]:
        message["about"] = about.get(message["id"], "")
    return jsonify({**shown, "state": rehearsal.state(simulator.NAME, number)})
