"""Each kind of value has one formatter, and no page draws its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import g

import salesbot
from salesbot.admin.shown import formatters

HOME = Path(salesbot.__file__).parent
OWN = {
    "a pill": r'<span class="sb-pill',
    "a telephone number": r"removeprefix\(.whatsapp:.\)",
    "a time": r"<time|strftime|format_datetime",
    "money": r"\bshow\(|format_currency|%\.2f|:\.2f",
    "structured data": r'<pre class="sb-json">',
}
FIELDS = {
    "admin/system/whatsapp.py",
    "admin/rows/import_cells.py",
    "admin/shown/reader.py",
    "admin/shop/links.py",
    "admin/shop/trial.py",
}
"""What reads and writes fields and files, or shows a value as customers read it."""


@pytest.mark.parametrize("kind", OWN)
def test_no_page_draws_a_value_by_itself(kind):
    pages = [*(HOME / "admin").rglob("*.py"), *(HOME / "templates" / "admin").rglob("*.html")]
    assert len(pages) > 80
    found = [
        page.relative_to(HOME).as_posix()
        for page in pages
        if page.name != "formatters.py" and re.search(OWN[kind], page.read_text("utf-8"))
    ]
    assert set(found) <= FIELDS


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("price", 1999, "$19.99"),
        ("price", None, "nothing"),
        ("active", False, "no"),
        ("state", "no_stock", "paid, no key left"),
        ("role", "agent", "agent"),
        ("address", "whatsapp:+491511234567", "+491511234567"),
        ("title", "2026 was <b>good</b>", "2026 was <b>good</b>"),
        ("position", 3, "3"),
        ("notes", "2026-99-99T9Z", "2026-99-99T9Z"),
        ("notes", "0001-01-01T00:00+23:00", "0001-01-01T00:00+23:00"),
    ],
)
def test_a_value_in_a_file_or_in_the_audit_looks_as_everywhere(app, name, value, shown):
    with app.test_request_context("/admin/"):
        g.pop("_flask_babel", None)
        assert str(formatters.plainly(name, value)) == shown


def test_a_moment_in_the_audit_is_shown_by_the_reader_s_clock(app):
    with app.test_request_context("/admin/"):
        assert "<time" in formatters.plainly("paid_at", "2026-01-15T18:30:00+00:00")
