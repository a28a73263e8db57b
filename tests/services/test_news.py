"""Quiet hours, as whoever chose them reads a clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from salesbot.models import NewsChoice
from salesbot.services import news


@pytest.mark.parametrize(("hour", "until"), [(21, None), (23, 7), (3, 7), (7, None), (12, None)])
def test_quiet_hours_span_midnight(hour, until):
    """From 22 to 7 in the zone of whoever chose them."""
    choice = NewsChoice(quiet_from=22 * 60, quiet_to=7 * 60, zone="Europe/Berlin")
    moment = datetime(2026, 1, 10, hour, 30, tzinfo=UTC) - timedelta(hours=1)
    found = news.quiet_until(choice, moment)
    assert (found and (found + timedelta(hours=1)).hour) == until
