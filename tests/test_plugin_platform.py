"""Everything a plugin may bring besides messages: jobs, tables, filters, searches, pages, cards."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import time
from datetime import timedelta
from types import ModuleType, SimpleNamespace

import pytest
from sqlalchemy import inspect, select, text

from salesbot import (
    AdminPage,
    Card,
    Choice,
    Job,
    Periodic,
    Reply,
    expose,
    hookimpl,
    later,
    search,
)
from salesbot import models as rows
from salesbot.authoring.migrations import differences
from salesbot.database import db
from salesbot.errors import PluginProblem
from salesbot.migrations import of_plugins
from salesbot.migrations.support import foreign_keys_off
from salesbot.plugin_manager import Manager, transaction
from salesbot.testing.shop import make_tables_of_plugins
from salesbot.worker import Worker


def module(name="salesbot_cards", **hooks):
    """A plugin's module with these hooks."""
    made = ModuleType(name)
    for hook, function in hooks.items():
        setattr(made, hook, hookimpl(specname=hook)(function))
    return made


def asks_later(job=lambda job: None, after=timedelta(), **hooks):
    """A plugin that puts a job off whenever somebody writes "later"."""

    def handle(message, chat):
        if message.text == "later":
            later("cards:look", {"said": message.text}, chat=chat, after=after)
            return Reply("One moment.")

    return module(salesbot_handle_message=handle, salesbot_run_job=job, **hooks)


@pytest.fixture
def with_plugin(salesbot_apps, twilio):
    """An app with one plugin called cards, and somebody who talks to it."""
    from salesbot.testing.customer import Customer

    def make(plugin, **settings):
        app = salesbot_apps(plugins=[("cards", plugin)], **settings)
        twilio.connect(app)
        return app, Customer(app, twilio, "Sam")

    return make


@pytest.mark.both_databases
def test_whoever_said_stop_gets_what_they_ask_for_later_and_nothing_else(with_plugin, clock):
    """Not what was put off before the "stop", nor what an order makes a plugin say by itself."""

    def changed(order, old, new):
        later("cards:look", {"said": "how do you like it?"}, order=order)

    plugin = asks_later(
        lambda job: Reply(f"About {job.data['said']}"), timedelta(hours=1), salesbot_order_changed=changed
    )
    from salesbot.testing.catalogue import Catalogue

    app, sam = with_plugin(plugin)
    book = Catalogue(app).file("Book")
    sam.says("later")
    clock.move(minutes=1)
    sam.says("stop")
    clock.move(hours=2)
    assert not [reply for reply in sam.replies if "About" in reply.text]
    clock.move(days=30)
    sam.says("later")
    sam.taps(f"buy:{book.id}")
    sam.pays()
    clock.move(hours=2)
    said = [reply.text for reply in sam.replies if "About" in reply.text]
    assert len(said) == 1
    assert said[0].startswith("About later")


@pytest.mark.both_databases
def test_an_answer_comes_later_from_a_job_that_may_wait(with_plugin):
    def job(job):
        time.sleep(0.06)
        return Reply(f"You wrote {job.data['said']}, {job.customer.name}.", [Choice("menu", "Menu")])

    _app, sam = with_plugin(asks_later(job))
    first, second = sam.says("later")
    assert first.text == "One moment."
    assert second.text.startswith("You wrote later, Sam.")
    assert sam.replies == [first, second], "once"


@pytest.mark.both_databases
def test_a_job_that_fails_is_tried_again_under_the_same_key(with_plugin, clock, stored):
    keys = []

    def job(job):
        keys.append((job.key, job.attempt))
        if len(keys) < 3:
            raise TimeoutError("their server is away")
        return Reply("Here it is.")

    _app, sam = with_plugin(asks_later(job))
    sam.says("later")
    for pause in (16, 61):
        clock.move(seconds=pause)
        last = sam.replies[-1]
    assert last.text == "Here it is."
    assert len({key for key, _attempt in keys}) == 1
    assert [attempt for _key, attempt in keys] == [1, 2, 3]
    assert not stored(select(rows.PluginFailure)), "somebody else's silence is not the plugin's fault"


def test_a_job_is_given_up_after_six_times_and_says_why(with_plugin, clock, stored):
    def job(job):
        raise ConnectionError("nobody there")

    _app, sam = with_plugin(asks_later(job))
    sam.says("later")
    for _ in range(8):
        clock.move(hours=12)
        assert sam.replies[-1].text == "One moment."
    (row,) = stored(select(rows.Job))
    assert (row.state, row.attempts) == ("failed", 6)
    assert "nobody there" in row.error


def test_a_turn_that_is_undone_puts_nothing_off(with_plugin, stored):
    def handle(message, chat):
        later("cards:look", chat=chat)
        raise RuntimeError("and now this")

    _app, sam = with_plugin(module(salesbot_handle_message=handle, salesbot_run_job=lambda job: Reply("no")))
    assert "no" not in [reply.text for reply in sam.says("later")]
    assert not stored(select(rows.Job))


def test_while_a_person_answers_or_the_plugin_is_off_its_jobs_wait(with_plugin, clock):
    app, sam = with_plugin(asks_later(lambda job: Reply("Done."), after=timedelta(minutes=1)))
    sam.says("later")
    with app.app_context(), transaction():
        db.session.execute(text("UPDATE conversation SET answered_by = 'person'"))
    clock.move(minutes=2)
    assert "Done." not in [reply.text for reply in sam.replies]
    with app.app_context(), transaction():
        db.session.execute(text("UPDATE conversation SET answered_by = 'bot'"))
    assert "Done." in [reply.text for reply in sam.replies]


def test_whoever_said_stop_hears_no_more_of_it(with_plugin, clock):
    _app, sam = with_plugin(asks_later(lambda job: Reply("Done."), after=timedelta(minutes=1)))
    sam.says("later")
    sam.says("stop")
    clock.move(minutes=2)
    assert "Done." not in [reply.text for reply in sam.replies]


def test_periodic_jobs_run_again_and_again_and_end_with_their_declaration(with_plugin, clock, salesbot_apps):
    ran = []
    plugin = module(
        salesbot_periodic_jobs=lambda: Periodic("cards:nightly", timedelta(days=1)),
        salesbot_run_job=lambda job: ran.append(job.key),
    )
    app, _sam = with_plugin(plugin)
    Worker(app).drain()
    Worker(app).drain()
    assert len(ran) == 1
    clock.move(days=1, seconds=1)
    Worker(app).drain()
    assert len(set(ran)) == 2
    Worker(salesbot_apps(plugins=[("cards", module(salesbot_run_job=lambda job: None))])).drain()
    clock.move(days=1, seconds=1)
    Worker(app).drain()
    assert len(ran) == 3, "a process that still declares it has it again"


def test_a_job_writes_in_a_transaction_of_its_own(with_plugin, stored):
    def job(job):
        with transaction():
            db.session.add(rows.Category(title=job.data["said"]))

    _app, sam = with_plugin(asks_later(job))
    sam.says("later")
    assert [category.title for category in stored(select(rows.Category))] == ["later"]


def connects():
    with socket.socket() as phone:
        phone.connect(("127.0.0.1", 9))


def forks(fork=os.fork):
    if fork() in {0, (0, -1)}:
        os._exit(1)


NETWORK, PROGRAM = "must not use the network", "must not start a program"
WAITS = {
    "sleep": (lambda: time.sleep(5), "must not sleep 5 s"),
    "connect": (connects, NETWORK),
    "getaddrinfo": (lambda: socket.getaddrinfo("localhost", 80), NETWORK),
    "gethostbyname": (lambda: socket.gethostbyname("localhost"), NETWORK),
    "gethostbyaddr": (lambda: socket.gethostbyaddr("127.0.0.1"), NETWORK),
    "getnameinfo": (lambda: socket.getnameinfo(("127.0.0.1", 80), 0), NETWORK),
    "subprocess": (lambda: subprocess.run(["true"], check=False), PROGRAM),
    "system": (lambda: os.system("true"), PROGRAM),  # noqa: S605
    "popen": (lambda: os.popen("true"), PROGRAM),  # noqa: S605
    "posix_spawn": (lambda: os.posix_spawn("/bin/true", ["true"], {}), PROGRAM),
    "spawn": (lambda: os.spawnlp(os.P_WAIT, "true", "true"), PROGRAM),  # noqa: S606
    "exec": (lambda: os.execlp("false", "false"), PROGRAM),  # noqa: S606
    "fork": (forks, PROGRAM),
    "forkpty": (lambda: forks(os.forkpty), PROGRAM),
}


@pytest.mark.parametrize(("waits", "said"), WAITS.values(), ids=WAITS)
def test_no_plugin_waits_while_a_chat_is_locked(with_plugin, stored, waits, said):
    def handle(message, chat):
        waits()

    _app, sam = with_plugin(module(salesbot_handle_message=handle))
    assert sam.says("hi")[0].choices
    (failure,) = stored(select(rows.PluginFailure))
    assert said in failure.error
    assert "salesbot.later()" in failure.error


def test_replies_are_changed_by_each_filter_in_turn(with_plugin, stored):
    def shout(reply, chat):
        chat.data["heard"] = chat.data.get("heard", 0) + 1
        return Reply(reply.text.upper(), reply.choices, reply.media_url, reply.ask)

    _app, sam = with_plugin(module(salesbot_filter_reply=shout))
    said = sam.says("hi")[0]
    assert "WELCOME" in said.text
    assert said.choices
    sam.says("menu")
    assert stored(select(rows.Conversation))[0].notes["cards"] == {"heard": 2}


def test_a_filter_that_fails_leaves_the_reply_as_it_was(with_plugin, stored):
    _app, sam = with_plugin(module(salesbot_filter_reply=lambda reply, chat: "words"))
    assert "Welcome" in sam.says("hi")[0].text
    assert "not a Reply" in stored(select(rows.PluginFailure))[0].error


def test_filters_see_what_is_sent_unasked_too(with_plugin):
    _app, sam = with_plugin(
        asks_later(
            lambda job: Reply("Done."), salesbot_filter_reply=lambda reply: Reply(f"{reply.text} Bye.")
        )
    )
    assert [reply.text for reply in sam.says("later")] == ["One moment. Bye.", "Done. Bye."]


def test_a_search_of_a_plugins_own_answers_before_the_shops(with_plugin):
    from salesbot.testing.catalogue import Catalogue

    found = []
    app, sam = with_plugin(
        module(salesbot_search=lambda words, language: list(found) if "velo" in words else None)
    )
    catalogue = Catalogue(app)
    bike, book = catalogue.key("Bicycle", keys=1), catalogue.key("Book about chess", keys=1)
    found += [bike.id, 999]
    assert "Bicycle" in sam.says("velo")[0].text
    assert "Book about chess" in sam.says("chess")[0].text
    catalogue.change(bike, active=False)
    assert "Bicycle" not in sam.says("velo")[0].text
    with app.app_context():
        assert search("chess") == [book.id]


FIRST = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0001", None

def upgrade():
    op.create_table("{table}", sa.Column("id", sa.Integer, primary_key=True), sa.Column("words", sa.Text))
    op.execute("INSERT INTO {table} (id, words) VALUES (1, 'kept')")

def downgrade():
    op.drop_table("{table}")
"""


@pytest.fixture
def with_tables(tmp_path, monkeypatch):
    """A plugin of a folder with migrations; `with_tables(name of its table)`."""

    def make(table="cards_card", name="salesbot_cards_tables"):
        folder = tmp_path / name
        (folder / "migrations").mkdir(parents=True)
        (folder / "migrations" / "0001_first.py").write_text(FIRST.format(table=table))
        (folder / "__init__.py").write_text(
            "from salesbot import hookimpl\n\n@hookimpl\ndef salesbot_migrations():\n    return 'migrations'\n"
        )
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, name, raising=False)
        return __import__(name)

    return make


@pytest.mark.both_databases
def test_each_plugin_has_tables_and_a_version_of_its_own(salesbot_apps, with_tables):
    app = salesbot_apps(plugins=[("cards", with_tables())])
    with app.app_context():
        (plugin,) = [one for one in app.extensions["salesbot.plugins"].plugins if one.name == "cards"]
        assert {"cards_card", "alembic_version_cards"} <= set(inspect(db.engine).get_table_names())
        with db.engine.begin() as connection:
            assert connection.scalar(text("SELECT words FROM cards_card")) == "kept"
            assert not of_plugins.is_behind(plugin, connection)
        make_tables_of_plugins(app)
        with db.engine.begin() as connection:
            of_plugins.downgrade(plugin, connection)
            assert of_plugins.is_behind(plugin, connection)
        assert "cards_card" not in inspect(db.engine).get_table_names()
        with db.engine.begin() as connection:
            connection.execute(text("DROP TABLE alembic_version_cards"))


@pytest.mark.both_databases
def test_tables_that_could_be_somebody_elses_are_not_made(salesbot_apps, with_tables, caplog):
    app = salesbot_apps()
    shop = salesbot_apps.__self__
    with pytest.raises(Exception, match="make or drop other_card"):
        shop.make(plugins=[("cards", with_tables("other_card"))])
    with app.app_context():
        assert "other_card" not in inspect(db.engine).get_table_names()


@pytest.fixture
def left_tables(app):
    """Tables that are there when a test begins, and gone when it ends."""
    made = []

    def make(*names):
        with app.app_context(), db.engine.begin() as connection:
            for name in names:
                connection.execute(text(f"CREATE TABLE {name} (id INTEGER)"))
                made.append(name)

    yield make
    with app.app_context(), db.engine.begin() as connection:
        for name in {*made, "alembic_version_gift", "gift_visits"}:
            connection.execute(text(f"DROP TABLE IF EXISTS {name}"))


class GiftModels:
    """Has migrations, and none of the tables that stand about."""

    def __init__(self, folder):
        self.folder = folder

    @hookimpl
    def salesbot_migrations(self):
        return self.folder


@pytest.mark.both_databases
def test_no_plugin_takes_tables_whose_names_begin_with_its_own_for_its_own(
    salesbot_apps, left_tables, tmp_path
):
    """`gift_cards` was uninstalled and left its tables; `gift` may drop what it forgot itself."""
    left_tables("gift_cards_visits", "alembic_version_gift_cards", "gift_old")
    app = salesbot_apps(plugins=[("gift", GiftModels(tmp_path)), ("gift_ideas", GiftModels(tmp_path))])
    left_tables("gift_ideas_idea")
    with app.app_context(), db.engine.connect() as connection:
        (gift,) = [one for one in app.extensions["salesbot.plugins"].plugins if one.name == "gift"]
        code = differences(gift, connection)
    assert code == "op.drop_table('gift_old')"


DROPS = """
from alembic import op
revision, down_revision = "0001", None

def upgrade():
    cascade = "CASCADE" if op.get_bind().dialect.name == "postgresql" else ""
    op.execute(f"DROP TABLE {table} {{cascade}}")
"""


@pytest.mark.both_databases
@pytest.mark.parametrize("table", ["gift_cards_visits", "gift_ideas_idea", "order_line", "alembic_version"])
def test_a_migration_that_drops_what_is_anothers_is_undone(salesbot_apps, left_tables, tmp_path, table):
    left_tables("alembic_version_gift_cards", "gift_cards_visits", "gift_ideas_idea")
    tmp_path.joinpath("0001_first.py").write_text(DROPS.format(table=table))
    plugins = [("gift", GiftModels(tmp_path)), ("gift_ideas", SimpleNamespace())]
    app = salesbot_apps()
    manager = Manager(third_parties=False, extra=plugins)
    with app.app_context(), pytest.MonkeyPatch.context() as patch:
        patch.setitem(app.extensions, "salesbot.plugins", manager)
        (gift,) = [one for one in manager.plugins if one.name == "gift"]
        with (
            db.engine.connect() as connection,
            foreign_keys_off(connection),
            pytest.raises(PluginProblem, match=f"make or drop {table}"),
            connection.begin(),
        ):
            of_plugins.upgrade(gift, connection)
        assert table in inspect(db.engine).get_table_names()


@pytest.mark.parametrize("name", ["order", "plugin", "alembic", "menu"])
def test_a_plugin_whose_tables_would_be_called_as_the_shops_is_left_out(salesbot_apps, name):
    app = salesbot_apps(plugins=[(name, SimpleNamespace())])
    problem = app.extensions["salesbot.plugins"].problems[name]
    assert f"begins as those of a plugin {name!r} would; rename the entry point" in problem


class CardsPage(AdminPage):
    """A page of a plugin."""

    needs = {"index": "look"}

    def __init__(self):
        super().__init__(name="Cards", url="cards")

    @expose("/")
    def index(self):
        return "All the cards"

    @expose("/secret")
    def secret(self):
        return "The owner's cards"


def test_a_page_lets_in_who_has_the_right_and_goes_with_its_plugin(with_plugin):
    from salesbot.services import shop
    from salesbot.testing.staff import person

    plugin = module(
        salesbot_register_admin_views=lambda admin: admin.add_view(CardsPage()),
        salesbot_home_cards=lambda: [
            Card("Cards", "12 given", url="/admin/cards/"),
            Card("Cards run out", "2 left", urgent=True),
        ],
    )
    app, _sam = with_plugin(plugin, BACK_OFFICE=True)
    viewer, owner, stranger = person(app, "viewer"), person(app, "owner"), person(app, None)
    assert viewer.get("/admin/cards/").text == "All the cards"
    assert viewer.get("/admin/cards/secret").status_code == 403
    assert owner.get("/admin/cards/secret").text == "The owner's cards"
    assert stranger.get("/admin/cards/").status_code == 302
    home = viewer.get("/admin/").text
    assert "12 given" in home
    assert home.index("2 left") < home.index("12 given"), "what is urgent stands with what needs somebody"
    with app.app_context(), transaction():
        shop.switch_plugin("cards", on=False)
    assert viewer.get("/admin/cards/").status_code == 404
    assert "12 given" not in viewer.get("/admin/").text


def test_a_page_that_anybody_could_open_leaves_the_plugin_out(with_plugin):
    from flask_admin import BaseView

    class Open(BaseView):
        @expose("/")
        def index(self):
            return "everything"

    app, _sam = with_plugin(
        module(salesbot_register_admin_views=lambda admin: admin.add_view(Open(name="Open", url="open"))),
        BACK_OFFICE=True,
    )
    assert "salesbot.AdminPage" in app.extensions["salesbot.plugins"].problems["cards"]
    assert app.test_client().get("/admin/open/").status_code in {302, 404}


def test_a_card_that_is_none_is_the_plugins_failure_and_the_page_stays(with_plugin, stored):
    from salesbot.testing.staff import person

    app, _sam = with_plugin(module(salesbot_home_cards=lambda: "12 given"), BACK_OFFICE=True)
    assert person(app, "viewer").get("/admin/").status_code == 200
    assert "Card" in stored(select(rows.PluginFailure))[0].error


def test_what_is_asked_of_whom_is_shown_with_its_cost(salesbot_apps, twilio, caplog):
    caplog.set_level(logging.ERROR)

    def handle(message, chat):
        if message.text == "bad":
            raise ValueError("no")

    app = salesbot_apps(plugins=[("cards", module(salesbot_handle_message=handle))])
    ran = app.test_cli_runner().invoke(args=["plugins", "--trace", "hi"])
    assert ran.exit_code == 0, ran.output
    lines = [line.split() for line in ran.output.partition("\n\n")[0].splitlines()]
    asked = [(line[0], line[1]) for line in lines]
    assert asked.index(("cards", "salesbot_handle_message")) < asked.index(
        ("greeting", "salesbot_handle_message")
    )
    assert asked.index(("greeting", "salesbot_handle_message")) < asked.index(
        ("orders", "salesbot_menu_items")
    )
    assert all(line[3] == "µs" for line in lines)
    assert "Reply(" in ran.output
    again = app.test_cli_runner().invoke(args=["say", "--trace", "bad"])
    assert "failed: " in again.output
    assert "ValueError: no" in again.output
    assert "µs" not in app.test_cli_runner().invoke(args=["say", "hi"]).output


def test_a_job_for_nobody_cannot_be_put_off(with_plugin, stored):
    def handle(message, chat):
        later("nobody:look", chat=chat)

    _app, sam = with_plugin(module(salesbot_handle_message=handle))
    sam.says("hi")
    assert "there is no plugin 'nobody'" in stored(select(rows.PluginFailure))[0].error
    assert Job("k", "n").customer is None
