"""Models without a place in the menu."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _

from salesbot import models
from salesbot.admin.exceptions.shorthand import names, record
from salesbot.admin.rules import Rules
from salesbot.admin.shown.formatters import (
    plain,
    who_answers,
)

EXCEPTIONS: Mapping[type[Any], Rules] = {
    models.Conversation: record(
        is_person=True,
        many=_("Inbox"),
        one=_("conversation"),
        group=None,
        icon="fa-comments",
        needs={
            "news": "look",
            "list_news": "look",
            "media": "look",
            **dict.fromkeys(names("take_over give_back reply template settle assign label here"), "answer"),
        },
        first=names("customer answered_by address last_inbound_at"),
        not_in_audit=names("question shown notes source"),
        not_in_list=names(
            "channel person_wanted_at question question_plugin shown shown_from notes source staff_at seen_at"
            " assigned_to created_at"
        ),
        labels={
            "customer.name": _("Name"),
            "answered_by": _("Who answers"),
            "last_inbound_at": _("Wrote last"),
            "person_wanted_at": _("Asked for a person"),
            "address": _("From"),
        },
        formatters={"customer": plain, "answered_by": who_answers},
        filters=names("answered_by channel last_inbound_at person_wanted_at"),
        choices={"answered_by": ("bot", "person")},
        search=names("customer.name address"),
        sort=("last_inbound_at", True),
        large=True,
        empty=_("Nobody has written yet. Say “hi” in the simulator."),
    ),
}
