"""What `salesbot restore` refuses, and that a refused or interrupted one leaves nothing half done."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys

import pytest
import sqlalchemy as sa

from salesbot import outbox
from salesbot.backup import loading
from salesbot.database import db
from salesbot.messages import Reply
from salesbot.migrations.support import FOLDER
from salesbot.models import Message
from salesbot.vault import new_key
from salesbot.worker import Worker

DATABASES = ("sqlite", "postgresql")


def test_a_shop_with_anything_in_it_is_not_overwritten(backup_file, empty_shop):
    new = empty_shop()
    assert new.run("restore", backup_file)[0] == 0
    new.restarts()
    before = new.rows(), new.files()
    status, output = new.run("restore", backup_file)
    assert status == 1
    assert "This shop is not empty: it holds " in output
    assert "1 rows of category" in output
    assert "and more in " in output
    assert (new.rows(), new.files()) == before


def test_a_shop_that_was_started_and_never_used_is_empty(old, backup_file, empty_shop):
    new = empty_shop()
    assert new.run("db", "upgrade")[0] == 0
    assert new.run("keyring", "rotate")[0] == 0  # plants the known text, as serve and the worker do
    status, output = new.run("restore", backup_file)
    assert status == 0, output
    new.restarts()
    assert new.rows() == old.rows()
    assert new.run("keyring", "status")[0] == 0


def test_uploads_of_another_shop_are_not_mixed_with_those_of_the_backup(backup_file, empty_shop):
    new = empty_shop()
    disk_full_of = new.folder / "uploads" / "covers" / "theirs.jpg"
    disk_full_of.parent.mkdir(parents=True)
    disk_full_of.write_bytes(b"theirs")
    status, output = new.run("restore", backup_file)
    assert status == 1
    assert "files of another shop, such as theirs.jpg" in output


def test_a_wrong_passphrase_is_said(backup_file, empty_shop, monkeypatch):
    new = empty_shop()
    monkeypatch.setenv("SALESBOT_BACKUP_PASSPHRASE", "not the right one")
    status, output = new.run("restore", backup_file)
    assert status == 1
    assert "The passphrase does not open" in output
    assert new.is_empty()


class TestARestoreThatIsStopped:
    @pytest.mark.parametrize("to", DATABASES)
    def test_when_the_database_refuses_at_the_last_moment(
        self, to, old, backup_file, empty_shop, monkeypatch
    ):
        new = empty_shop(to)
        before = new.files()

        def refuse(connection):
            raise sa.exc.OperationalError("COMMIT", {}, Exception("the server went away"))

        with monkeypatch.context() as patched:
            patched.setattr(sa.Connection, "commit", refuse)
            status, output = new.run("restore", backup_file)
        assert status == 1
        assert "the server went away" in output
        assert {
            name: text for name, text in new.files().items() if name != "keyring.before-restore"
        } == before
        with new.app.app_context(), db.engine.connect() as connection:
            assert not sa.inspect(connection).get_table_names()
        assert new.run("restore", backup_file)[0] == 0

    def test_when_it_is_killed_between_the_files_and_the_rows(self, old, backup_file, empty_shop):
        new = empty_shop()
        killed = (
            "import os, sqlalchemy, salesbot.__main__ as m\n"
            "sqlalchemy.Connection.commit = lambda self: os.kill(os.getpid(), 9)\n"
            f"m.main(['restore', {str(backup_file)!r}])\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", killed],
            check=False,
            capture_output=True,
            env={
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": ":".join(sys.path),
                "SALESBOT_INSTANCE": str(new.folder),
                "SALESBOT_BACKUP_PASSPHRASE": "correct horse battery staple",
            },
        )
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert list(new.folder.glob("uploads/*/*")), "the files were there already"
        new.restarts()
        status, output = new.run("restore", backup_file)
        assert status == 0, output
        new.restarts()
        assert new.rows() == old.rows()
        assert not list(new.folder.glob(".restoring-*"))


def test_what_was_waiting_to_be_sent_is_not_sent_twice(old, change, passphrase, tmp_path, empty_shop):
    """The old shop may have sent it after the backup was made; staff see it, and decide."""
    change(lambda: outbox.say(1, Reply("the only one")))
    assert old.run("backup", tmp_path / "x.age")[0] == 0
    new = empty_shop()
    status, output = new.run("restore", tmp_path / "x.age")
    assert status == 0, output
    assert "waiting to be sent at that moment: 1." in output
    new.restarts()
    Worker(new.app).drain()
    with new.app.app_context():
        message = db.session.scalars(sa.select(Message).where(Message.body == "the only one")).one()
        assert (message.state, message.send_at) == ("unknown", None)
        db.session.remove()


class TestVersions:
    @pytest.mark.parametrize("to", DATABASES)
    def test_an_older_backup_is_loaded_as_it_was_and_then_upgraded(
        self, to, old, backup_file, empty_shop, tmp_path, monkeypatch
    ):
        scripts = tmp_path / "migrations"
        shutil.copytree(FOLDER, scripts)
        head = loading.newest()
        (scripts / "versions" / "later.py").write_text(
            "import sqlalchemy as sa\nfrom alembic import op\n"
            f"revision = 'later'\ndown_revision = {head!r}\n"
            "def upgrade():\n"
            "    with op.batch_alter_table('product') as table:\n"
            "        table.add_column(sa.Column('colour', sa.String(9), server_default='red', nullable=False))\n"
            "    op.execute(\"UPDATE product SET colour = 'blue'\")\n"
        )
        monkeypatch.setattr(loading, "FOLDER", scripts)
        monkeypatch.setattr(loading, "newest", lambda: "later")
        new = empty_shop(to)
        status, output = new.run("restore", backup_file)
        assert status == 0, output
        new.restarts()
        assert new.rows() == old.rows()
        with new.app.app_context(), db.engine.connect() as connection:
            assert set(connection.scalars(sa.text("SELECT colour FROM product"))) == {"blue"}
            assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == "later"

    def test_a_backup_of_a_newer_salesbot_is_refused(self, old, passphrase, tmp_path, empty_shop, change):
        change(lambda: db.session.execute(sa.text("UPDATE alembic_version SET version_num = 'future'")))
        assert old.run("backup", tmp_path / "x.age")[0] == 0
        new = empty_shop()
        status, output = new.run("restore", tmp_path / "x.age")
        assert status == 1
        assert "not known here (future)" in output
        assert "or a newer one" in output
        assert new.is_empty()


class TestTheInstanceFolder:
    def test_a_keyring_that_stood_there_is_kept_aside(self, backup_file, empty_shop):
        new = empty_shop()
        before = (new.folder / "keyring").read_text()
        status, output = new.run("restore", backup_file)
        assert status == 0
        assert (new.folder / "keyring.before-restore").read_text() == before
        assert "keyring.before-restore" in output

    def test_config_comes_along(self, old, passphrase, tmp_path, empty_shop):
        (old.folder / "config.py").write_text("SHOP_NAME = 'From a file'\n")
        assert old.run("backup", tmp_path / "x.age")[0] == 0
        new = empty_shop()
        assert new.run("restore", tmp_path / "x.age")[0] == 0
        assert (new.folder / "config.py").read_text() == "SHOP_NAME = 'From a file'\n"

    @pytest.mark.parametrize("case", ["names another database", "one is here"])
    def test_config_that_would_lead_elsewhere_is_put_aside(self, case, old, passphrase, tmp_path, empty_shop):
        theirs = "DATABASE_URL = 'postgresql://old.example/shop'\n" if "names" in case else "DOWNLOADS = 9\n"
        (old.folder / "config.py").write_text(theirs)
        assert old.run("backup", tmp_path / "x.age")[0] == 0
        new = empty_shop()
        if case == "one is here":
            (new.folder / "config.py").write_text("DOWNLOADS = 2\n")
        status, output = new.run("restore", tmp_path / "x.age")
        assert status == 0, output
        assert (new.folder / "config.py.from-backup").read_text() == theirs
        assert "config.py.from-backup" in output
        assert (new.folder / "config.py").exists() == (case == "one is here")
        new.restarts()
        assert new.rows() == old.rows()

    def test_a_keyring_that_is_set_must_read_the_backup(self, old, backup_file, empty_shop):
        new = empty_shop(KEYRING=[new_key()])
        status, output = new.run("restore", backup_file)
        assert status == 1
        assert "Unset it and restore" in output
        assert new.is_empty()
        theirs = (old.folder / "keyring").read_text().split()
        fitting = empty_shop(name="fitting", KEYRING=[new_key(), *theirs])
        assert fitting.run("restore", backup_file)[0] == 0
        assert not (fitting.folder / "keyring").exists()
        assert fitting.rows() == old.rows()
