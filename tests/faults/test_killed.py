"""gunicorn and the worker killed by SIGKILL at any moment, while Twilio misbehaves.

Thousands of kills by hand: `python -m benchmarks.faults --kills`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.faults.schedule import Schedule

pytestmark = pytest.mark.both_databases

KILLS = 20
KEY = re.compile(rb"KEY-\d+-\d+")


def test_after_twenty_kills_each_order_is_right_and_each_key_was_given_once(processes, tmp_path):
    story = Schedule(processes, seed=1, crashes=0.9)
    while processes.kills < KILLS:
        story.goes_on(3)
    assert story.tell(0) == []
    assert processes.secrets
    assert processes.books.in_clear() == []
    folders = (tmp_path, Path(processes.app.instance_path))
    written = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert [path.name for path in written if KEY.search(path.read_bytes())] == [], (
        "databases, logs, all of it"
    )
