"""A new key while the shop sells, and a keyring that is lost or wrong."""

from __future__ import annotations

import re
import threading
import time
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy import select

from salesbot import disk
from salesbot.database import EncryptedText, db, in_transaction, transaction, vault
from salesbot.models import LicenceKey, ShopSetting
from salesbot.services import keyring, links, rotation, shop, stock
from salesbot.vault import Vault, name_of, new_key
from salesbot.worker import Worker

PLAIN = [f"PLAIN-{number:03}" for number in range(30)]


@pytest.fixture
def command(app):
    """Runs a command of `salesbot keyring`; what it prints, and its exit status."""

    def run(*words):
        done = app.test_cli_runner().invoke(args=["keyring", *words])
        return done.output, done.exit_code

    return run


def keys_in(app):
    """The keys of the ring as a process of its own would find them."""
    return Vault(app.config["KEYRING_FILE"].read_text().split()).keyring.keys


def encrypted(stored):
    raw = sa.table("licence_key", sa.column("secret"), sa.column("digest"))
    return stored(select(raw.c.secret)), stored(select(raw.c.digest))


def in_stock(app):
    with app.app_context():
        found = sorted(db.session.scalars(select(LicenceKey.secret)))
        db.session.remove()
        return found


@contextmanager
def selling(app, customers, title):
    """Customers who buy one after the other, in a thread; what each of them received."""
    bought, stop = [], threading.Event()

    def buy():
        while not stop.is_set():
            customer = customers()
            customer.says(title)
            customer.picks("Buy")
            bought.append(" ".join(reply.text for reply in customer.pays()))

    thread = threading.Thread(target=buy)
    thread.start()
    try:
        yield bought
    finally:
        stop.set()
        thread.join(60)


@pytest.mark.both_databases
def test_a_rotation_while_the_shop_sells_loses_no_key_and_breaks_no_link(
    app, salesbot_apps, catalogue, customers, command, stored
):
    goods = catalogue.key("Editor", keys=[*PLAIN, *(f"MORE-{number:03}" for number in range(600))])
    with app.app_context(), transaction():
        shop.save("plugin.token", "a secret word", secret=True)
        word = vault.sign(links.PAY, 7)
    idle = salesbot_apps()  # a process that has read the old keyring and does nothing meanwhile
    with idle.app_context():
        assert links.order_id(word) == 7

    with selling(app, customers, "Editor") as bought:
        while not bought:
            time.sleep(0.01)
        output, status = command("rotate")
        during = len(bought)
        while len(bought) < during + 2:
            time.sleep(0.01)

    assert status == 0, output
    got = [re.findall(r"(?:PLAIN|MORE)-\d{3}", text) for text in bought]
    assert all(len(keys) == 1 for keys in got), got
    assert len({key for (key,) in got}) == len(got), "a key was sold twice"
    old, new = keys_in(app)[1], keys_in(app)[0]
    secrets, digests = encrypted(stored)
    fresh = Vault([new])
    assert sorted(fresh.decrypt(secret) for secret in secrets) == in_stock(idle)
    assert sorted(digests) == sorted(fresh.digest(secret) for secret in in_stock(idle))
    with idle.app_context():
        assert links.order_id(word) == 7, "a link that somebody paid for must go on working"
        assert shop.state().texts["plugin.token"] == "a secret word"
        with transaction():
            again = stock.add_keys(goods.id, ["PLAIN-000", "NEW-1"])
    assert (again.added, again.repeated) == (1, ("PLAIN-000",))

    output, status = command("drop", "--yes")
    assert status == 0, output
    assert keys_in(app) == [new]
    assert name_of(old) in Vault(app.config["KEYRING_FILE"].read_text().split()).keyring.dropped
    assert in_stock(salesbot_apps()) == in_stock(idle) == in_stock(app)


@pytest.mark.both_databases
def test_a_rotation_that_was_killed_is_brought_to_its_end_with_the_same_key(
    app, catalogue, command, stored, monkeypatch
):
    catalogue.key("Editor", keys=500)
    real = rotation._renew_rows

    def killed(held, ids, done):
        real(held, ids, done)
        if done.renewed >= 2 * rotation.BATCH:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(rotation, "_renew_rows", killed)
        assert command("rotate")[1] != 0
    begun_with = keys_in(app)
    vaults = [Vault([key]) for key in begun_with]
    written_by = [vaults[0].key_of(secret) is None for secret in encrypted(stored)[0]]
    assert {True, False} == set(written_by), "it should have been killed in the middle"

    output, status = command("rotate")
    assert status == 0
    assert "has begun before" in output
    assert keys_in(app) == begun_with
    assert all(vaults[0].key_of(secret) == 0 for secret in encrypted(stored)[0])


@pytest.mark.both_databases
def test_what_was_being_written_when_the_new_key_came_is_waited_for(
    app, salesbot_apps, catalogue, command, stored
):
    goods = catalogue.key("Editor", keys=3)
    writing = salesbot_apps()
    said = []
    with writing.app_context():
        stock.add_keys(goods.id, ["LATE-1"])  # not committed
        rotating = threading.Thread(target=lambda: said.append(command("rotate")))
        rotating.start()
        time.sleep(1.5)
        assert not said, "the rotation may not end before that writer"
        db.session.commit()
        rotating.join(60)
    assert said[0][1] == 0, said
    newest = Vault(keys_in(app)[:1])
    assert "LATE-1" in {newest.decrypt(secret) for secret in encrypted(stored)[0]}


@pytest.mark.both_databases
def test_no_encrypted_column_of_the_shop_is_forgotten(app):
    with app.app_context():
        held = {(one.table.name, one.secret.name) for one in keyring.columns(db.session.connection())}
        db.session.rollback()
    assert held >= {
        ("delivery", "secret"),
        ("licence_key", "secret"),
        ("push_device", "auth"),
        ("shop_setting", "secret"),
        ("shop_setting", "value"),
    }


def test_a_plugins_encrypted_column_is_found_and_moved_too(app, command):
    pin = sa.Table(
        "test_pin",
        db.metadata,
        sa.Column("shop", sa.String(10), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("pin", EncryptedText),
    )
    try:
        with app.app_context(), transaction():
            pin.create(db.session.connection())
            rows = [{"shop": f"s{n % 3}", "number": n, "pin": f"pin {n}"} for n in range(450)]
            db.session.execute(sa.insert(pin), [*rows, {"shop": "s9", "number": 1, "pin": None}])
        assert command("rotate")[1] == 0
        assert command("drop", "--yes")[1] == 0
        with app.app_context():
            found = set(db.session.scalars(select(pin.c.pin)))
            assert found == {None, *(f"pin {n}" for n in range(450))}
    finally:
        with app.app_context(), transaction():
            pin.drop(db.session.connection(), checkfirst=True)
        db.metadata.remove(pin)


@pytest.mark.both_databases
def test_one_key_in_stock_twice_keeps_the_old_key_until_somebody_looks(app, catalogue, command, stored):
    goods = catalogue.key("Editor", keys=["SAME"])
    file = app.config["KEYRING_FILE"]
    other = new_key()
    disk.write_whole(file, f"{other} {file.read_text()}")
    with app.app_context(), transaction():  # as if two people had added it at the same moment
        row = {"product_id": goods.id, "secret": "SAME", "digest": vault.digest("SAME"), "hint": "••••"}
        db.session.execute(sa.insert(LicenceKey), [row])
    output, status = command("drop", "--yes")
    assert status == 1
    assert "licence_key 1: the same key is in stock twice" in output
    assert len(keys_in(app)) == 2
    with app.app_context(), transaction():
        db.session.execute(sa.delete(LicenceKey).where(LicenceKey.id == 1))
    assert command("drop", "--yes")[1] == 0


def test_status_says_what_is_encrypted_with_which_key(app, catalogue, command):
    catalogue.key("Editor", keys=4)
    assert "4 values" in command("status")[0]
    command("rotate")
    new, old = keys_in(app)
    output, _status = command("status")
    assert f"key {name_of(new)}  writes and reads  5 values" in output  # with the known text
    assert f"key {name_of(old)}  only reads        0 values" in output
    assert new not in output
    assert old not in output


def test_with_one_key_there_is_nothing_to_drop(command):
    assert command("drop", "--yes") == ("There is one key, and it is in use. Nothing to drop.\n", 0)


class TestWhereTheEnvironmentHoldsTheKeyring:
    OLD = new_key()

    @pytest.fixture
    def salesbot_config(self):
        return {"ENTRY_POINTS": False, "KEYRING": [self.OLD]}

    def test_the_command_says_what_to_put_there_and_then_does_the_rest(
        self, app, salesbot_apps, catalogue, command, stored
    ):
        catalogue.key("Editor", keys=4)
        output, status = command("rotate")
        assert status == 0
        second_step = next(line.strip() for line in output.splitlines() if line.strip().endswith(self.OLD))
        new = second_step.split()[0]
        assert f"{self.OLD} {new}" in output

        def run(words, keys):
            return (
                salesbot_apps(KEYRING=keys)
                .test_cli_runner()
                .invoke(args=["keyring", words, "--yes"][: 2 + (words == "drop")])
            )

        assert "step 2 is next" in run("rotate", [self.OLD, new]).output
        assert run("rotate", [new, self.OLD]).exit_code == 0
        assert all(Vault([new]).key_of(secret) == 0 for secret in encrypted(stored)[0])
        assert f"\n   {new}\n" in run("drop", [new, self.OLD]).output


class TestAWrongKeyring:
    @pytest.fixture
    def wrong(self, app, catalogue, salesbot_apps):
        """A process that starts after the keyring was lost."""
        catalogue.key("Editor", keys=3)
        with app.app_context():
            in_transaction(keyring.ensure)
        app.config["KEYRING_FILE"].unlink()
        return salesbot_apps()

    def test_it_is_said_by_the_commands_that_open_the_shop(self, wrong, monkeypatch):
        monkeypatch.setattr("salesbot.worker.signal.signal", lambda *_: None)
        monkeypatch.setattr("salesbot.cli.serving._check_port", lambda host, port: None)
        runner = wrong.test_cli_runner()
        for words in (["serve", "--port", "1"], ["worker"], ["keyring", "rotate"], ["keyring", "status"]):
            done = runner.invoke(args=words)
            assert done.exit_code == 1, words
            assert f"The keyring in {wrong.config['KEYRING_FILE']} does not fit this database" in done.output
            assert "backup" in done.output

    def test_it_is_said_to_whoever_asks_whether_the_shop_is_ready(self, wrong):
        answer = wrong.test_client().get("/health/ready")
        assert answer.status_code == 503
        assert "does not fit this database" in answer.json["keyring"]
        assert wrong.instance_path not in answer.text

    def test_nothing_is_sold_even_by_a_server_that_was_started_without_serve(self, wrong, twilio, stored):
        assert wrong.test_client().get("/").status_code == 503
        assert wrong.test_client().post("/webhooks/twilio/message", data={"Body": "hi"}).status_code == 503
        assert wrong.test_client().get("/health/live").status_code == 200

    def test_it_is_noticed_without_the_known_text_too(self, wrong, stored):
        with wrong.app_context(), transaction():
            db.session.execute(sa.delete(ShopSetting))
        assert wrong.test_client().get("/health/ready").status_code == 503

    def test_with_the_right_one_back_it_opens_again(self, wrong, app):
        kept = app.extensions["salesbot.vault"].keyring.keys[0]
        disk.write_whole(wrong.config["KEYRING_FILE"], kept)
        with wrong.app_context():
            assert wrong.test_client().get("/").status_code == 503, "what is in memory is still wrong"
        wrong.extensions["salesbot.vault"] = Vault([kept])
        assert wrong.test_client().get("/health/ready").status_code == 200

    def test_a_worker_waits_for_a_database_that_is_away_and_then_looks(self, wrong, monkeypatch):
        answers = [sa.exc.OperationalError("", {}, Exception()), None]
        real = keyring.ensure

        def ensure():
            if (problem := answers.pop(0)) is not None:
                raise problem
            real()

        monkeypatch.setattr(keyring, "ensure", ensure)
        worker = Worker(wrong)
        assert not worker._open_up()
        with pytest.raises(keyring.KeyringError):
            worker._open_up()


class TestAKeyringFile:
    @pytest.fixture
    def file(self, tmp_path):
        path = tmp_path / "keyring"
        disk.write_whole(path, new_key())
        return path

    def test_a_process_that_slept_through_a_rotation_and_a_drop_goes_on(self, file):
        old, new = file.read_text(), new_key()
        sleeper = Vault([old], file)
        word = sleeper.sign("pay", 7)
        disk.write_whole(file, f"{new}\n#{name_of(old)}\n")
        assert sleeper.decrypt(Vault([new]).encrypt("K-1")) == "K-1"
        assert Vault([new]).decrypt(sleeper.encrypt("K-2")) == "K-2"
        with pytest.raises(Exception, match="not a pay link"):
            sleeper.unsign("pay", word)

    @pytest.mark.parametrize("content", ["", "rubbish", "A" * 43 + "=", None])
    def test_a_running_process_never_takes_up_a_keyring_that_is_not_its_own(self, file, content, caplog):
        running = Vault([file.read_text()], file)
        stored = running.encrypt("K-1")
        file.unlink()
        if content is not None:
            disk.write_whole(file, content)
        with caplog.at_level("ERROR", "salesbot"):
            assert running.decrypt(stored) == "K-1"
            assert running.decrypt(running.encrypt("K-2")) == "K-2"
        assert len([line for line in caplog.messages if "is not used" in line]) == 1, "said once"

    def test_a_file_that_a_network_share_still_shows_as_it_was_is_opened_before_giving_up(
        self, file, monkeypatch
    ):
        old, new = file.read_text(), new_key()
        far_away = Vault([old], file)
        far_away.encrypt("look at it once")
        stamp = file.stat()
        monkeypatch.setattr(
            "salesbot.vault._stamp", lambda path: (stamp.st_mtime_ns, stamp.st_ino, stamp.st_size)
        )
        far_away._seen = (stamp.st_mtime_ns, stamp.st_ino, stamp.st_size)
        disk.write_whole(file, f"{new} {old}")
        assert far_away.decrypt(Vault([new]).encrypt("K-1")) == "K-1"
        assert far_away.unsign("pay", Vault([new]).sign("pay", 7)) == 7
