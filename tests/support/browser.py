"""A real browser for tests: one Chromium for each worker, and pages that may ask nobody else.

Taken from `SALESBOT_TEST_CHROMIUM`, the system, or Playwright's own download, in this order.
Without any, tests that ask for it are skipped, or fail if required.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.support.needs import lacking

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Response, Route

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_PROGRAMS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
# A browser that runs as root has no sandbox; the rest keeps it from calling home.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
PARTS = {"stylesheet", "script", "image", "font", "media"}
DESK = {"width": 1360, "height": 850}
PHONE = {"width": 390, "height": 844}


def find_chromium(playwright: Playwright) -> str | None:
    if named := os.environ.get("SALESBOT_TEST_CHROMIUM"):
        return named
    for program in PROGRAMS:
        if path := shutil.which(program):
            return path
    downloaded = playwright.chromium.executable_path
    return next((path for path in (*MAC_PROGRAMS, downloaded) if Path(path).exists()), None)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests share one worker: a second browser would cost more than it saves."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window, started when the first test asks for it."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        lacking("browser", "Playwright is not installed")
    try:
        playwright = sync_playwright().start()
    except Exception as problem:  # noqa: BLE001 - it raises nothing more telling
        lacking("browser", f"{problem} (Debian and Ubuntu: sudo apt install libatomic1)")
    try:
        path = find_chromium(playwright)
        if path is None:
            lacking("browser", "there is none here (Debian and Ubuntu: sudo apt install chromium)")
        try:
            chromium = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        except Error as problem:
            lacking("browser", f"{path} does not start: {problem.message.splitlines()[0]}")
        yield chromium
        chromium.close()
    finally:
        playwright.stop()


@contextmanager
def watched_page(browser: Browser, **options: Any) -> Iterator[Page]:
    """A page of its own; complains at the end if it asked another machine or something broke."""
    complaints: list[str] = []

    def guard(route: Route) -> None:
        if urlsplit(route.request.url).hostname in LOOPBACK:
            route.fallback()
        else:
            complaints.append(f"asked for {route.request.url}")
            route.abort()

    def hear(message: ConsoleMessage) -> None:
        # What could not be loaded is judged below: a page that answers 404 may be just right.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            complaints.append(f"said: {message.text}")

    def look(response: Response) -> None:
        if response.status >= 400 and response.request.resource_type in PARTS:
            complaints.append(f"got {response.status} for {response.url}")

    # Nothing moves or fades: what a test looks at is there at once, on a busy machine too.
    calm = {"viewport": DESK, "locale": "en-GB", "reduced_motion": "reduce"}
    context = browser.new_context(**{**calm, **options})
    context.route(lambda url: url.startswith(("http:", "https:", "ws:", "wss:")), guard)
    page = context.new_page()
    page.on("console", hear)
    page.on("response", look)
    page.on("pageerror", lambda problem: complaints.append(f"broke: {problem}"))
    try:
        yield page
    finally:
        context.close()
    assert not complaints, f"the page {'; '.join(complaints)}"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page at a desk; `watched_page(browser, viewport=PHONE)` makes others."""
    with watched_page(browser) as page:
        yield page
