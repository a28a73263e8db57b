"""The conversations: a list, and one that reads like a chat, with a box to answer in."""

from __future__ import annotations

from typing import Any
from zlib import crc32

from flask import abort, flash, g, make_response, redirect, request
from flask_admin import expose
from flask_babel import gettext
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from salesbot import outbox
from salesbot.admin import formatters, received
from salesbot.admin.reasons import reason
from salesbot.admin.roles import staff_name
from salesbot.admin.views import ShopModelView
from salesbot.channels import registry
from salesbot.errors import WrongState
from salesbot.extensions import db, transaction
from salesbot.messages import Reply
from salesbot.models import Conversation, Message, Order
from salesbot.services import conversations, inbox
from salesbot.services.secrets_in_text import without_marks

PAGE = 80
"""Messages on one page of a chat."""
LONGEST_REPLY = 4000
_SETTLE = {"again": inbox.send_again, "arrived": inbox.it_arrived, "done": inbox.dealt_with}


class ConversationView(ShopModelView):
    """Chats, newest first; a click opens one."""

    details_template = "admin/conversation.html"

    def get_list(self, *args: Any, **kwargs: Any) -> Any:
        """The rows of the list, each with its newest message."""
        count, rows = super().get_list(*args, **kwargs)
        newest = (
            select(func.max(Message.id))
            .where(Message.conversation_id.in_([row.id for row in rows]))
            .group_by(Message.conversation_id)
        )
        messages = db.session.scalars(select(Message).where(Message.id.in_(newest)))
        g.newest_messages = {message.conversation_id: message for message in messages}
        return count, rows

    @expose("/details/")
    def details_view(self) -> Any:
        """One chat, with what is known about its customer beside it."""
        chat = self._chat(request.args.get("id", ""))
        orders = db.session.scalars(
            select(Order).where(Order.customer_id == chat.customer_id).order_by(Order.id.desc()).limit(6)
        ).all()
        hours = registry.channel(chat.channel).window_hours
        return self.render(
            self.details_template,
            orders=orders,
            window_open=conversations.window_is_open(chat.last_inbound_at, hours),
            window_hours=hours,
            longest=LONGEST_REPLY,
            **self._log(chat),
        )

    @expose("/<int:id>/log")
    def log(self, id: int) -> Any:
        """The messages alone, for a page that keeps itself up to date."""
        shown = self._log(self._chat(str(id)))
        response = make_response(self.render("admin/conversation_log.html", **shown))
        response.headers["X-Version"] = shown["version"]
        return response

    @expose("/<int:id>/media/<int:message>/<int:number>")
    def media(self, id: int, message: int, number: int) -> Any:
        """A picture or file of this chat."""
        found = db.session.get(Message, message)
        if found is None or found.conversation_id != self._chat(str(id)).id:
            abort(404)
        return received.opened(found, number)

    @expose("/<int:id>/take-over", methods=["POST"])
    def take_over(self, id: int) -> Response:
        """A person answers from now on."""
        return self._do(
            id, lambda: inbox.take_over(id, who=staff_name()), gettext("You answer now; the bot is silent.")
        )

    @expose("/<int:id>/give-back", methods=["POST"])
    def give_back(self, id: int) -> Response:
        """The bot answers the next message."""
        return self._do(id, lambda: inbox.give_back(id, who=staff_name()), gettext("The bot answers again."))

    @expose("/<int:id>/reply", methods=["POST"])
    def reply(self, id: int) -> Response:
        """Sends what staff wrote; whoever writes has taken the chat over."""
        text = without_marks(request.form.get("text", "")).strip()
        if not text or len(text) > LONGEST_REPLY:
            flash(gettext("Write something first, at most %(n)d characters.", n=LONGEST_REPLY), "error")
            return self._back(id)

        def say() -> None:
            inbox.answered(id, outbox.say(id, Reply(text)), who=staff_name())

        return self._do(id, say, "")

    @expose("/<int:id>/settle", methods=["POST"])
    def settle(self, id: int) -> Response:
        """Says what became of a message that went wrong."""
        how = _SETTLE.get(request.form.get("how", ""))
        message = db.session.get(Message, request.form.get("message", 0, type=int))
        if how is None or message is None or message.conversation_id != id:
            abort(400)
        number = message.id
        return self._do(id, lambda: how(number), gettext("Done."))

    def _chat(self, id: str) -> Conversation:
        chat: Conversation | None = self.get_one(id)
        if chat is None:
            abort(404)
        return chat

    def _do(self, id: int, work: Any, said: str) -> Response:
        self._chat(str(id))
        try:
            with transaction():
                work()
        except WrongState as exc:
            flash(str(exc), "error")
        else:
            if said:
                flash(said, "success")
        return self._back(id)

    def _back(self, id: int) -> Response:
        return redirect(f"{self.get_url('.details_view', id=id)}#end")

    def _log(self, chat: Conversation) -> dict[str, Any]:
        statement = select(Message).where(Message.conversation_id == chat.id)
        before = request.args.get("before", type=int)
        if before is not None:
            statement = statement.where(Message.id < before)
        newest = db.session.scalars(statement.order_by(Message.id.desc()).limit(PAGE + 1)).all()
        messages = list(reversed(newest[:PAGE]))
        version = crc32(repr([(message.id, message.state) for message in messages]).encode())
        return {
            "chat": chat,
            "messages": messages,
            "version": str(version),
            "older": newest[PAGE - 1].id if len(newest) > PAGE else None,
            "is_newest": before is None,
            "chat_text": formatters.chat_text,
            "reason": reason,
            "is_shown": received.is_shown,
            "is_heard": received.is_heard,
            "state_pill": formatters.state_pill,
            "moment": formatters.moment,
            "local": formatters.local,
            "amount": formatters.amount,
        }
