"""Random stories of buyers, payments, refunds, expiries and crashes: nothing is lost, nothing double.

Many more by hand: `python -m benchmarks.faults`.
"""

from __future__ import annotations

import pytest

from tests.faults.schedule import Schedule

pytestmark = pytest.mark.both_databases


def test_keys_given_are_keys_paid_for_and_money_in_is_orders_and_refunds(world):
    for seed in range(1, 4):
        assert Schedule(world, seed).tell() == [], f"seed {seed}"
    assert world.kills > 3, "hardly anything died"
