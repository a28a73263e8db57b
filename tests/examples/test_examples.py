"""The examples, each as its author would try it: installed, listed, answering, its own tests passing."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from salesbot.authoring import project
from tests.support.installs import LEFTOVERS, ROOT, new_installation
from tools.make_hooks_page import uses

EXAMPLES = sorted(path.parent.name for path in (ROOT / "examples").glob("*/setup.cfg"))

pytestmark = pytest.mark.xdist_group("installs")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Copies, because building leaves files beside the code."""
    copied = tmp_path_factory.mktemp("examples")
    shutil.copytree(ROOT / "examples", copied, ignore=LEFTOVERS, dirs_exist_ok=True)
    return copied


@pytest.fixture(scope="module")
def environment(salesbot_wheel, folder, tmp_path_factory):
    home = tmp_path_factory.mktemp("examples-environment")
    return new_installation(home, salesbot_wheel, *(folder / name for name in EXAMPLES))


@pytest.mark.parametrize("name", EXAMPLES)
def test_its_own_tests_pass(environment, folder, name):
    ran = environment.run("python", "-m", "pytest", "-p", "no:cacheprovider", folder=folder / name)
    assert re.search(r"\d passed", ran)
    assert "skipped" not in ran


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_has_a_conversation_and_a_crash_among_its_tests(folder, name):
    (tests,) = (folder / name / "tests").glob("test_*.py")
    code = tests.read_text(encoding="utf-8")
    assert "(customer" in code
    assert "def test_a_crash_" in code


def test_all_of_them_are_listed_and_answer_together(environment, tmp_path):
    environment.run("salesbot", "db", "upgrade", folder=tmp_path)
    listed = environment.run("salesbot", "plugins", folder=tmp_path)
    for name in EXAMPLES:
        (plugin,) = project.read(ROOT / "examples" / name).plugins
        assert re.search(rf"^{plugin} +1\.0 +on: ", listed, re.MULTILINE)
    assert "You too?" in environment.run("salesbot", "say", "football", folder=tmp_path)
    menu = environment.run("salesbot", "say", "hi", folder=tmp_path)
    assert "Send a gift" in menu
    line = re.search(r"(\d+)\. My stamp card", menu)[1]
    # The installed package brought its migrations along.
    assert "You have 0 of 5 stamps." in environment.run("salesbot", "say", line, folder=tmp_path)


def test_every_hook_is_used_by_a_built_in_or_an_example():
    unused = [hook for hook, users in uses().items() if not users]
    assert not unused, f"no plugin uses {', '.join(unused)}"
