"""What is installed is what is in the checkout, and nothing of it is left behind."""

from __future__ import annotations

import configparser
import subprocess
import sys
import zipfile
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = (ROOT / "salesbot", *sorted((ROOT / "plugins").glob("salesbot_*")))

pytestmark = pytest.mark.xdist_group("installs")


@pytest.fixture(scope="module")
def settings() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def packages_on_disk() -> set[str]:
    return {
        ".".join(init.parent.relative_to(top.parent).parts)
        for top in FOLDERS
        for init in top.rglob("__init__.py")
    }


def test_every_package_on_the_disk_is_listed(settings):
    listed = settings["options"]["packages"].split()
    assert sorted(listed) == sorted(packages_on_disk())


def test_every_plugin_folder_is_mapped(settings):
    mapped = dict(line.split(" = ") for line in settings["options"]["package_dir"].strip().splitlines())
    assert mapped == {top.name: f"plugins/{top.name}" for top in FOLDERS[1:]}


def test_every_plugin_stands_under_the_import_contracts(settings):
    roots = settings["importlinter"]["root_packages"].split()
    assert sorted(roots) == sorted(top.name for top in FOLDERS)
    plugins, core = settings["importlinter:contract:plugins"]["layers"].strip().splitlines()
    assert sorted(plugins.split(" | ")) == sorted(top.name for top in FOLDERS[1:])
    assert core == "salesbot"


def test_the_wheel_holds_every_file_of_the_packages(salesbot_wheel):
    on_disk = {
        path.relative_to(top.parent).as_posix()
        for top in FOLDERS
        for path in top.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and not path.name.startswith(".")
    }
    with zipfile.ZipFile(salesbot_wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == on_disk


def test_the_command_is_an_entry_point():
    (script,) = entry_points(group="console_scripts", name="salesbot")
    assert script.value == "salesbot.__main__:main"


def test_the_conversation_fixtures_reach_pytest_by_themselves():
    (plugin,) = entry_points(group="pytest11", name="salesbot")
    assert plugin.value == "salesbot.testing.plugin"


def test_a_plain_install_is_used_from_any_folder(installation, tmp_path):
    code = "import salesbot; print(salesbot.__file__)"
    place = installation.run("python", "-c", code, folder=tmp_path)
    assert Path(place).is_relative_to(installation.home)


def test_a_plain_install_answers_from_any_folder(installation, tmp_path):
    installation.run("salesbot", "db", "upgrade", folder=tmp_path)
    said = installation.run("salesbot", "say", "hi", folder=tmp_path)
    assert "1. " in said
    assert (tmp_path / "instance").is_dir()


def test_imports_keep_to_their_floors():
    linter = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([linter], check=False, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout
