"""Writes the tables of settings in docs/operators.md from `salesbot.options.OPTIONS`.

Usage: make_settings_table.py. The tests compare the page with what this would write.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from salesbot.options import OPTIONS, PREFIX, Option

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "operators.md"
COMMAND = ".venv/bin/python tools/make_settings_table.py"
BEGIN = f"<!-- Made from salesbot/options.py by {COMMAND}: from here -->\n"
END = "<!-- to here -->\n"


def with_tables(page: str) -> str:
    """The page with both tables as they are now."""
    before, _begin, rest = page.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"{PAGE.name} lacks the marks between which the tables stand")
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


def tables() -> str:
    """One table of what only whoever runs the shop sets, one of what staff can type as well."""
    parts = [
        *_table(option for option in OPTIONS if not option.in_back_office),
        "",
        "These can also be typed in the back office, under Settings or Connect WhatsApp, and count at once:",
        "",
        *_table(option for option in OPTIONS if option.in_back_office),
    ]
    return "\n".join(parts) + "\n"


def _table(options: Iterable[Option]) -> list[str]:
    rows = [f"| `{name_of(option)}` | {option.meaning} | {_default(option)} |" for option in options]
    return ["| in the environment | meaning | default |", "|---|---|---|", *rows]


def name_of(option: Option) -> str:
    """The option's name in the environment."""
    return option.name if option.customary else PREFIX + option.name


def _default(option: Option) -> str:
    if isinstance(option.default, bool):
        return "`1`" if option.default else "`0`"
    if isinstance(option.default, list):
        return f"`{' '.join(option.default)}`" if option.default else ""
    return f"`{option.default}`" if option.default != "" else ""


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)} is written.")
