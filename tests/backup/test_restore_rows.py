"""Rows of every kind come along, those of plugins too; what does not fit is named."""

from __future__ import annotations

import tracemalloc
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from salesbot.backup import rows
from salesbot.database import db
from salesbot.migrations.support import OWN_TABLES
from tests.backup.conftest import KEYS

DATABASES = ("sqlite", "postgresql")


@contextmanager
def plugins_table(name="test_bet", *columns):
    """A table of a plugin that is installed while the block runs."""
    table = sa.Table(
        name,
        db.metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("product_id", sa.ForeignKey("product.id")),
        sa.Column("before_id", sa.ForeignKey(f"{name}.id")),
        sa.Column("odds", sa.Numeric(10, 4)),
        sa.Column("rate", sa.Float),
        sa.Column("on", sa.Date),
        sa.Column("at", sa.Time),
        sa.Column("moment", sa.DateTime),
        sa.Column("picture", sa.LargeBinary),
        sa.Column("token", sa.Uuid),
        sa.Column("more", sa.JSON),
        *columns,
    )
    try:
        yield table
    finally:
        db.metadata.remove(table)


class TestPlugins:
    def fill(self, change, table):
        from datetime import date, datetime, time
        from decimal import Decimal
        from uuid import UUID

        def work():
            table.create(db.session.connection())
            row = {
                "product_id": 1,
                "odds": Decimal("1.25"),
                "rate": 0.1,
                "picture": bytes(range(256)),
                "more": {"b": [1, None], "a": "ü"},
                "on": date(2026, 2, 28),
                "at": time(23, 59, 1),
                "moment": datetime(2026, 1, 2, 3, 4, 5, 6),  # noqa: DTZ001 - a plugin may
                "token": UUID(int=5),
            }
            db.session.execute(sa.insert(table), [{**row, "id": 2, "before_id": None}])
            db.session.execute(sa.insert(table), [{**row, "id": 1, "before_id": 2, "more": None}])
            version = sa.Table(
                "bet_version", sa.MetaData(), sa.Column("version_num", sa.String(32), primary_key=True)
            )
            version.create(db.session.connection())
            db.session.execute(sa.insert(version), {"version_num": "b7"})

        change(work)

    def drop(self, change):
        def work():
            for name in ("test_bet", "bet_version", "test_span"):
                db.session.execute(sa.text(f"DROP TABLE IF EXISTS {name}"))

        change(work)

    @pytest.mark.both_databases
    @pytest.mark.parametrize("to", DATABASES)
    def test_an_installed_plugins_rows_come_along(self, to, old, change, passphrase, tmp_path, empty_shop):
        try:
            with plugins_table() as table:
                self.fill(change, table)
                assert old.run("backup", tmp_path / "x.age")[0] == 0
                new = empty_shop(to)
                status, output = new.run("restore", tmp_path / "x.age")
                assert status == 0, output
                found = []
                for copy in (old, new):
                    with copy.app.app_context(), db.engine.connect() as connection:
                        found.append(connection.execute(sa.select(table).order_by(table.c.id)).all())
                        assert connection.scalar(sa.text("SELECT version_num FROM bet_version")) == "b7"
                assert found[0] == found[1]
                assert len(found[0]) == 2
        finally:
            self.drop(change)

    def test_rows_of_a_plugin_that_is_not_there_are_named_and_left_out_only_on_demand(
        self, old, change, passphrase, tmp_path, empty_shop
    ):
        try:
            with plugins_table() as table:
                self.fill(change, table)
            status, output = old.run("backup", tmp_path / "x.age")
            assert status == 0
            assert "Tables that no plugin here knows are in it too: bet_version, test_bet" in output
            new = empty_shop()
            status, output = new.run("restore", tmp_path / "x.age")
            assert status == 1
            assert "test_bet (2 rows)" in output
            assert new.is_empty()
            status, output = new.run("restore", tmp_path / "x.age", "--without", "test_bet")
            assert status == 0, output
            assert "LEFT OUT, as you said: test_bet" in output
            new.restarts()
            assert new.rows() == old.rows()
        finally:
            self.drop(change)

    def test_another_version_of_the_plugin_is_said(self, old, change, passphrase, tmp_path, empty_shop):
        with plugins_table("test_bet", sa.Column("gone", sa.Integer)) as table:
            self.fill(change, table)
            assert old.run("backup", tmp_path / "x.age")[0] == 0
        with plugins_table():
            new = empty_shop()
            status, output = new.run("restore", tmp_path / "x.age")
            assert status == 1
            assert "test_bet has no column gone here" in output
            assert new.is_empty()

    @pytest.mark.both_databases
    def test_what_no_other_database_knows_is_left_out_by_name(
        self, old, change, passphrase, tmp_path, salesbot_database
    ):
        try:
            kind = "INTERVAL" if salesbot_database.startswith("postgresql") else ""
            change(
                lambda: db.session.execute(
                    sa.text(f"CREATE TABLE test_span (id INTEGER PRIMARY KEY, span {kind})")
                )
            )
            status, output = old.run("backup", tmp_path / "x.age")
            assert status == 0
            assert "LEFT OUT: test_span, because its column span" in output
        finally:
            self.drop(change)


class TestFromSQLiteToPostgreSQL:
    """SQLite keeps what PostgreSQL refuses; then nothing is restored, and it is said where it stands."""

    @pytest.mark.parametrize(
        ("statement", "said"),
        [
            (
                "UPDATE product SET title = printf('%.200c', 'x') WHERE id = 2",
                "the title of the row that begins with 2 has 200 characters, and PostgreSQL takes 120",
            ),
            ("UPDATE product SET position = 3000000000 WHERE id = 1", "is 3000000000, which is more than"),
            (
                "UPDATE product SET summary = 'a' || char(0) || 'b' WHERE id = 1",
                "a character that PostgreSQL can't keep",
            ),
            ("UPDATE product SET options = '{broken' WHERE id = 1", "The database refused rows of product"),
        ],
    )
    def test_what_does_not_fit_is_named(self, statement, said, old, change, passphrase, tmp_path, empty_shop):
        change(lambda: db.session.execute(sa.text(statement)))
        assert old.run("backup", tmp_path / "x.age")[0] == 0
        new = empty_shop("postgresql")
        status, output = new.run("restore", tmp_path / "x.age")
        assert status == 1
        assert said in output
        assert new.is_empty()

    def test_a_reference_that_leads_nowhere_is_noticed(self, old, change, passphrase, tmp_path, empty_shop):
        import sqlite3

        connection = sqlite3.connect(old.folder / "salesbot.db")
        connection.execute("UPDATE licence_key SET product_id = 999 WHERE id = 5")
        connection.commit()
        connection.close()
        assert old.run("backup", tmp_path / "x.age")[0] == 0
        for kind in DATABASES:
            new = empty_shop(kind, kind)
            status, output = new.run("restore", tmp_path / "x.age")
            assert status == 1
            assert "refer" in output
            assert new.is_empty()


@pytest.mark.both_databases
def test_every_column_of_the_shop_is_of_a_kind_that_both_databases_know(app):
    with app.app_context(), db.engine.connect() as connection:
        for name in OWN_TABLES:
            assert [column.name for column in rows.columns_of(connection, name) if not column.kind] == []


@pytest.mark.both_databases
def test_many_rows_are_read_without_holding_all_of_them(app, change):
    def stock():
        names = ("product_id", "secret", "digest", "hint", "created_at")
        keys = sa.table("licence_key", *map(sa.column, names))
        row = {"product_id": 1, "hint": "", "created_at": datetime(2026, 1, 1, tzinfo=UTC)}
        many = [{**row, "secret": f"{number:01000}", "digest": f"{number:064}"} for number in range(5000)]
        db.session.execute(sa.insert(keys), many)

    change(stock)
    with app.app_context(), db.engine.connect() as connection:
        columns = rows.columns_of(connection, "licence_key")
        tracemalloc.start()
        try:
            read = sum(len(batch) for batch in rows.read(connection, "licence_key", columns))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert read == 5000 + len(KEYS)
    assert peak < 3_500_000, "all of them are more than 5 MB"
