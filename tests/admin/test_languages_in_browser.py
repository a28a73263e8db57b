"""The back office in a language with longer words, as a browser shows it."""

from __future__ import annotations

from tests.admin.conftest import SIZES
from tests.admin.test_browser import PAGES, busy_shop  # noqa: F401 - a fixture

CUT = """
[...document.querySelectorAll("button, .btn, .sb-pill, .sb-nav-link, label, h1, h2")]
  .filter((one) => one.offsetParent && getComputedStyle(one).overflow !== "visible" && one.clientWidth > 1 && one.scrollWidth > one.clientWidth + 1)
  .map((one) => one.textContent.trim())
"""
"""Words that end at the edge of what they stand in."""


def test_longer_words_fit_as_well(desk, address, busy_shop):  # noqa: F811 - the fixture
    """Spanish takes a quarter more room; the language is chosen on the account's page, and there at once."""
    desk.goto(f"{address}/admin/account/")
    desk.get_by_label("Language").select_option("es")
    desk.get_by_role("button", name="Save", exact=True).click()
    desk.get_by_role("heading", name="Tu cuenta").wait_for()
    for page in PAGES:
        desk.goto(address + page)
        assert desk.locator("html").get_attribute("lang") == "es", page
        for size, viewport in SIZES.items():
            desk.set_viewport_size(viewport)
            assert desk.evaluate("document.documentElement.scrollWidth") <= viewport["width"], (page, size)
            assert desk.evaluate(CUT) == [], (page, size)
