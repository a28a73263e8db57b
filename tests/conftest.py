"""What every test can ask for."""

from __future__ import annotations

from hypothesis import settings

pytest_plugins = [
    "tests.support.needs",
    "tests.support.postgres",
    "tests.support.shops",
    "tests.support.browser",
    "tests.support.installs",
    "tests.support.full_disk",
]

# The same examples every time, and no deadline: a shared machine may be slow for a moment.
settings.register_profile("salesbot", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("salesbot")
