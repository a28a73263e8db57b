"""Things that not every machine has: tests that want one are skipped aloud, or fail if it is required.

`SALESBOT_TEST_REQUIRE=postgresql,browser,nginx` makes an absent one a failure.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import NoReturn

import pytest

REQUIRE = "SALESBOT_TEST_REQUIRE"
NAMES = {"postgresql": "PostgreSQL", "browser": "a browser", "nginx": "nginx", "systemd": "systemd"}


def lacking(need: str, why: str) -> NoReturn:
    """Ends the test that asked for `need`: skipped, or failed where it is required."""
    if need in required():
        pytest.fail(f"needs {NAMES[need]}, and {REQUIRE} asks for it: {why}", pytrace=False)
    pytest.skip(f"needs {NAMES[need]}: {why}")


def required() -> set[str]:
    return {word.strip() for word in os.environ.get(REQUIRE, "").split(",") if word.strip()}


def pytest_configure() -> None:
    if unknown := required() - NAMES.keys():
        raise pytest.UsageError(
            f"{REQUIRE} knows {', '.join(sorted(NAMES))}, not {', '.join(sorted(unknown))}"
        )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says in a line each what could not be run; xdist's workers report to the same place."""
    left_out: Counter[str] = Counter()
    for report in terminalreporter.getreports("skipped"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        left_out.update([reason.removeprefix("Skipped: ")])
    for name in NAMES.values():
        for reason, count in left_out.items():
            if reason.startswith(f"needs {name}: "):
                why = reason.partition(": ")[2]
                terminalreporter.write_line(
                    f"NOT RUN: {count} tests that need {name}, because {why}", yellow=True
                )
