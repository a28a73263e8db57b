"""Shops whose processes may die."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from salesbot.testing.stripe import StandIn
from tests.faults import world as worlds
from tests.faults.world import World


@pytest.fixture
def stripe() -> Iterator[StandIn]:
    """The stand-in; what the real one does not know fails the test."""
    with StandIn() as stand_in:
        yield stand_in
    assert stand_in.problems == []


@pytest.fixture
def salesbot_config(stripe) -> dict[str, Any]:
    return worlds.settings(stripe)


@pytest.fixture
def world(app, twilio, stripe) -> Iterator[World]:
    with worlds.in_process(app, twilio, stripe) as found:
        yield found


@pytest.fixture
def processes(app, twilio, stripe, tmp_path) -> Iterator[World]:
    with worlds.in_processes(app, twilio, stripe, tmp_path / "faults") as found:
        yield found
