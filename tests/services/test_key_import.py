"""Keys are looked over line by line before they are added, and never twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from salesbot.database import in_transaction, vault
from salesbot.models import LicenceKey
from salesbot.services import key_import, stock
from salesbot.services.key_import import Line

pytestmark = pytest.mark.both_databases


@pytest.fixture
def looked_over(app):
    def look(goods, source):
        with app.app_context():
            return key_import.look_over(goods.id, source)

    return look


def test_each_line_is_new_repeated_known_or_broken(catalogue, looked_over):
    editor = catalogue.key("Editor", keys=["OLD-1"])
    found = looked_over(editor, "NEW-1\n\nOLD-1\nNEW-1\nNEW-2 \n" + "x" * 501 + "\nA\x07B")
    assert found.secrets == ["NEW-1", "NEW-2"]
    assert found.known == (Line(3, "OLD-1"),)
    assert found.repeated == (Line(4, "NEW-1"),)
    assert [line.number for line in found.broken] == [6, 7]
    assert catalogue.left(editor) == 1, "looking adds nothing"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_with_names_is_read_by_its_column(catalogue, looked_over, separator):
    editor = catalogue.key("Editor")
    rows = [["id", "Key", "note"], ["1", "AB-1", "x"], ["2", "", "y"], ["3", '"CD-2"', "z"]]
    found = looked_over(editor, "\n".join(separator.join(row) for row in rows))
    assert found.secrets == ["AB-1", "CD-2"]
    assert [line.number for line in found.broken] == [3]


def test_a_thousand_keys_go_in_once_however_often(app, catalogue, stored):
    editor = catalogue.key("Editor")
    keys = [f"KEY-{number:05}" for number in range(1000)]
    done = []
    with app.app_context():
        first = in_transaction(lambda: stock.add_keys(editor.id, keys, done.append))
        again = in_transaction(lambda: stock.add_keys(editor.id, [*keys[:10], "EXTRA", *keys[:10]]))
    assert (first.added, len(first.repeated), sum(done)) == (1000, 0, 1000)
    assert (again.added, len(again.repeated)) == (1, 20)
    assert catalogue.left(editor) == 1001


def test_two_people_add_the_same_keys_at_once(app, catalogue, stored):
    editor = catalogue.key("Editor")
    keys = [f"KEY-{number:03}" for number in range(200)]

    def add(_who):
        with app.app_context():
            return in_transaction(lambda: stock.add_keys(editor.id, keys)).added

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(add, range(4))) == 200
    assert stored(select(func.count(LicenceKey.id))) == [200]


def test_keys_rest_encrypted_and_read_back(app, catalogue, stored):
    editor = catalogue.key("Editor", keys=["TOP-SECRET-1"])
    with app.app_context():
        raw = in_transaction(
            lambda: stock.db.session.connection().exec_driver_sql("SELECT secret FROM licence_key").scalar()
        )
        assert "TOP-SECRET-1" not in raw
        assert vault.decrypt(raw) == "TOP-SECRET-1"
    assert stored(select(LicenceKey.secret)) == ["TOP-SECRET-1"]
    assert catalogue.left(editor) == 1
