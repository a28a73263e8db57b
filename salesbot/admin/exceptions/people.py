"""Customers, and what is said to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _

from salesbot import models
from salesbot.admin.exceptions.shorthand import CREATED, names, record
from salesbot.admin.rules import PEOPLE, Rules, Waiting
from salesbot.admin.shown.formatters import (
    shortened,
)
from salesbot.models.consent import CONSENT_WORDS
from salesbot.models.conversations import IN_STATES, OUT_STATES
from salesbot.models.inbox import TONES
from salesbot.services import needed

EXCEPTIONS: Mapping[type[Any], Rules] = {
    models.Label: Rules(
        many=_("Labels"),
        one=_("label"),
        group=PEOPLE,
        icon="fa-tag",
        opens="edit_view",
        first=names("name tone"),
        labels={"tone": _("Colour")},
        choices={"tone": TONES},
        search=names("name"),
        sort="name",
        empty=_("Labels sort chats, such as “wholesale” or “refund”. Add the first one."),
    ),
    models.CannedReply: Rules(
        many=_("Ready answers"),
        one=_("ready answer"),
        group=PEOPLE,
        icon="fa-comment-dots",
        opens="edit_view",
        first=names("title text"),
        helps={
            "title": _("How you and your colleagues find it."),
            "text": _("These may stand in it: {name} {staff} {shop} {order} {product}"),
        },
        formatters={"text": shortened},
        search=names("title text"),
        sort="title",
        empty=_("Words that you send often, one click away in every chat. Add the first ones."),
    ),
    models.ConversationLabel: record(
        many=_("Labels of chats"), one=_("label"), group=PEOPLE, in_menu=False, large=True
    ),
    models.ConversationEvent: record(
        many=_("Notes on chats"),
        one=_("note"),
        group=PEOPLE,
        in_menu=False,
        not_in_audit=names("text"),
        search=names("text"),
        large=True,
    ),
    models.Message: record(
        many=_("Messages"),
        one=_("message"),
        group=PEOPLE,
        icon="fa-envelope",
        first=names("conversation direction body state created_at"),
        never=names("template"),
        not_in_audit=names("body choice choices template about media location error"),
        not_in_list=names(
            "choice choices style about media location plugin sent_by took_ms"
            " error error_code attempts send_at claimed_at provider_id"
        ),
        formatters={"body": shortened},
        labels={"body": _("Text"), "direction": _("In or out"), "created_at": _("When")},
        choices={"state": (*IN_STATES, *OUT_STATES), "direction": ("in", "out")},
        filters=names("state direction created_at plugin error_code"),
        waiting={"trouble": Waiting(_("Messages with a problem"), needed.troubled_messages)},
        search=names("body"),
        large=True,
        empty=_("No messages yet. Say “hi” in the simulator."),
    ),
    models.Customer: Rules(
        is_person=True,
        many=_("Customers"),
        one=_("customer"),
        group=PEOPLE,
        icon="fa-users",
        creates=False,
        deletes=False,
        needs={
            "join": "change",
            "confirm_join": "change",
            "take_out": "export",
            "confirm_erase": "delete",
            "erase": "delete",
            "agreed": "answer",
        },
        first=names("name language stopped_at created_at"),
        not_in_form=names("stopped_at created_at"),
        labels={"stopped_at": _("Wants no news since"), **CREATED},
        filters=names("language stopped_at created_at"),
        search=names("name"),
        large=True,
        empty=_("Nobody has written yet. Say “hi” in the simulator, or connect WhatsApp."),
    ),
    models.CustomerAddress: record(
        is_person=True,
        many=_("Addresses"),
        one=_("address"),
        group=PEOPLE,
        in_menu=False,
        first=names("address channel customer"),
        search=names("address"),
        large=True,
    ),
    models.Consent: record(
        many=_("Agreements"),
        one=_("agreement"),
        group=PEOPLE,
        icon="fa-handshake",
        in_menu=False,
        first=names("at customer what about said wording language who message_id"),
        not_in_audit=names("said wording"),
        labels={
            "at": _("When"),
            "what": _("What"),
            "about": _("About"),
            "said": _("What they said"),
            "wording": _("What they were told"),
            "who": _("Noted by"),
            "message_id": _("Message"),
        },
        choices={"what": CONSENT_WORDS},
        filters=names("what at language"),
        large=True,
        empty=_("Nobody has agreed to or refused anything yet."),
    ),
    models.StockWait: record(
        is_person=True,
        many=_("Waiting for stock"),
        one=_("entry"),
        group=PEOPLE,
        in_menu=False,
        first=names("product conversation asked_at told_at"),
        labels={"asked_at": _("Asked"), "told_at": _("Told"), "product.title": _("Product")},
        filters=names("product.title told_at asked_at"),
        large=True,
        empty=_("Nobody waits for anything. Whoever asks for what is sold out appears here."),
    ),
}
