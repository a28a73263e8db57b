"""The documentation says what is true: snippets, links, commands, settings and hooks."""

from __future__ import annotations

import configparser
import re
import textwrap
from pathlib import Path

import click
import pytest

from salesbot import plugin_loading
from salesbot.app import create_app
from salesbot.options import OPTIONS
from salesbot.testing import plugin as kit
from tests.support.installs import ROOT
from tools import make_hooks_page, make_settings_table

DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), *(ROOT / "examples").glob("*/README.md"), *ROOT.glob("*.md")])
SOURCES = [
    path
    for folder in ("examples", "tests", "plugins", "salesbot")
    for pattern in ("*.py", "setup.cfg", "pyproject.toml")
    for path in (ROOT / folder).rglob(pattern)
]
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]

each_page = pytest.mark.parametrize("page", PAGES, ids=NAMES)


def blocks(page: Path, *languages: str) -> list[str]:
    found = re.findall(r"^( *)```(\w*)\n(.*?)^\1```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(code) for _indent, language, code in found if language in languages]


def commands_in(page: Path) -> set[str]:
    """The words after `salesbot` in blocks for the shell and in code within a sentence."""
    code = [*blocks(page, "sh"), *re.findall(r"`([^`\n]+)`", page.read_text("utf-8"))]
    command = re.compile(r"^(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?salesbot ([a-z][a-z0-9-]*)", re.MULTILINE)
    return set(command.findall("\n".join(code)))


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    return create_app({"ENTRY_POINTS": False}, instance_path=tmp_path_factory.mktemp("instance"))


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", DOCS / "plugins.md", DOCS / "recipes.md"], ids=lambda page: page.name
)
def test_snippets_are_cut_from_examples_and_tests(page):
    """Each stands in a file that a test runs, line for line."""
    sources = [path.read_text("utf-8") for path in SOURCES]
    snippets = blocks(page, "python", "ini", "toml")
    assert snippets
    for snippet in snippets:
        assert any(snippet.strip() in source for source in sources), snippet


def test_the_readmes_plugin_is_whole():
    """Whoever copies these nine lines has a plugin."""
    code = (ROOT / "examples/salesbot-football/salesbot_football.py").read_text("utf-8")
    assert code in blocks(ROOT / "README.md", "python")
    assert len(code.splitlines()) == 9


def test_the_first_hour_begins_with_the_whole_football_example():
    folder = ROOT / "examples" / "salesbot-football"
    page = DOCS / "plugins.md"
    assert (folder / "salesbot_football.py").read_text("utf-8") in blocks(page, "python")
    assert (folder / "setup.cfg").read_text("utf-8") in blocks(page, "ini")
    assert (folder / "pyproject.toml").read_text("utf-8") in blocks(page, "toml")


@each_page
def test_links_lead_somewhere(page):
    """Each link to a file or a headline of ours; other sites are not asked."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        path, _hash, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        if anchor:
            assert anchor in anchors(found), target


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@each_page
def test_commands_exist(page, app):
    """Each `salesbot word` is a command of salesbot's or of an example's, or the page says: not yet."""
    known = set(app.cli.list_commands(click.Context(app.cli))) | {
        "run",
        "shell",
        "routes",
        "passes",
        "s3-files",
    }
    not_yet = set(re.findall(r"no `salesbot ([a-z-]+)` yet", page.read_text("utf-8")))
    assert commands_in(page) - known <= not_yet
    assert not_yet.isdisjoint(known), "it is there now"


@each_page
def test_settings_exist(page):
    known = {make_settings_table.name_of(option) for option in OPTIONS}
    known |= {f"SALESBOT_{option.name}" for option in OPTIONS} | {"SALESBOT_INSTANCE", "SALESBOT_PASS_SEAL"}
    known |= {"SALESBOT_BACKUP_PASSPHRASE"}
    named = set(re.findall(r"\bSALESBOT_[A-Z_]*[A-Z]\b", page.read_text("utf-8")))
    assert {name for name in named if not name.startswith("SALESBOT_TEST_")} <= known


@each_page
def test_make_targets_exist(page):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    text = "\n".join([*blocks(page, "sh", ""), *re.findall(r"`([^`\n]+)`", page.read_text("utf-8"))])
    assert set(re.findall(r"(?:^|\s)make ([a-z]+)", text, re.MULTILINE)) <= targets


def test_the_hooks_page_is_up_to_date():
    made = make_hooks_page.page()
    assert make_hooks_page.PAGE.read_text("utf-8") == made, f"run {make_hooks_page.COMMAND}"


def test_every_hook_is_tried_by_a_test():
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    untried = [hook for hook in plugin_loading.HOOKS if hook not in code]
    assert not untried, f"no test tries {', '.join(untried)}"


def test_every_hook_is_told_in_words():
    page = make_hooks_page.page()
    for hook in plugin_loading.HOOKS:
        section = page.partition(f"\n## {hook}\n")[2].partition("\n## ")[0]
        assert len(re.sub(r"```.*?```", "", section, flags=re.DOTALL).split()) > 20, f"{hook} says too little"


def test_the_tables_of_settings_are_up_to_date():
    page = make_settings_table.PAGE.read_text("utf-8")
    assert make_settings_table.with_tables(page) == page, f"run {make_settings_table.COMMAND}"


def test_every_fixture_of_the_kit_is_told():
    fixtures = {
        name
        for name, value in vars(kit).items()
        if type(value).__name__ == "FixtureFunctionDefinition" and not name.startswith("_")
    }
    assert {"customer", "catalogue", "clock", "app", "twilio"} <= fixtures
    told = set(re.findall(r"^\| `(\w+)` \|", (DOCS / "plugins.md").read_text("utf-8"), re.MULTILINE))
    internal = {
        *("salesbot_apps", "salesbot_database", "salesbot_instance", "salesbot_shelf", "salesbot_template"),
        "salesbot_twilio_server",
    }
    assert told == fixtures - internal


def test_every_page_is_in_the_index():
    index = (DOCS / "README.md").read_text("utf-8")
    assert {page.name for page in DOCS.glob("*.md")} - {"README.md"} == set(
        re.findall(r"^\| \[([\w.]+)\]", index, re.MULTILINE)
    )


def test_the_floors_on_the_page_are_those_of_the_contract():
    """The page may leave small rooms out, but what it draws is there, and in this order."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    contract = [
        re.findall(r"\w+", layer) for layer in parser["importlinter:contract:floors"]["layers"].split("\n")
    ]
    floors = {name: number for number, layer in enumerate(contract) for name in layer}
    page = (DOCS / "architecture.md").read_text("utf-8").partition("## Floors")[2]
    drawn = [re.findall(r"\w+", line[:28]) for line in page.split("```")[1].strip().splitlines()]
    numbers = [{floors[name] for name in line} for line in drawn]
    assert all(len(line) == 1 for line in numbers)
    assert numbers == sorted(numbers, key=min)
