"""The menu as staff arrange it: the order of its lines, their titles in each language, and hidden ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, jsonify, redirect, request
from flask_admin import BaseView, expose
from flask_babel import gettext, lazy_gettext

from salesbot.admin.access.guard import Guard
from salesbot.admin.rules import SHOP
from salesbot.admin.shop import trial
from salesbot.admin.shown.noted import because
from salesbot.errors import WrongState
from salesbot.extensions import transaction
from salesbot.messages import Choice
from salesbot.replies import LONGEST_ID
from salesbot.services import languages, menu, shop
from salesbot.services.menu import Arranged


class MenuView(Guard, BaseView):
    """`/admin/menu/`."""

    needs = dict.fromkeys(("index", "preview", "reset"), "change")

    def __init__(self) -> None:
        super().__init__(
            name=lazy_gettext("Menu"),
            category=SHOP,
            endpoint="admin_menu",
            url="menu",
            menu_icon_type="fa",
            menu_icon_value="fa-list-ol",
        )

    @expose("/", methods=["GET", "POST"])
    def index(self) -> Any:
        """The lines; a button of a line that moves it saves, too, for browsers without script."""
        known = trial.menu_lines()
        codes = list(shop.setting("LANGUAGES"))
        lines = _stored(known)
        wrong = ""
        if request.method == "POST":
            lines = _moved(_typed(known, codes), request.form.get("up"), request.form.get("down"))
            try:
                with transaction():
                    menu.save(lines, request.form.get("seen"))
            except WrongState as exc:
                wrong = because(exc)
            else:
                flash(gettext("Saved. It counts from the next message on."), "success")
                return redirect(self.get_url(".index"))
        return self.render(
            "admin/menu.html",
            lines=lines,
            known={**{line.choice: {} for line in lines}, **known},
            seen=menu.version(),
            codes={code: languages.name(code).capitalize() for code in codes},
            longest=menu.LONGEST_TITLE,
            arranged=bool(shop.state().menu),
            wrong=wrong,
        )

    @expose("/preview", methods=["POST"])
    def preview(self) -> Any:
        """The menu as somebody would get it who writes now."""
        codes = list(shop.setting("LANGUAGES"))
        code = request.form.get("language", codes[0])
        lines = _typed(trial.menu_lines(), codes)
        with trial.undone():
            try:
                menu.save(lines)
            except WrongState as exc:
                return jsonify({"problem": because(exc)})
            return jsonify({"message": trial.menu_message(code if code in codes else codes[0])})

    @expose("/reset", methods=["POST"])
    def reset(self) -> Any:
        """Everything as the plugins bring it."""
        with transaction():
            menu.reset()
        flash(gettext("The menu is as it was at first."), "success")
        return redirect(self.get_url(".index"))


def _stored(known: Mapping[str, Any]) -> list[Arranged]:
    """The lines as they are arranged now; those that nobody sees at the moment keep their place."""
    state = shop.state().menu
    order = menu.in_order([Choice(number, "") for number in known], state)
    return [
        Arranged(line.id, state[line.id].hidden, state[line.id].titles)
        if line.id in state
        else Arranged(line.id, hidden=False, titles={})
        for line in order
    ]


def _typed(known: Mapping[str, Any], codes: Sequence[str]) -> list[Arranged]:
    """What the form says; titles in languages that it has no field for stay.

    A line that was shown when the form was made may be gone by now, such as a cart that was bought.
    """
    state = shop.state().menu
    lines = []
    for number in dict.fromkeys(request.form.getlist("line")):
        if number not in known and not _may_be_a_line(number):
            continue
        titles = dict(state[number].titles) if number in state else {}
        for code in codes:
            field = f"title-{code}-{number}"
            titles[code] = request.form.get(field, titles.get(code, "")).strip()
        hidden = f"hide-{number}" in request.form
        lines.append(Arranged(number, hidden, {code: title for code, title in titles.items() if title}))
    return lines


def _may_be_a_line(number: str) -> bool:
    return 0 < len(number) <= LONGEST_ID and number.isprintable()


def _moved(lines: list[Arranged], up: str | None, down: str | None) -> list[Arranged]:
    places = [line.choice for line in lines]
    for number, step in ((up, -1), (down, 1)):
        if number in places:
            here = places.index(number)
            there = min(max(here + step, 0), len(lines) - 1)
            lines.insert(there, lines.pop(here))
    return lines
