"""News for whoever is signed in: what they hear of and how, and what is new for an open page."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, jsonify, redirect, request
from flask_admin import BaseView, expose
from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from salesbot import clock
from salesbot.admin import figures, reader
from salesbot.admin.guard import Guard
from salesbot.extensions import db, transaction
from salesbot.models import NewsChoice
from salesbot.models.news import NEWS_KINDS
from salesbot.newsmail import sentence
from salesbot.services import news, shop

_TITLES = {
    "person": lazy_gettext("Somebody waits for a person"),
    "failed": lazy_gettext("A message or a delivery failed"),
    "payment": lazy_gettext("A picture of a payment is there to check"),
    "stock": lazy_gettext("Keys run out"),
}


class NewsView(Guard, BaseView):
    """`/admin/news/`."""

    needs = {"index": "look", "save": "look", "latest": "look"}

    def __init__(self) -> None:
        super().__init__(
            name=lazy_gettext("My news"),
            endpoint="admin_news",
            url="news",
            menu_icon_type="fa",
            menu_icon_value="fa-bell",
        )

    @expose("/")
    def index(self) -> Any:
        """What this person hears of, and how."""
        return self.render(
            "admin/news.html",
            choice=news.choice_of(current_user.id),
            kinds=[(kind, _TITLES[kind]) for kind in NEWS_KINDS if current_user.role in news.ROLES[kind]],
            mails=bool(shop.setting("SMTP_URL")),
            as_time=_as_time,
        )

    @expose("/", methods=["POST"])
    def save(self) -> Response:
        """Keeps what was chosen."""
        form = request.form
        try:
            quiet = [_minutes(form.get(name, "")) for name in ("quiet_from", "quiet_to")]
            zone = reader.chosen_zone() or form.get("zone", "") or "UTC"
            ZoneInfo(zone)
        except (ValueError, OSError, KeyError):
            flash(gettext("Type quiet hours like 22:00 and 07:00."), "error")
            return redirect(self.get_url(".index"))
        with transaction():
            choice = db.session.get(NewsChoice, current_user.id) or NewsChoice(staff_id=current_user.id)
            db.session.add(choice)
            for name in (*NEWS_KINDS, "sound", "email"):
                setattr(choice, name, name in form)
            choice.quiet_from, choice.quiet_to = quiet if None not in quiet else (None, None)
            choice.zone = zone
        flash(gettext("It is kept."), "success")
        return redirect(self.get_url(".index"))

    @expose("/latest")
    def latest(self) -> Any:
        """For an open page: how much needs somebody, and what is new since the notice `after`."""
        after = request.args.get("after", type=int)
        choice = news.choice_of(current_user.id)
        fresh = [] if after is None else news.since(after, news.wanted(current_user, choice) or [""])
        return jsonify(
            {
                "waiting": figures.waiting_people() + figures.payments_to_check().count,
                "last": news.newest(),
                "sound": choice.sound and news.quiet_until(choice, clock.now()) is None,
                "news": [
                    {"id": one.id, "words": sentence(one.kind, one.about), "address": one.address}
                    for one in fresh
                ],
            }
        )


def _minutes(text: str) -> int | None:
    """The minute of the day of "22:30"; None of ""."""
    if not text.strip():
        return None
    hours, minutes = (int(part) for part in text.split(":"))
    if not (0 <= hours < 24 and 0 <= minutes < 60):
        raise ValueError(text)
    return hours * 60 + minutes


def _as_time(minute: int | None) -> str:
    return "" if minute is None else f"{minute // 60:02}:{minute % 60:02}"
