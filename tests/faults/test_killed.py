"""gunicorn and the worker killed by SIGKILL at any moment, while Twilio misbehaves.

Thousands of kills by hand: `python -m benchmarks.faults --kills`.
"""

from __future__ import annotations

import pytest

from tests.faults.schedule import Schedule

pytestmark = pytest.mark.both_databases

KILLS = 20


def test_after_twenty_kills_each_order_is_right_and_each_key_was_given_once(processes):
    story = Schedule(processes, seed=1, crashes=0.9)
    while processes.kills < KILLS:
        story.goes_on(3)
    assert story.tell(0) == []
