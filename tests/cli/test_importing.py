"""Putting keys in stock from a file, while the shop sells."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, event, func, select

from salesbot.cli import importing
from salesbot.models import LicenceKey

pytestmark = pytest.mark.both_databases


def test_many_keys_go_in_by_parts_so_that_customers_need_not_wait_and_a_second_time_adds_nothing(
    app, catalogue, stored, tmp_path, monkeypatch
):
    catalogue.key("Editor", keys=["OLD-1"])
    monkeypatch.setattr(importing, "FOR_OTHERS", 0)
    file = tmp_path / "keys.txt"
    file.write_text("\n".join(f"NEW-{number}" for number in range(1001)) + "\nOLD-1\n")
    commits = []
    listener = commits.append
    event.listen(Engine, "commit", listener)
    try:
        said = app.test_cli_runner().invoke(args=["import", "keys", "Editor", str(file)])
    finally:
        event.remove(Engine, "commit", listener)
    assert "1001 keys are in stock now." in said.output
    assert len(commits) == 3, "400 at a time"
    again = app.test_cli_runner().invoke(args=["import", "keys", "Editor", str(file)])
    assert "0 new keys." in again.output
    assert stored(select(func.count(LicenceKey.id))) == [1002]
