"""The shop's settings and switched-off plugins: reading them, and changing them for every process."""

from __future__ import annotations

import secrets

from flask import current_app
from sqlalchemy.dialects import postgresql, sqlite

from salesbot import clock
from salesbot.database import db, table
from salesbot.errors import ConfigError, Mistyped
from salesbot.messages import Setting
from salesbot.models import PluginState, ShopRevision, ShopSetting
from salesbot.options import BY_NAME, PREFIX, Option
from salesbot.shop_state import ShopState, forget, setting, state

__all__ = [
    "ShopState",
    "changing",
    "environment_name",
    "forget",
    "is_demo",
    "name_outside",
    "plugin_setting",
    "save",
    "setting",
    "state",
    "switch_plugin",
]


def changing() -> None:
    """Begins a change of settings or plugins, which every process notices with its next message.

    Whoever else changes something at the same moment waits until this is committed.
    """
    # Not the next number: when this is undone, another change must not get the number of a state
    # that some process has seen meanwhile.
    number = secrets.randbelow(2**31 - 1) + 1
    insert = {"sqlite": sqlite, "postgresql": postgresql}[db.session.connection().dialect.name].insert
    db.session.execute(
        insert(table(ShopRevision))
        .values(id=1, number=number)
        .on_conflict_do_update(index_elements=["id"], set_={"number": number})
    )
    forget()


def plugin_setting(plugin: str, declared: Setting) -> str:
    """A plugin's setting: the environment's `SALESBOT_<NAME>`, else the back office, else its default."""
    name = declared.name.upper()
    config = current_app.config
    if name in config["PLUGIN_SETTINGS"]:
        return str(config["PLUGIN_SETTINGS"][name])
    text = None if name in config["FIXED"] else state().texts.get(f"{plugin}.{declared.name}")
    return str(config.get(name, declared.default)) if text is None else text


def save(name: str, text: str, *, secret: bool = False) -> None:
    """Keeps a setting of the shop; ConfigError with a remedy when a core setting cannot be read so.

    `name` is a core setting's, or `<plugin>.<setting>`. An empty text of a secret keeps the old one.
    """
    option: Option | None = BY_NAME.get(name)
    if option is not None:
        try:
            option.read(text)
        except Mistyped as exc:
            raise ConfigError(exc.sentence, **exc.places) from exc
    if secret and not text:
        return
    changing()
    row = db.session.get(ShopSetting, name, populate_existing=True)
    if row is None:
        row = ShopSetting(name=name)
        db.session.add(row)
    row.value, row.secret = ("", text) if secret else (text, None)
    db.session.flush()


def switch_plugin(name: str, *, on: bool, reason: str = "", by_itself: bool = False) -> None:
    """Switches a plugin on or off for every process, from the next message on."""
    changing()
    row = db.session.get(PluginState, name, populate_existing=True)
    if row is None:
        row = PluginState(name=name)
        db.session.add(row)
    row.enabled, row.reason, row.by_itself = on, reason, by_itself
    row.changed_at = clock.now()
    db.session.flush()


def environment_name(declared: Setting) -> str:
    """The environment's name of a plugin's setting; some have a customary one."""
    name = declared.name.upper()
    return name if name in BY_NAME and BY_NAME[name].customary else PREFIX + name


def name_outside(option: Option) -> str:
    """The environment's name of a core setting."""
    return option.name if option.customary else PREFIX + option.name


def is_demo() -> bool:
    """Whether this is the demo shop, where nothing costs real money."""
    return state().texts.get("demo") == "1"
