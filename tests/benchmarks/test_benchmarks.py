"""The benchmarks run, and what they count holds; nothing here looks at a clock.

Python calls depend on the versions of the libraries, so the limit leaves them some room.
"""

from __future__ import annotations

import math
import re

import pytest

from benchmarks import back_office, databases, dispatch, every_page, message_path, over_http
from benchmarks.contestants import BARE, BY_HAND, SALESBOT, contestants, fill, salesbot_app, sqlite_url
from benchmarks.twilio_posts import answer, post
from salesbot import database

MOST_CALLS = {databases.SQLITE: 1_700, databases.POSTGRESQL: 2_100}
MOST_CALLS_OF_SILENCE = 7
"""For each plugin that has nothing to say, its own function included."""


@pytest.mark.parametrize("name", MOST_CALLS)
def test_a_message_costs_what_the_hand_written_one_costs_in_the_database(
    name, request, tmp_path, monkeypatch
):
    # However slow this machine is, the connection counts as just used.
    monkeypatch.setattr(database, "RESTED", math.inf)
    make_url = sqlite_url
    if name == databases.POSTGRESQL:
        make_database = request.getfixturevalue("make_postgres_database")

        def make_url(_folder):
            return make_database()

    with contestants(make_url, customers=1) as racers:
        for case in message_path.CASES[:2]:
            found = message_path.measure(racers, case, customers=1, rounds=1)
            ours, by_hand, bare = (found[who].cost for who in (SALESBOT, BY_HAND, BARE))
            assert (ours.commits, by_hand.commits, bare.commits) == (1, 1, 0)
            assert ours.statements <= by_hand.statements + 1
            assert case.text != "hi" or ours.calls <= MOST_CALLS[name]
        said = [_said(answer(racer.app, post("hi").environ())) for racer in racers[:2]]
        assert said[0] == said[1], "both say the same"
        again = post("hi")
        for racer in racers[:2]:
            assert answer(racer.app, again.environ()) == answer(racer.app, again.environ())


def _said(twiml: str) -> str:
    return re.search("<Body>(.*)</Body>", twiml, re.DOTALL)[1]


def test_idle_plugins_are_all_asked_and_cost_no_statement(tmp_path):
    url = sqlite_url(tmp_path)
    fill(url, tmp_path, 1)
    found = dispatch.measure(salesbot_app(url, tmp_path, dispatch.idle(dispatch.PLUGINS))[0], rounds=1)
    assert len(found.bare) == len(found.asked) == len(found.savepoints) == 1
    assert found.calls > dispatch.PLUGINS
    others = 150  # the order, the guard, and the one that answers
    assert found.calls < MOST_CALLS_OF_SILENCE * dispatch.PLUGINS + others
    loaded = dispatch.loading(rounds=1)
    assert loaded[0].memory < loaded[dispatch.PLUGINS].memory


def test_the_servers_under_load_are_those_that_are_compared(monkeypatch, tmp_path):
    url = sqlite_url(tmp_path)
    fill(url, tmp_path, 1)
    for who in (SALESBOT, BY_HAND, BARE):
        for name, value in (("WHO", who), ("URL", url), ("FOLDER", str(tmp_path))):
            monkeypatch.setenv(f"BENCHMARK_{name}", value)
        assert answer(over_http.app(), post("hi").environ()).startswith("<")


@pytest.mark.parametrize("name", MOST_CALLS)
def test_the_back_office_is_measured_page_by_page(name, request, tmp_path, capsys, monkeypatch):
    """Every page answers in a shop of some rows, ours and stock Flask-Admin's."""
    found = every_page.pages
    monkeypatch.setattr(every_page, "pages", lambda app: found(app)[::25])
    monkeypatch.setattr(back_office, "ROUNDS", 1)
    make_url = sqlite_url
    if name == databases.POSTGRESQL:
        make_database = request.getfixturevalue("make_postgres_database")

        def make_url(_folder):
            return make_database()

    back_office.measure(name, make_url, tmp_path, messages=100, others=90)
    lines = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if " | " in line]
    timed = {line[0].removeprefix("| "): line[1:] for line in lines[2:]}
    assert timed.keys() >= back_office.PAGES.keys()
    for page in back_office.PAGES:
        assert timed[page][0].isdecimal(), page
    assert timed["orders"][2].isdecimal()
    assert timed.keys() >= {"list", "filter", "sort"}
