"""On SQLite whoever is gone stands in nobody's way."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, event, text

from salesbot import sqlite_queue


@pytest.fixture
def engine(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite_queue, "PRAGMAS", ("busy_timeout=200", *sqlite_queue.PRAGMAS[1:]))
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    sqlite_queue.install(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE note (words TEXT)"))
    yield engine
    engine.dispose()


def test_a_writer_that_is_interrupted_lets_the_next_one_write(engine):
    """Its cursor lives on in the traceback of what interrupted it."""

    def interrupts(_connection, _cursor, statement, *_rest):
        if "second" in statement:
            raise KeyboardInterrupt

    event.listen(engine, "before_cursor_execute", interrupts)
    with engine.connect() as connection:
        kept = connection.execute(text("INSERT INTO note VALUES ('first') RETURNING words"))
        with pytest.raises(KeyboardInterrupt) as held:
            connection.execute(text("INSERT INTO note VALUES ('second')"))
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO note VALUES ('third')"))
        assert connection.scalars(text("SELECT words FROM note")).all() == ["third"]
    assert held.value is not None
    assert kept is not None


def test_a_connection_that_is_thrown_away_keeps_no_lock(engine):
    connection = engine.connect()
    connection.execute(text("INSERT INTO note VALUES ('first')"))
    cursor = connection.connection.cursor()
    cursor.execute("INSERT INTO note VALUES ('second') RETURNING words")
    connection.invalidate()
    with engine.begin() as other:
        other.execute(text("INSERT INTO note VALUES ('third')"))
        assert other.scalars(text("SELECT words FROM note")).all() == ["third"]
    assert cursor is not None
    connection.close()
