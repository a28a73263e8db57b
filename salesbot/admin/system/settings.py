"""The shop's own settings, those that plugins declare included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app, flash, redirect, request
from flask_admin import BaseView, expose
from flask_babel import gettext, lazy_gettext

from salesbot import plugin_manager
from salesbot.admin.access.guard import Guard
from salesbot.admin.rules import SYSTEM
from salesbot.admin.shown.meanwhile import fingerprint, merge
from salesbot.admin.shown.noted import because, noted
from salesbot.errors import ConfigError
from salesbot.extensions import transaction
from salesbot.messages import Setting
from salesbot.options import OPTIONS
from salesbot.services import shop
from salesbot.texts import translator

_TITLES = {
    "SHOP_NAME": lazy_gettext("Name of the shop"),
    "SHOP_ADDRESS": lazy_gettext("Address on receipts"),
    "CURRENCY": lazy_gettext("Currency"),
    "LANGUAGES": lazy_gettext("Languages"),
    "ORDER_MINUTES": lazy_gettext("Minutes to pay"),
    "REMIND_MINUTES": lazy_gettext("Minutes before the end to remind"),
    "NUDGE_MINUTES": lazy_gettext("Minutes of silence until one question"),
    "QUIET_MINUTES": lazy_gettext("Minutes until a quiet chat goes back to the bot"),
    "DOCUMENTS_IN_CHAT": lazy_gettext("Files into the chat"),
    "DOWNLOADS": lazy_gettext("Downloads of a file"),
    "DOWNLOAD_DAYS": lazy_gettext("Days to download"),
    "KEEP_MONTHS": lazy_gettext("Keep messages"),
    "LOW_STOCK": lazy_gettext("Few keys left"),
}
_HELPS = {
    "SHOP_NAME": lazy_gettext("The shop's name as customers read it."),
    "SHOP_ADDRESS": lazy_gettext(
        "The shop's address as it stands on receipts, with a tax number where the law wants one."
    ),
    "CURRENCY": lazy_gettext("The currency of all prices."),
    "LANGUAGES": lazy_gettext("Languages of the shop, the first one is the usual one."),
    "ORDER_MINUTES": lazy_gettext("How long an unpaid order holds its goods, in minutes."),
    "REMIND_MINUTES": lazy_gettext("Remind of an unpaid order this many minutes before it ends; 0: never."),
    "QUIET_MINUTES": lazy_gettext(
        "A chat that a person answers goes back to the bot after this many minutes without a word; 0: never."
    ),
    "NUDGE_MINUTES": lazy_gettext(
        "Ask once, after so many minutes of silence, whether somebody who looked at a product "
        "wants to go on; 0: never."
    ),
    "DOWNLOADS": lazy_gettext("How often a bought file may be downloaded."),
    "DOWNLOAD_DAYS": lazy_gettext("How many days a download link works."),
    "LOW_STOCK": lazy_gettext("Say so when a product has this many keys left or fewer."),
    "DOCUMENTS_IN_CHAT": lazy_gettext(
        "Yes: a bought file comes in the chat itself where WhatsApp takes it, which is one more message. "
        "No: only as a link."
    ),
    "KEEP_MONTHS": lazy_gettext(
        "Older messages, their files and your notes beside them are deleted for good, from one day after you "
        "save it. Orders, payments and figures stay."
    ),
}
_CHOICES: dict[str, list[tuple[str, Any]]] = {
    "KEEP_MONTHS": [
        ("0", lazy_gettext("for ever")),
        ("3", lazy_gettext("for 3 months")),
        ("6", lazy_gettext("for 6 months")),
        ("12", lazy_gettext("for a year")),
        ("24", lazy_gettext("for two years")),
    ],
}
_YES_NO = [("1", lazy_gettext("yes")), ("0", lazy_gettext("no"))]


@dataclass
class Line:
    """One setting on the page. `key` is its name for `shop.save`, `fixed` where it was decided."""

    key: str
    title: Any
    help: Any
    value: str
    secret: bool = False
    tall: bool = False
    choices: Sequence[tuple[str, Any]] = ()
    fixed: str = ""
    problem: str = ""
    was: str = ""  # a fingerprint of what the page shows; "" for a secret, which it never shows

    def __post_init__(self) -> None:
        """Keeps what it was: `value` may be what somebody typed."""
        self.was = "" if self.secret else fingerprint(self.value)

    def take(self, typed: str) -> str:
        """What of a text to keep; where somebody changed it too, `problem` says so."""
        if self.secret:
            return typed
        words = dict(self.choices).get(self.value)
        merged = merge(request.form, self.key, typed, self.value, words)
        self.problem = merged.problem
        return str(merged.value)


class SettingsView(Guard, BaseView):
    """`/admin/settings/`."""

    def __init__(self) -> None:
        super().__init__(
            name=lazy_gettext("Settings"),
            category=SYSTEM,
            endpoint="admin_settings",
            url="settings",
            menu_icon_type="fa",
            menu_icon_value="fa-sliders",
        )

    needs = {"index": "run"}

    @expose("/", methods=["GET", "POST"])
    def index(self) -> Any:
        """The form, and what was typed into it."""
        groups = [("", core_lines("settings")), *_plugin_lines()]
        if request.method == "POST":
            lines = [line for _, group in groups for line in group if not line.fixed]
            if save_lines(lines):
                flash(gettext("Saved. It counts from the next message on."), "success")
                return redirect(self.get_url(".index"))
        return self.render("admin/settings.html", groups=groups)


def save_lines(lines: Sequence[Line]) -> bool:
    """Keeps everything or, when one text can't be used, nothing."""
    # What a form does not hold, such as one that was opened before an update, stays as it is.
    typed = {line.key: line.take(_clean(request.form.get(line.key, line.value))) for line in lines}
    changed = [line for line in lines if typed[line.key] != line.value]
    try:
        with transaction():
            for line in changed:
                if line.problem:
                    continue
                try:
                    shop.save(line.key, typed[line.key], secret=line.secret)
                except ConfigError as exc:
                    line.problem = because(exc)
            if any(line.problem for line in changed):
                raise ConfigError("nothing is saved")
    except ConfigError:
        for line in lines:
            line.value = "" if line.secret else typed[line.key]
        return False
    return True


def core_lines(page: str) -> list[Line]:
    """The core settings that are typed on a page of the back office, as they are now."""
    fixed = current_app.config["FIXED"]
    return [
        Line(
            key=option.name,
            title=_TITLES.get(option.name, option.name.replace("_", " ").capitalize()),
            help=_HELPS.get(option.name, f"{option.meaning[:1].upper()}{option.meaning[1:]}."),
            value="" if option.secret else _text(shop.setting(option.name)),
            secret=option.secret,
            tall=option.name == "SHOP_ADDRESS",
            choices=_YES_NO if isinstance(option.default, bool) else _CHOICES.get(option.name, ()),
            fixed=shop.name_outside(option) if option.name in fixed else "",
        )
        for option in OPTIONS
        if option.in_back_office and option.page == page
    ]


def title_of(plugin: str, setting: Setting) -> str:
    """A setting's name, from the catalogues of its plugin or from ours."""
    found = plugin_manager.current().named(plugin)
    home = str(getattr(found.module if found is not None else None, "__name__", "salesbot"))
    said = translator(home)(setting.title)
    return said if said != setting.title else noted(setting.title)


def _plugin_lines() -> list[tuple[str, list[Line]]]:
    """The settings of each plugin that declares any, under its name."""
    fixed = {*current_app.config["FIXED"], *current_app.config.get("PLUGIN_SETTINGS", {})}
    groups = []
    for plugin, declared in sorted(plugin_manager.current().settings.items()):
        lines = [
            Line(
                key=f"{plugin}.{setting.name}",
                title=title_of(plugin, setting),
                help=gettext("Kept encrypted; leave it empty to keep the old one.") if setting.secret else "",
                value="" if setting.secret else shop.plugin_setting(plugin, setting),
                secret=setting.secret,
                tall=not setting.secret,
                fixed=shop.environment_name(setting) if setting.name.upper() in fixed else "",
            )
            for setting in declared
        ]
        groups.append((plugin, lines))
    return groups


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
