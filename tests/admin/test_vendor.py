"""What other projects gave us is served by us alone, and is what the lock file says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "salesbot" / "static"
VENDOR = STATIC / "vendor"
LOCK = ROOT / "tools" / "vendor" / "package-lock.json"

STYLE_SHEETS = sorted(STATIC.rglob("*.css"))
ADDRESS = re.compile(r"""(?:url\(\s*|@import\s+)["']?([^"')\s;]+)""")


def test_there_are_style_sheets_to_look_at() -> None:
    """The searches below would prove nothing over an empty folder."""
    names = {path.name for path in STYLE_SHEETS}
    assert {"darkly.min.css", "lato.css", "all.min.css", "v4-shims.min.css"} <= names


@pytest.mark.parametrize("sheet", STYLE_SHEETS, ids=lambda path: path.name)
def test_a_style_sheet_asks_only_for_files_that_lie_here(sheet: Path) -> None:
    """Each address in a style sheet is data of its own or a file in this checkout."""
    for address in ADDRESS.findall(sheet.read_text("utf-8")):
        if address.startswith(("data:", "#")):
            continue
        assert "//" not in address, f"{sheet.name} asks another host: {address}"
        assert (sheet.parent / address.split("?")[0].split("#")[0]).is_file(), address


def test_no_source_map_is_asked_for() -> None:
    """A browser with open tools would look for a file that isn't here."""
    for path in [*VENDOR.rglob("*.css"), *VENDOR.rglob("*.js")]:
        assert "sourceMappingURL" not in path.read_text("utf-8"), path.name


def test_the_folder_holds_what_the_lock_file_names() -> None:
    """The committed list of versions and the lock file agree: nobody forgot to run vendor.py."""
    listed = dict(re.findall(r"^\| (\S+) \| (\S+) \|", (VENDOR / "README.md").read_text(), re.MULTILINE))
    locked = {
        name.removeprefix("node_modules/"): package["version"]
        for name, package in json.loads(LOCK.read_text())["packages"].items()
        if name
    }
    assert locked
    assert {name: listed.get(name) for name in locked} == locked


def test_the_lock_file_pins_by_hash_and_names_no_host() -> None:
    """Any mirror may deliver the packages, and none can deliver other bytes."""
    for name, package in json.loads(LOCK.read_text())["packages"].items():
        if name:
            assert package["integrity"].startswith("sha512-"), name
            assert "resolved" not in package, name


@pytest.mark.parametrize("package", ["bootswatch", "chartjs", "fontawesome", "jquery", "lato"])
def test_each_part_brings_its_licence(package: str) -> None:
    """Redistribution is allowed on that condition."""
    licences = list((VENDOR / package).glob("LICENSE*"))
    assert licences
    assert all(path.stat().st_size > 500 for path in licences)
