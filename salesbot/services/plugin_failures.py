"""Plugin failures as rows, and the rule that switches a plugin off that fails too often."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from salesbot import clock
from salesbot.database import db
from salesbot.models import PluginFailure
from salesbot.services import shop

TOO_MANY = 5
WITHIN = timedelta(minutes=10)


def record(plugin: str, hook: str, error: str) -> None:
    """Keeps a failure; the fifth in ten minutes switches the plugin off for every process."""
    db.session.add(PluginFailure(plugin=plugin, hook=hook, error=error))
    db.session.flush()
    recent = db.session.scalar(
        select(func.count(PluginFailure.id)).where(
            PluginFailure.plugin == plugin, PluginFailure.at > clock.now() - WITHIN
        )
    )
    if recent is not None and recent >= TOO_MANY and plugin not in shop.state().switched_off:
        reason = f"{recent} failures in {WITHIN.seconds // 60} minutes; the last: {error}"
        shop.switch_plugin(plugin, on=False, reason=reason, by_itself=True)
