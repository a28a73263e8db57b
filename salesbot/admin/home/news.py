"""News for whoever is signed in: what they hear of and how, and what is new for an open page."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import abort, flash, jsonify, redirect, request
from flask_admin import BaseView, expose
from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from salesbot import clock
from salesbot.admin.access import asked
from salesbot.admin.access.guard import Guard
from salesbot.admin.home import figures
from salesbot.admin.shown import reader
from salesbot.admin.shown.noted import noted
from salesbot.extensions import db, reading, transaction
from salesbot.models import NoticePush
from salesbot.models.news import NEWS_KINDS
from salesbot.newsmail import sentence
from salesbot.services import devices, news, shop

_TITLES = {
    "person": lazy_gettext("Somebody waits for a person"),
    "failed": lazy_gettext("A message or a delivery failed"),
    "payment": lazy_gettext("A picture of a payment is there to check"),
    "stock": lazy_gettext("Keys run out"),
}


class NewsView(Guard, BaseView):
    """`/admin/news/`."""

    needs = dict.fromkeys(
        ("index", "save", "latest", "key", "add", "known", "off", "test", "tested", "remove"), "look"
    )

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
            devices=devices.of_person(current_user),
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
            choice = news.choice_of(current_user.id)
            db.session.add(choice)
            # A kind that the page did not offer stays as it is: their role may be another tomorrow.
            for name in (*(kind for kind in NEWS_KINDS if kind in form.getlist("offered")), "sound", "email"):
                setattr(choice, name, name in form)
            choice.quiet_from, choice.quiet_to = quiet if None not in quiet else (None, None)
            choice.zone = zone
        flash(gettext("It is kept."), "success")
        return redirect(self.get_url(".index"))

    @expose("/latest")
    def latest(self) -> Any:
        """For an open page: how much needs somebody, and what is new since the notice `after`."""
        after = asked.number(request.args, "after")
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

    @expose("/key", methods=["POST"])
    def key(self) -> Any:
        """The shop's public key, which a browser subscribes with."""
        with transaction():
            public = devices.public_key()
        return jsonify(key=public)

    @expose("/device", methods=["POST"])
    def add(self) -> Any:
        """Lets this browser in; `old` is the address that it had until now, which must be known then."""
        form, person = request.form, current_user
        try:
            with transaction():
                old = form.get("old", "")
                if old and not devices.is_of(person, old):
                    return jsonify(words=_words_for("keys")), 409
                if old:
                    devices.remove(old)
                agent = request.headers.get("User-Agent", "")
                devices.add(
                    person, form.get("endpoint", ""), form.get("p256dh", ""), form.get("auth", ""), agent
                )
        except devices.NoDevice as exc:
            return jsonify(words=_words_for(exc.reason)), 400
        return jsonify(on=True)

    @expose("/device/known", methods=["POST"])
    def known(self) -> Any:
        """Whether this browser tells whoever asks."""
        with reading():
            on = devices.is_of(current_user, request.form.get("endpoint", ""))
            db.session.rollback()
        return jsonify(on=on)

    @expose("/device/off", methods=["POST"])
    def off(self) -> Any:
        """Lets this browser go."""
        with transaction():
            devices.remove(request.form.get("endpoint", ""))
        return jsonify(on=False)

    @expose("/device/<int:number>/remove", methods=["POST"])
    def remove(self, number: int) -> Response:
        """Lets one of their own devices go, such as a phone that is lost."""
        with transaction():
            mine = [one for one in devices.of_person(current_user) if one.id == number]
            for device in mine:
                db.session.delete(device)
        if not mine:
            abort(404)
        flash(gettext("This device hears nothing any more."), "success")
        return redirect(self.get_url(".index"))

    @expose("/test", methods=["POST"])
    def test(self) -> Any:
        """Has the worker send a word to this browser; `tested` says what became of it."""
        endpoint = request.form.get("endpoint", "")
        with transaction():
            device = devices.by_endpoint(endpoint) if devices.is_of(current_user, endpoint) else None
            number = devices.test(device).id if device is not None else None
        return (jsonify(words=_words_for("unknown")), 404) if number is None else jsonify(test=number)

    @expose("/test/<int:number>")
    def tested(self, number: int) -> Any:
        """What became of a test."""
        found = db.session.get(NoticePush, number)
        if found is None:  # its device is gone, and it went along
            return jsonify(state="failed", words=_words_for("unknown"))
        if found.device.staff_id != current_user.id:
            abort(404)
        states = {
            "sent": gettext("It is sent. If nothing shows, look whether this device silences the browser."),
            "failed": gettext("It could not be sent: %(why)s.", why=noted(found.problem)),
        }
        waits = gettext("It is on its way …")
        if found.problem:
            waits = gettext("It is tried again soon: %(why)s.", why=noted(found.problem))
        return jsonify(state=found.state, words=states.get(found.state, waits))


def _words_for(reason: str) -> str:
    words = {
        "service": gettext("The push service of this browser is not known here, so it can't be used."),
        "keys": gettext("This browser did not say how to reach it. Reload the page and try once more."),
        "unknown": gettext("This device is not known any more. Switch it on again."),
    }
    return words[reason]


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
