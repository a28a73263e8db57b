"""What staff can do with a chat: each a form of the chat's page, which is shown again afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import abort, flash, jsonify, redirect, request
from flask_admin import expose
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from salesbot import handback, outbox
from salesbot.admin.access import asked
from salesbot.admin.access.roles import staff_name
from salesbot.admin.shown.noted import because
from salesbot.channels import registry
from salesbot.errors import SalesbotError, WrongState
from salesbot.extensions import db, transaction
from salesbot.messages import Media, Reply
from salesbot.models import Conversation, Message, MessageTemplate
from salesbot.services import attachments, inbox, presence, shop, templates
from salesbot.services.conversations import window_is_open
from salesbot.services.secrets_in_text import without_marks

LONGEST_REPLY = 4000
_SETTLE: Mapping[str, Callable[[int], None]] = {
    "again": inbox.send_again,
    "arrived": inbox.it_arrived,
    "done": inbox.dealt_with,
}


class ChatActions:
    """The forms of a chat's page; mixed into its view."""

    get_one: Any
    get_url: Any

    @expose("/<int:id>/take-over", methods=["POST"])
    def take_over(self, id: int) -> Response:
        """A person answers from now on."""
        who = staff_name()
        return self._do(
            id, lambda: inbox.take_over(id, who=who), gettext("You answer now; the bot is silent.")
        )

    @expose("/<int:id>/give-back", methods=["POST"])
    def give_back(self, id: int) -> Response:
        """The bot answers the next message."""
        who = staff_name()
        return self._do(id, lambda: handback.give_back(id, who=who), gettext("The bot answers again."))

    @expose("/<int:id>/reply", methods=["POST"])
    def reply(self, id: int) -> Any:
        """Sends what staff wrote, or keeps it as a note; whoever writes to the customer has the chat."""
        text = without_marks(request.form.get("text", "")).strip()
        how = request.form.get("how", "send")
        if how == "note":
            return self._note(id, text)
        file = request.files.get("file")
        has_file = file is not None and bool(file.filename)
        if not (text or has_file) or len(text) > LONGEST_REPLY:
            flash(gettext("Write something first, at most %(n)d characters.", n=LONGEST_REPLY), "error")
            return self.chat_page(id, draft=text)
        chat = self._chat(id)
        is_open = window_is_open(chat.last_inbound_at, registry.window_hours(chat.channel, chat.address))
        # A file is not written while the database is kept from others.
        db.session.rollback()
        if not is_open:
            flash(gettext("Not sent: the 24 hours are over, WhatsApp takes no free text."), "error")
            return self.chat_page(id, draft=text)
        try:
            kept = attachments.keep(file.stream, file.filename or "") if file and has_file else None
        except SalesbotError as exc:
            flash(because(exc), "error")
            return self.chat_page(id, draft=text)
        who = staff_name()

        def send() -> None:
            picture, sent = None, []
            if kept is not None and kept[1].startswith("image/"):
                picture = kept[0]
            if text or picture is not None:
                sent += outbox.say(id, Reply(text, media_url=picture))
            if kept is not None and picture is None:
                sent.append(outbox.send_medium(id, Media(*kept)))
            inbox.answered(id, sent, who=who)
            if how == "send-back":
                handback.give_back(id, who=who)

        return self._do(id, send, "", sent=True)

    def _note(self, id: int, text: str) -> Response:
        if not text:
            flash(gettext("Write the note first."), "error")
            return self._back(id)
        who = staff_name()
        return self._do(id, lambda: inbox.write_note(id, text[:LONGEST_REPLY], who=who), "", sent=True)

    @expose("/<int:id>/template", methods=["POST"])
    def template(self, id: int) -> Any:
        """Sends words that WhatsApp has approved, which may go at any time."""
        chosen = asked.row(MessageTemplate, request.form, "template")
        values = [without_marks(value).strip() for value in request.form.getlist("value")]
        if chosen is None or chosen not in templates.approved(shop.setting("TWILIO_ACCOUNT_SID")):
            abort(400)
        if len(values) != len(templates.places(chosen.text)) or not all(values):
            flash(gettext("Fill in every place of the template."), "error")
            return self.chat_page(id)
        if self._chat(id).customer.stopped_at is not None and not request.form.get("about_order"):
            flash(gettext("Not sent: this customer wants nothing unasked."), "error")
            return self.chat_page(id)
        who, number = staff_name(), chosen.id

        def send() -> None:
            template = db.session.get_one(MessageTemplate, number)
            inbox.answered(id, [outbox.say_template(id, template, values)], who=who)

        return self._do(id, send, gettext("The template is on its way."))

    @expose("/<int:id>/settle", methods=["POST"])
    def settle(self, id: int) -> Response:
        """Says what became of a message that went wrong."""
        how = _SETTLE.get(request.form.get("how", ""))
        message = asked.row(Message, request.form, "message")
        if how is None or message is None or message.conversation_id != id:
            abort(400)
        number = message.id
        return self._do(id, lambda: how(number), gettext("Done."))

    @expose("/<int:id>/assign", methods=["POST"])
    def assign(self, id: int) -> Response:
        """Makes the chat somebody's task."""
        whom, who = asked.number(request.form, "staff"), staff_name()
        if whom is None and request.form.get("staff"):
            abort(400)
        said = gettext("It is noted who looks after this chat.")
        return self._do(id, lambda: inbox.assign(id, whom, who=who), said)

    @expose("/<int:id>/label", methods=["POST"])
    def label(self, id: int) -> Response:
        """Sticks labels on the chat."""
        chosen = asked.numbers(request.form, "label")
        return self._do(id, lambda: inbox.label(id, chosen), gettext("The labels are kept."))

    @expose("/<int:id>/here", methods=["POST"])
    def here(self, id: int) -> Any:
        """An open page says that somebody looks at the chat, or writes in it."""
        self._chat(id)
        writing, staff_id = request.form.get("writing") == "1", current_user.id
        with transaction():
            presence.here(staff_id, id, writing=writing)
        return jsonify({})

    def _chat(self, id: int) -> Conversation:
        chat: Conversation | None = self.get_one(str(id))
        if chat is None:
            abort(404)
        return chat

    def _do(self, id: int, work: Callable[[], object], said: str, *, sent: bool = False) -> Response:
        self._chat(id)
        try:
            with transaction():
                work()
        except WrongState as exc:
            flash(because(exc), "error")
        else:
            if said:
                flash(said, "success")
            if sent:
                return self._back(id, "sent")
        return self._back(id)

    def _back(self, id: int, part: str = "end") -> Response:
        """The chat's page. By the part `sent` its script knows that a draft is not needed any more."""
        return redirect(f"{self.get_url('.details_view', id=id)}#{part}")

    def chat_page(self, id: int, *, draft: str = "") -> Any:
        """The page of the chat; `draft` is what was typed and not sent."""
        raise NotImplementedError
