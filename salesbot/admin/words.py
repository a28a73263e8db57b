"""What the bot says, in the shop's own words: the greeting, the hours, and every other sentence."""

from __future__ import annotations

from typing import Any

from babel.dates import get_day_names
from flask import abort, current_app, flash, redirect, request
from flask_admin import BaseView, expose
from flask_babel import gettext, lazy_gettext

from salesbot import plugin_manager
from salesbot.admin import reader
from salesbot.admin.formatters import moment
from salesbot.admin.guard import Guard
from salesbot.admin.noted import because
from salesbot.admin.roles import staff_name
from salesbot.admin.rules import SHOP
from salesbot.errors import SalesbotError
from salesbot.extensions import transaction
from salesbot.services import languages, shop, words
from salesbot.week import DAYS

GREETING = ("salesbot_greeting", "Welcome to {shop}. What would you like?")


class WordsView(Guard, BaseView):
    """`/admin/words/`."""

    needs = {"index": "change", "history": "change"}

    def __init__(self) -> None:
        super().__init__(
            name=lazy_gettext("Words"),
            category=SHOP,
            endpoint="admin_words",
            url="words",
            menu_icon_type="fa",
            menu_icon_value="fa-comment-dots",
        )

    @expose("/", methods=["GET", "POST"])
    def index(self) -> Any:
        """All sentences of a language, those of a plugin, or those that hold some words."""
        codes = list(shop.setting("LANGUAGES"))
        code = request.args.get("language", codes[0])
        if code not in codes:
            abort(404)
        every = words.lines(_packages(), code)
        typed: dict[str, str] = {}
        wrong: dict[str, str] = {}
        if request.method == "POST":
            typed = {name: text.replace("\r\n", "\n").strip() for name, text in request.form.items()}
            wrong = _save(every, code, typed)
            if not wrong:
                flash(gettext("Saved. It counts from the next message on."), "success")
                return redirect(request.full_path)
        return self.render(
            "admin/words.html",
            code=code,
            codes={one: languages.name(one).capitalize() for one in codes},
            greeting=next((pair for pair in _keyed(every) if _is_greeting(pair[1])), None),
            lines=[pair for pair in _keyed(every) if not _is_greeting(pair[1])],
            packages=_packages(),
            days=_days(),
            days_off=" ".join(shop.setting("DAYS_OFF")),
            zone=shop.setting("TIMEZONE"),
            hours_fixed=bool({"HOURS", "DAYS_OFF", "TIMEZONE"} & current_app.config["FIXED"]),
            shop_says=shop.setting("SHOP_NAME"),
            typed=typed,
            wrong=wrong,
        )

    @expose("/history")
    def history(self) -> Any:
        """Every change of one sentence."""
        asked = [request.args.get(name, "") for name in ("package", "language", "sentence")]
        return self.render(
            "admin/words_history.html", sentence=asked[2], changes=words.history(*asked), moment=moment
        )


def _packages() -> list[str]:
    """The core and every package that an active plugin lives in, in the order of the plugins."""
    homes = [
        str(getattr(plugin.module, "__name__", "")).partition(".")[0]
        for plugin in sorted(plugin_manager.current().plugins, key=lambda plugin: plugin.sort_key())
    ]
    return [home for home in dict.fromkeys([*homes, words.CORE]) if home]


def _keyed(lines: list[words.Line]) -> list[tuple[str, words.Line]]:
    """Each line with the name of its box, which stays the same while the code does."""
    return [(f"line-{number}", line) for number, line in enumerate(lines)]


def _is_greeting(line: words.Line) -> bool:
    return (line.package, line.sentence) == GREETING


def _days() -> list[tuple[str, str, str]]:
    """Box, name and hours of each day."""
    names, week = get_day_names("wide", locale=reader.language()), shop.setting("HOURS")
    return [
        (f"day-{day}", str(names[number]).capitalize(), week.get(day, "")) for number, day in enumerate(DAYS)
    ]


def _save(every: list[words.Line], code: str, typed: dict[str, str]) -> dict[str, str]:
    """Keeps everything or nothing; what is wrong, by the name of the box."""
    wrong: dict[str, str] = {}
    try:
        with transaction():
            for key, line in _keyed(every):
                # The form says which sentence a box was for: another version may have others.
                if typed.get(f"{key}-of") != line.sentence or typed.get(key, line.own) == line.own:
                    continue
                _attempt(wrong, key, words.change, line.package, code, line.sentence, typed[key])
            _save_hours(typed, wrong)
            if wrong:
                raise SalesbotError("nothing is saved")
    except SalesbotError:
        if not wrong:
            raise
    return wrong


def _save_hours(typed: dict[str, str], wrong: dict[str, str]) -> None:
    if "day-mon" not in typed:
        return
    hours = "; ".join(f"{day} {typed[f'day-{day}']}" for day in DAYS if typed.get(f"day-{day}"))
    texts = {"HOURS": hours, "DAYS_OFF": typed.get("days-off", ""), "TIMEZONE": typed.get("zone", "")}
    for name, text in texts.items():
        if shop.state().texts.get(name, "") == text or (not text and name == "TIMEZONE"):
            continue
        try:
            shop.save(name, text)
        except SalesbotError as exc:
            wrong[name] = because(exc)


def _attempt(wrong: dict[str, str], key: str, change: Any, *values: str) -> None:
    try:
        change(*values, who=staff_name())
    except SalesbotError as exc:
        wrong[key] = because(exc)
