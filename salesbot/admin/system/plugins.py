"""The plugins: what each is, whether it works, and the switch."""

from __future__ import annotations

import logging
from typing import Any

from flask import abort, current_app, flash, redirect, request
from flask_admin import BaseView, expose
from flask_babel import gettext, lazy_gettext
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from salesbot import plugin_manager
from salesbot.admin.access.guard import Guard
from salesbot.admin.rules import SYSTEM
from salesbot.database import writing
from salesbot.extensions import db, transaction
from salesbot.migrations import of_plugins
from salesbot.models import PluginFailure, PluginState, PluginUsage
from salesbot.plugin_manager import Manager
from salesbot.services import plugin_usage, shop

log = logging.getLogger(__name__)


class PluginsView(Guard, BaseView):
    """`/admin/plugins/`."""

    needs = {"index": "look", "switch": "run"}

    def __init__(self) -> None:
        super().__init__(
            name=lazy_gettext("Plugins"),
            category=SYSTEM,
            endpoint="admin_plugins",
            url="plugins",
            menu_icon_type="fa",
            menu_icon_value="fa-puzzle-piece",
        )

    @expose("/")
    def index(self) -> Any:
        """All plugins: state, order, hooks, settings, calls and failures."""
        manager = plugin_manager.current()
        _write_down(manager)
        behind = _behind(manager)
        newest = select(func.max(PluginFailure.id)).group_by(PluginFailure.plugin)
        failures = db.session.scalars(select(PluginFailure).where(PluginFailure.id.in_(newest)))
        counted = select(PluginFailure.plugin, func.count(PluginFailure.id)).group_by(PluginFailure.plugin)
        asked = dict.fromkeys(plugin.name for plugin, _impl in manager.in_order("salesbot_handle_message"))
        return self.render(
            "admin/plugins.html",
            plugins=sorted(manager.all, key=lambda plugin: (plugin.built_in, plugin.name)),
            states={state.name: state for state in db.session.scalars(select(PluginState))},
            failures={failure.plugin: failure for failure in failures},
            failed={name: count for name, count in db.session.execute(counted)},  # noqa: C416 - rows, not pairs
            usage={row.name: row for row in db.session.scalars(select(PluginUsage))},
            places={name: place for place, name in enumerate(asked, 1)},
            settings=manager.settings,
            behind=behind,
            disabled=sorted(current_app.config["DISABLED_PLUGINS"]),
            safe_mode=current_app.config["SAFE_MODE"],
        )

    @expose("/<plugin>/switch", methods=["POST"])
    def switch(self, plugin: str) -> Response:
        """Switches a plugin on or off, for every process, from the next message on."""
        if plugin_manager.current().named(plugin) is None:
            abort(404)
        on = request.form.get("on") == "1"
        with transaction():
            shop.switch_plugin(plugin, on=on, reason="" if on else "switched off in the back office")
        said = gettext("%(name)s is on.", name=plugin) if on else gettext("%(name)s is off.", name=plugin)
        flash(said, "success")
        return redirect(f"{self.get_url('.index')}#{plugin}")


def _write_down(manager: Manager) -> None:
    """Lets the page show what this very process has seen until now."""
    db.session.rollback()
    with writing():
        plugin_usage.write_down(manager.plugins)


def _behind(manager: Manager) -> set[str]:
    """Plugins whose tables are older than their code, or whose migrations can't be read."""
    found = set()
    for plugin in manager.plugins:
        try:
            if of_plugins.is_behind(plugin, db.session.connection()):
                found.add(plugin.name)
        except Exception:  # a plugin's hook and its revisions may raise anything
            log.exception("the migrations of plugin %s can't be read", plugin.name)
            db.session.rollback()
            found.add(plugin.name)
    return found
