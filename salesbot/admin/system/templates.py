"""The templates page: words that WhatsApp approves for messages after its 24 hours, and their uses."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from babel import Locale
from flask import abort, flash, redirect, request
from flask_admin import BaseView, expose
from flask_babel import get_locale, gettext, lazy_gettext
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from salesbot.admin.access.guard import Guard
from salesbot.admin.rules import SYSTEM
from salesbot.admin.shown.noted import because
from salesbot.channels import twilio_templates
from salesbot.channels.twilio_api import Account, account
from salesbot.errors import NotSent, SendUnknown, WrongState
from salesbot.extensions import db, transaction
from salesbot.models import Message, MessageTemplate
from salesbot.services import shop, templates

_TITLES = {
    "delivery": lazy_gettext("An order is ready"),
    "payment": lazy_gettext("Money has arrived, the goods are still to come"),
    "reminder": lazy_gettext("An order is waiting to be paid"),
}
_SAMPLES = {"1": "Ana", "2": "1001", "3": "https://shop.example.com/pay/abc"}
STATES = {
    "received": ("warn", lazy_gettext("WhatsApp looks at it")),
    "pending": ("warn", lazy_gettext("WhatsApp looks at it")),
    "approved": ("good", lazy_gettext("approved")),
    "rejected": ("bad", lazy_gettext("refused by WhatsApp")),
    "paused": ("bad", lazy_gettext("paused by WhatsApp")),
    "disabled": ("bad", lazy_gettext("switched off by WhatsApp")),
    "gone": ("bad", lazy_gettext("not at Twilio any more")),
}


class TemplatesView(Guard, BaseView):
    """`/admin/templates/`."""

    needs = {"index": "run", "make": "run", "refresh": "run", "assign": "run"}

    def __init__(self) -> None:
        super().__init__(
            name=lazy_gettext("WhatsApp templates"),
            category=SYSTEM,
            endpoint="admin_templates",
            url="templates",
            menu_icon_type="fa",
            menu_icon_value="fa-envelope-circle-check",
        )

    @expose("/")
    def index(self) -> Any:
        """Every use with its template in each language of the shop, and all templates of the account."""
        return self._page()

    def _page(self, typed: Mapping[tuple[str, str], str] | None = None, wrong: str = "") -> Any:
        """The page; `typed` are words, by use and language, that were not taken, because of `wrong`."""
        of = account()
        rows = db.session.scalars(
            select(MessageTemplate)
            .where(MessageTemplate.account == of.sid)
            .order_by(MessageTemplate.id.desc())
        ).all()
        languages = list(shop.setting("LANGUAGES"))
        held = select(func.count(Message.id)).where(Message.state == "held")
        return self.render(
            "admin/templates.html",
            connected=of.is_complete,
            uses=[(use, _TITLES[use], _by_language(rows, use, languages)) for use in templates.USES],
            titles=_TITLES,
            rows=rows,
            states=STATES,
            language_names={code: _named(code) for code in languages},
            default_texts=templates.default_texts(languages),
            held=db.session.scalar(held) or 0,
            typed=typed or {},
            wrong=wrong,
        )

    @expose("/make", methods=["POST"])
    def make(self) -> Any:
        """Makes a template at Twilio and submits it to WhatsApp."""
        use, language = request.form.get("use", ""), request.form.get("language", "")
        typed = request.form.get("text", "")
        text = " ".join(typed.split())
        if use not in templates.USES or language not in shop.setting("LANGUAGES"):
            abort(400)
        wrong = templates.problem(text)
        if wrong:
            return self._page({(use, language): typed}, wrong), 400
        of = account()
        # WhatsApp takes no name twice, not even that of one that is gone.
        name = f"salesbot_{use}_{language.lower()}_{secrets.token_hex(3)}"
        samples = {place: _SAMPLES[place] for place in templates.places(text)}
        db.session.rollback()  # Twilio is asked outside any transaction
        made = _asked(lambda: twilio_templates.make(of, name, language, text, samples))
        if made is None:
            return self._page({(use, language): typed}), 502
        with transaction():
            templates.keep(of.sid, made, use=use)
        flash(gettext("WhatsApp has it now. It mostly answers within a day."), "success")
        return self._back()

    @expose("/refresh", methods=["POST"])
    def refresh(self) -> Response:
        """Asks Twilio for all templates and what WhatsApp said."""
        of = account()
        db.session.rollback()
        if refresh(of):
            flash(gettext("This is what Twilio knows now."), "success")
        return self._back()

    @expose("/<int:id>/assign", methods=["POST"])
    def assign(self, id: int) -> Response:
        """Says what a template is used for."""
        try:
            with transaction():
                templates.assign(id, request.form.get("use", ""))
        except WrongState as exc:
            flash(because(exc), "error")
        else:
            flash(gettext("Saved."), "success")
        return self._back()

    def _back(self) -> Response:
        return redirect(self.get_url(".index"))


def refresh(of: Account) -> bool:
    """Writes down what Twilio knows of all templates; False, with a word to staff, when it does not say."""
    seen = _asked(lambda: twilio_templates.all_of(of))
    if seen is None:
        return False
    with transaction():
        templates.learn(of.sid, seen)
    return True


def _asked(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except (NotSent, SendUnknown) as exc:
        flash(gettext("Twilio did not do it: %(why)s", why=because(exc)), "error")
        return None


def _named(code: str) -> str:
    """A language in the reader's own."""
    return str(Locale.parse(code).get_display_name(get_locale()) or code).capitalize()


def _by_language(rows: Any, use: str, languages: list[str]) -> list[tuple[str, MessageTemplate | None]]:
    """For each language of the shop the template that is used for this, or the newest that may be."""
    found = []
    for language in languages:
        fitting = (
            row
            for row in rows
            if row.use == use and row.language.partition("_")[0] == language.partition("_")[0]
        )
        found.append((language, next(fitting, None)))
    return found
