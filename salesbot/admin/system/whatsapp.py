"""The page that connects WhatsApp: what to type, what to tell Twilio, and whether it works."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import quote
from zlib import crc32

import segno
from flask import Response, abort, flash, make_response, redirect, request
from flask_admin import BaseView, expose
from flask_babel import gettext, lazy_gettext
from markupsafe import Markup, escape
from werkzeug.wrappers import Response as AnyResponse

from salesbot.admin.access.guard import Guard
from salesbot.admin.rules import SYSTEM
from salesbot.admin.shown.formatters import chat_text, moment
from salesbot.admin.shown.noted import because
from salesbot.admin.system.settings import Line, core_lines, save_lines
from salesbot.channels import twilio_senders
from salesbot.channels.twilio_api import Account, account
from salesbot.doctor import Check, examine, in_utc
from salesbot.doctor.messages import explain, explain_code
from salesbot.doctor.whatsapp import message_address, status_address
from salesbot.errors import NotSent, SendUnknown
from salesbot.extensions import db
from salesbot.options import WHATSAPP
from salesbot.services import shop, webhook_calls

_TITLES = {
    "PUBLIC_URL": lazy_gettext("The shop's address"),
    "TWILIO_ACCOUNT_SID": lazy_gettext("Account SID"),
    "TWILIO_AUTH_TOKEN": lazy_gettext("Auth Token"),
    "TWILIO_WHATSAPP_NUMBER": lazy_gettext("WhatsApp number"),
    "SANDBOX_WORDS": lazy_gettext("The sandbox's join words"),
    "BUTTONS": lazy_gettext("Buttons and lists"),
}
_HELPS = {
    "PUBLIC_URL": lazy_gettext(
        "Where the world reaches this shop, with https. On your own computer a tunnel gives one: "
        "“salesbot tunnel” starts it and fills this in."
    ),
    "TWILIO_ACCOUNT_SID": lazy_gettext("On the first page of Twilio's console. It begins with AC."),
    "TWILIO_AUTH_TOKEN": lazy_gettext(
        "Beside the account SID. It is kept encrypted and never shown again; leave it empty to keep it. "
        "While you replace it at Twilio, type the new and the old one with a comma between them."
    ),
    "TWILIO_WHATSAPP_NUMBER": lazy_gettext("With its country code. Twilio's sandbox has +14155238886."),
    "SANDBOX_WORDS": lazy_gettext(
        "Only for the sandbox: as its page at Twilio shows them, like “join calm-river”."
    ),
    "BUTTONS": lazy_gettext("Yes: customers tap on buttons and lists. No: they answer with a number."),
}


class ConnectView(Guard, BaseView):
    """`/admin/whatsapp/`."""

    needs = {"index": "run", "check": "run", "set_addresses": "run", "heard": "run", "code": "run"}

    def __init__(self) -> None:
        super().__init__(
            name=lazy_gettext("Connect WhatsApp"),
            category=SYSTEM,
            endpoint="admin_whatsapp",
            url="whatsapp",
            menu_icon_type="fa",
            menu_icon_value="fa-plug",
        )

    @expose("/", methods=["GET", "POST"])
    def index(self) -> Any:
        """The form, and what was typed into it."""
        lines = _lines()
        if request.method == "POST" and save_lines([line for line in lines if not line.fixed]):
            flash(gettext("Saved. It counts from the next message on."), "success")
            return redirect(self.get_url(".index"))
        return self._page(lines)

    @expose("/check", methods=["POST"])
    def check(self) -> Any:
        """Looks at everything, Twilio and the way from outside included."""
        db.session.rollback()  # others are asked, which may take a while
        found = examine(shop=False)
        return self._page(_lines(), found)

    @expose("/addresses", methods=["POST"])
    def set_addresses(self) -> AnyResponse:
        """Tells Twilio where the number's messages go, where it can be told."""
        of, callback, status = account(), message_address(), status_address()
        db.session.rollback()
        try:
            sender = twilio_senders.find(of)
            if sender is None:
                flash(gettext("Twilio knows no WhatsApp sender with this number in this account."), "error")
            else:
                twilio_senders.set_addresses(of, sender, callback, status)
                flash(gettext("Twilio sends this number's messages here now."), "success")
        except (NotSent, SendUnknown) as exc:
            flash(gettext("Twilio did not do it: %(why)s", why=because(exc)), "error")
        return redirect(self.get_url(".index"))

    @expose("/heard")
    def heard(self) -> AnyResponse:
        """What came last, for a page that waits for the first message."""
        shown = _heard()
        response: AnyResponse = make_response(self.render("admin/whatsapp_heard.html", **shown))
        response.headers["X-Version"] = shown["version"]
        return response

    @expose("/code/<what>.svg")
    def code(self, what: str) -> Response:
        """A QR code that opens WhatsApp with the right words typed."""
        link = _links(account()).get(what)
        if not link:
            abort(404)
        picture = io.BytesIO()
        segno.make(link, error="m").save(picture, kind="svg", scale=5, border=3, dark="#111", light="#fff")
        return Response(picture.getvalue(), mimetype="image/svg+xml", headers={"Cache-Control": "no-store"})

    def _page(self, lines: list[Line], found: list[Check] | None = None) -> Any:
        of = account()
        return self.render(
            "admin/whatsapp.html",
            lines=lines,
            found=found,
            said=_said,
            of=of,
            has_token=bool(of.tokens),
            is_sandbox=of.number == twilio_senders.SANDBOX,
            public=str(shop.setting("PUBLIC_URL")),
            addresses=(
                (gettext("When a message comes in"), message_address()),
                (gettext("Status callback"), status_address()),
            ),
            links=_links(of),
            **_heard(),
        )


def _said(check: Check) -> Markup:
    """What was found, with its time by the clock of whoever looks."""
    words = escape(check.said)
    return words if check.at is None else words.replace(in_utc(check.at), moment(check.at))


def _lines() -> list[Line]:
    lines = core_lines(WHATSAPP)
    for line in lines:
        line.title, line.help = _TITLES[line.key], _HELPS[line.key]
        line.value = line.value.removeprefix("whatsapp:")
    return lines


def _links(of: Account) -> dict[str, str]:
    """Addresses that open WhatsApp: to join the sandbox, and to say hi."""
    if not of.number:
        return {}
    number = of.number.removeprefix("whatsapp:+")
    links = {"hi": f"https://wa.me/{number}?text=hi"}
    words = str(shop.setting("SANDBOX_WORDS"))
    if of.number == twilio_senders.SANDBOX and words:
        links["join"] = f"https://wa.me/{number}?text={quote(words)}"
    return links


def _heard() -> dict[str, Any]:
    """The last message that came, and what is wrong with calls since."""
    last = webhook_calls.last_message()
    troubles = [(*explain(row.kind, row.detail), row.at) for row in webhook_calls.troubles()]
    refused = webhook_calls.last_refusal()
    explained = explain_code(refused[0]) if refused is not None else None
    if refused is not None and explained is not None:
        troubles.append((*explained, refused[1]))
    return {
        "last": last,
        "troubles": troubles,
        "version": str(crc32(repr((last.id if last else 0, troubles)).encode())),
        "moment": moment,
        "chat_text": chat_text,
    }
