"""What people wrote and the bot did not understand: to be answered from now on, or left out."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request
from flask_admin import BaseView, expose
from flask_babel import lazy_gettext, ngettext

from salesbot.admin.access.guard import Guard
from salesbot.admin.rules import PEOPLE
from salesbot.admin.shown.formatters import moment
from salesbot.extensions import transaction
from salesbot.services import languages, misunderstood, shop

SHOWN = 100


class MisunderstoodView(Guard, BaseView):
    """`/admin/misunderstood/`."""

    needs = {"not_needed": "change"}

    def __init__(self) -> None:
        super().__init__(
            name=lazy_gettext("Not understood"),
            category=PEOPLE,
            endpoint="admin_misunderstood",
            url="misunderstood",
            menu_icon_type="fa",
            menu_icon_value="fa-circle-question",
        )

    @expose("/")
    def index(self) -> Any:
        """The words, the most frequent first."""
        found = misunderstood.groups()
        codes = shop.setting("LANGUAGES")
        return self.render(
            "admin/misunderstood.html",
            groups=found[:SHOWN],
            more=max(len(found) - SHOWN, 0),
            days=misunderstood.LOOKED_BACK.days,
            moment=moment,
            several_languages=len(codes) > 1,
            language=languages.name,
            may_change=self.may_use("not_needed"),
        )

    @expose("/not-needed", methods=["POST"])
    def not_needed(self) -> Any:
        """Leaves out what one button, or all that were on the page, stand for."""
        digests = request.form.getlist("digest")[:SHOWN]
        with transaction():
            misunderstood.not_needed(digests)
        flash(ngettext("%(num)d is left out.", "%(num)d are left out.", len(digests)), "success")
        return redirect(self.get_url(".index"))
