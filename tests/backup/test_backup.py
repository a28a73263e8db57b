"""`salesbot backup` and `salesbot restore`: what was sold in the old shop is given again in the new one."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlalchemy import func, select

from salesbot.backup import saving
from salesbot.database import db
from salesbot.models import LicenceKey, Order
from salesbot.services import shop, staff
from salesbot.testing.customer import Customer
from tests.backup.conftest import PASSWORD

DATABASES = ("sqlite", "postgresql")


@pytest.mark.both_databases
@pytest.mark.parametrize("to", DATABASES)
def test_a_shop_moves_to_another_machine_and_database_and_goes_on_where_it_was(
    to, old, bought, backup_file, empty_shop, twilio
):
    new = empty_shop(to)
    status, output = new.run("restore", backup_file)
    assert status == 0, output
    assert "are what they were" in output
    new.restarts()
    assert new.rows() == old.rows(), "every value of every table, as the models read it"
    with new.app.app_context():
        assert staff.by_email("olga@example.com").has_password(PASSWORD), "staff sign in as before"
        db.session.remove()
    kept = {name: text for name, text in new.files().items() if not name.endswith(".before-restore")}
    assert kept == old.files()

    customer = Customer(new.app, twilio, address=bought.address)
    offered = [choice for reply in customer.says("my orders") for choice in reply.choices]
    again = " ".join(
        reply.text for choice in offered if "Editor" in choice.title for reply in customer.taps(choice.id)
    )
    assert bought.key in again, "what was paid for in the old shop is given again in the new one"
    browser = new.app.test_client()
    assert "Field guide" in browser.get(_path(bought.book_page)).text
    got = browser.post(_path(bought.book_page), data={"unit": "1"}, buffered=True, follow_redirects=True)
    assert got.status_code == 200
    assert got.data == (old.folder / "uploads/files" / _file_of(old)).read_bytes()
    assert "Course" in browser.get(_path(bought.pay_page)).text, "an unpaid order can still be paid"

    before = max(row[0] for row in old.rows()["order"])
    customer.says("Editor")
    customer.picks("Buy")
    sold = " ".join(reply.text for reply in customer.pays())
    assert re.search(r"KEY-\d+", sold)
    assert bought.key not in sold
    with new.app.app_context():
        assert db.session.scalar(select(func.max(Order.id))) > before, "new rows get new numbers"
        assert shop.state().texts["helper.token"] == "a secret word"
        db.session.remove()


def _path(url):
    return "/" + url.split("/", 3)[3]


def _file_of(copy):
    (file,) = (copy.folder / "uploads/files").iterdir()
    return file.name


@pytest.mark.both_databases
def test_no_key_can_be_read_in_the_database_a_backup_or_the_logs(old, bought, backup_file, caplog):
    with old.app.app_context():
        keys = list(db.session.scalars(select(LicenceKey.secret)))
        db.session.remove()
        with db.engine.connect() as connection:
            names = sa.inspect(connection).get_table_names()
            rows = {name: connection.execute(sa.text(f'SELECT * FROM "{name}"')).all() for name in names}
    assert bought.key in keys
    assert rows["licence_key"]
    stored = repr(rows).encode() + b"".join(path.read_bytes() for path in old.folder.glob("salesbot.db*"))
    ring = (old.folder / "keyring").read_text().split()
    for secret in [*keys, *ring]:
        assert secret.encode() not in stored + caplog.text.encode()
    sealed = backup_file.read_bytes()
    for word in [*keys, *ring, bought.address, "Editor", "olga@example.com", "licence_key", "keyring"]:
        assert word.encode() not in sealed
    assert backup_file.stat().st_mode & 0o077 == 0, "and nobody else may even try"


@pytest.mark.both_databases
def test_a_backup_holds_one_moment_although_others_write(
    old, catalogue, customers, passphrase, tmp_path, empty_shop
):
    """Each order has its lines and its timeline, whichever moment it was."""
    stop, bought = threading.Event(), []

    def buy():
        while not stop.is_set():
            customer = customers()
            customer.says("Editor")
            customer.picks("Buy")
            bought.append(customer.pays())

    thread = threading.Thread(target=buy)
    thread.start()
    try:
        for number in range(2):
            until = len(bought) + 1
            while len(bought) < until:
                time.sleep(0.01)
            status, output = old.run("backup", tmp_path / f"{number}.age")
            assert status == 0, output
    finally:
        stop.set()
        thread.join(60)
    sizes = []
    for number in range(2):
        new = empty_shop(name=f"moment-{number}")
        status, output = new.run("restore", tmp_path / f"{number}.age")
        assert status == 0, output
        new.restarts()
        rows = new.rows()
        orders = {row[0] for row in rows["order"]}
        assert {row[1] for row in rows["order_line"]} == orders
        assert {row[1] for row in rows["order_event"]} == orders
        sizes.append(len(orders))
    assert sizes[0] < sizes[1], "there was something to be torn apart"


def test_the_passphrase_is_asked_for_twice_or_stands_in_a_file(old, tmp_path, monkeypatch, empty_shop):
    monkeypatch.delenv("SALESBOT_BACKUP_PASSPHRASE", raising=False)
    path, note = tmp_path / "asked.age", tmp_path / "note"

    def backup(*words, **how):
        return old.app.test_cli_runner().invoke(args=["backup", *map(str, words)], **how)

    done = backup(path, input="a long passphrase\nanother one\nlonger than ten\nlonger than ten\n")
    assert done.exit_code == 0, done.output
    assert "longer" not in done.output
    note.write_text("longer than ten\nand a remark\n")
    new = empty_shop()
    status, output = new.run("restore", path, "--passphrase-file", note)
    assert status == 0, output
    assert "needs at least 10 characters" in backup(tmp_path / "short.age", input="short\nshort\n").output
    note.write_text("\n")
    done = backup(tmp_path / "short.age", "--passphrase-file", note)
    assert done.exit_code == 1
    assert "needs at least 10 characters" in done.output
    assert not (tmp_path / "short.age").exists()


def test_a_backup_in_a_folder_is_named_by_the_moment_and_overwrites_nothing(old, passphrase, tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    assert old.run("backup", folder)[0] == 0
    (made,) = folder.iterdir()
    assert re.fullmatch(r"salesbot-[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{6}\.age", made.name)
    before = made.read_bytes()
    status, output = old.run("backup", made)
    assert status == 1
    assert "exists already" in output
    assert made.read_bytes() == before
    assert "does not exist" in old.run("backup", tmp_path / "nowhere" / "x.age")[1]
    inside = old.folder / "uploads" / "files" / "x.age"
    assert "among the uploads" in old.run("backup", inside)[1]


def test_with_the_wrong_keyring_no_backup_is_made(old, passphrase, tmp_path, salesbot_apps):
    (old.folder / "keyring").unlink()
    done = salesbot_apps().test_cli_runner().invoke(args=["backup", str(tmp_path / "x.age")])
    assert done.exit_code == 1
    assert "does not fit this database" in done.output
    assert not list(tmp_path.glob("x.age*"))


def test_without_a_shop_there_is_nothing_to_back_up(empty_shop, passphrase, tmp_path):
    status, output = empty_shop().run("backup", tmp_path / "x.age")
    assert status == 1
    assert "nothing to back up" in output


def test_a_keyring_that_changes_meanwhile_is_in_the_backup_as_it_was_and_as_it_is(
    old, bought, passphrase, tmp_path, empty_shop, monkeypatch
):
    real = saving._survey

    def survey(*arguments):
        found = real(*arguments)
        with ThreadPoolExecutor() as elsewhere:
            for words in (("rotate",), ("drop", "--yes")):
                assert elsewhere.submit(old.run, "keyring", *words).result()[0] == 0
        return found

    monkeypatch.setattr(saving, "_survey", survey)
    status, output = old.run("backup", tmp_path / "x.age")
    assert status == 0, output
    new = empty_shop()
    assert new.run("restore", tmp_path / "x.age")[0] == 0
    new.restarts()
    assert _keys(new) == _keys(old)


def _keys(copy):
    return {row[0]: row[2] for row in copy.rows()["licence_key"]}


def test_a_file_that_is_deleted_meanwhile_does_no_harm(old, bought, passphrase, tmp_path, monkeypatch):
    gone = old.folder / "uploads" / "covers" / "gone.png"
    gone.write_bytes(b"nobody needs it")
    real = saving._uploads

    def listed():
        found = real()
        gone.unlink()
        return found

    monkeypatch.setattr(saving, "_uploads", listed)
    status, output = old.run("backup", tmp_path / "x.age")
    assert status == 0, output
    assert "2 uploaded files" in output
