"""What the bot says, in the shop's own words: the greeting, the hours, and every other sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from babel.dates import get_day_names
from flask import abort, current_app, flash, jsonify, redirect, request
from flask_admin import BaseView, expose
from flask_babel import gettext, lazy_gettext

from salesbot.admin.access.guard import Guard
from salesbot.admin.access.roles import staff_name
from salesbot.admin.rules import SHOP
from salesbot.admin.shop import trial
from salesbot.admin.shown import reader
from salesbot.admin.shown.formatters import moment
from salesbot.admin.shown.meanwhile import fingerprint, merge
from salesbot.admin.shown.noted import because
from salesbot.errors import SalesbotError
from salesbot.extensions import transaction
from salesbot.services import languages, shop, words
from salesbot.week import DAYS

GREETING = ("salesbot_greeting", "Welcome to {shop}. What would you like?")
AWAY = (
    (
        "salesbot_support",
        (
            "Nobody is here right now. People answer: {hours}. Your message waits for them.\n"
            'Write "menu" to go on with me.'
        ),
    ),
    (
        "salesbot_checkout",
        "We are closed right now. We are open: {hours}. Your cart stays as it is until then.",
    ),
    (
        "salesbot_greeting",
        "We are closed right now. Look around; you can buy when we are open: {hours}.",
    ),
)
"""What the bot says outside the hours; the last two only where it does not sell then."""
_FIRST = (GREETING, *AWAY)


class WordsView(Guard, BaseView):
    """`/admin/words/`."""

    needs = dict.fromkeys(("index", "history", "restore", "preview"), "change")

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
        every = words.lines(trial.packages(), code)
        typed: dict[str, str] = {}
        wrong: dict[str, str] = {}
        if request.method == "POST":
            typed = {name: text.replace("\r\n", "\n").strip() for name, text in request.form.items()}
            wrong = _merge(every, typed) or _save(every, code, typed)
            if not wrong:
                flash(gettext("Saved. It counts from the next message on."), "success")
                return redirect(request.full_path)
        return self.render(
            "admin/words.html",
            code=code,
            codes={one: languages.name(one).capitalize() for one in codes},
            greeting=_of(every, (GREETING,)),
            away=_of(every, AWAY),
            lines=[pair for pair in _keyed(every) if (pair[1].package, pair[1].sentence) not in _FIRST],
            packages=trial.packages(),
            days=_days(),
            days_off=" ".join(shop.setting("DAYS_OFF")),
            zone=shop.setting("TIMEZONE"),
            sells=typed["sells"] == "1" if "sells-of" in typed else shop.setting("SELL_OUTSIDE_HOURS"),
            sells_now=shop.setting("SELL_OUTSIDE_HOURS"),
            fingerprint=fingerprint,
            hours_fixed=bool({*_HOURS, "SELL_OUTSIDE_HOURS"} & current_app.config["FIXED"]),
            shop_says=shop.setting("SHOP_NAME"),
            typed=typed,
            wrong=wrong,
        )

    @expose("/history")
    def history(self) -> Any:
        """Every change of one sentence, each of which can be brought back."""
        line, code = _asked(request.args)
        return self.render(
            "admin/words_history.html", line=line, code=code, changes=words.history(line, code), moment=moment
        )

    @expose("/restore", methods=["POST"])
    def restore(self) -> Any:
        """Says again what was said before, or the bot's own words."""
        line, code = _asked(request.form)
        text = request.form.get("text", "").replace("\r\n", "\n").strip()
        try:
            with transaction():
                words.change(line.package, code, line.sentence, text, who=staff_name(), form=line.form)
        except SalesbotError as exc:
            flash(because(exc), "error")
        else:
            flash(gettext("Saved. It counts from the next message on."), "success")
        about = {"package": line.package, "language": code, "sentence": line.sentence, "form": line.form}
        return redirect(self.get_url(".history", **about))

    @expose("/preview", methods=["POST"])
    def preview(self) -> Any:
        """A message as the bot would send it with these words, which nobody else hears."""
        line, code = _asked(request.form)
        text = request.form.get("text", "").replace("\r\n", "\n").strip()
        problem = words.problem(line.sentence, text)
        if problem:
            return jsonify({"problem": problem})
        message = None if line.is_page else trial.in_a_chat(line, text, code)
        if message is not None:
            return jsonify({"message": message, "about": gettext("As the bot says it in a chat.")})
        about = (
            gettext("This stands on a page of the shop. Places hold examples.")
            if line.is_page
            else gettext("This sentence alone. Places hold examples.")
        )
        return jsonify({"message": trial.alone(line, text, code), "about": about})


_HOURS = ("HOURS", "DAYS_OFF", "TIMEZONE")


def _asked(values: Mapping[str, str]) -> tuple[words.Line, str]:
    """The sentence that a request is about, and its language; 404 when the bot does not say it."""
    code, form = values.get("language", ""), values.get("form", "0")
    line = None
    if code in shop.setting("LANGUAGES") and form.isdecimal() and len(form) < 3:
        named = values.get("package", ""), code, values.get("sentence", "").replace("\r\n", "\n")
        line = words.find(trial.packages(), *named, int(form))
    if line is None:
        abort(404)
    return line, code


def _of(every: list[words.Line], wanted: Iterable[tuple[str, str]]) -> list[tuple[str, words.Line]]:
    """Those of the lines, in the order in which they are wanted."""
    by_sentence = {(line.package, line.sentence): (key, line) for key, line in _keyed(every)}
    return [by_sentence[one] for one in wanted if one in by_sentence]


def _keyed(lines: list[words.Line]) -> list[tuple[str, words.Line]]:
    """Each line with the name of its box, which stays the same while the code does."""
    return [(f"line-{number}", line) for number, line in enumerate(lines)]


def _days() -> list[tuple[str, str, str]]:
    """Box, name and hours of each day."""
    names, week = get_day_names("wide", locale=reader.language()), shop.setting("HOURS")
    return [
        (f"day-{day}", str(names[number]).capitalize(), week.get(day, "")) for number, day in enumerate(DAYS)
    ]


def _merge(every: list[words.Line], typed: dict[str, str]) -> dict[str, str]:
    """Puts into `typed` what is to be kept or shown again; what somebody else changed too, by box."""
    present = {key: line.own for key, line in _keyed(every) if typed.get(f"{key}-of") == line.sentence}
    if "day-mon" in typed:
        present |= {key: hours for key, _name, hours in _days()}
        present |= {"days-off": " ".join(shop.setting("DAYS_OFF")), "zone": shop.setting("TIMEZONE")}
    if "sells-of" in typed:
        typed["sells"] = "1" if typed.get("sells") == "1" else "0"
        present["sells"] = "1" if shop.setting("SELL_OUTSIDE_HOURS") else "0"
    wrong: dict[str, str] = {}
    for key, now in present.items():
        if key in typed:
            told = {"1": gettext("yes"), "0": gettext("no")}[now] if key == "sells" else now
            merged = merge(typed, key, typed[key], now, told)
            typed[key] = merged.value
            if merged.problem:
                wrong[key] = merged.problem
    return wrong


def _save(every: list[words.Line], code: str, typed: dict[str, str]) -> dict[str, str]:
    """Keeps everything or nothing; what is wrong, by the name of the box."""
    wrong: dict[str, str] = {}
    try:
        with transaction():
            for key, line in _keyed(every):
                # The form says which sentence a box was for: another version may have others.
                if typed.get(f"{key}-of") != line.sentence or typed.get(key, line.own) == line.own:
                    continue
                try:
                    words.change(
                        line.package, code, line.sentence, typed[key], who=staff_name(), form=line.form
                    )
                except SalesbotError as exc:
                    wrong[key] = because(exc)
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
    if "sells-of" in typed and (typed.get("sells", "0") == "1") != shop.setting("SELL_OUTSIDE_HOURS"):
        texts["SELL_OUTSIDE_HOURS"] = typed.get("sells", "0")
    for name, text in texts.items():
        if shop.state().texts.get(name, "") == text or (not text and name == "TIMEZONE"):
            continue
        try:
            shop.save(name, text)
        except SalesbotError as exc:
            wrong[name] = because(exc)
