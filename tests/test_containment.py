"""Whatever a plugin does in its hook, the next one answers, the turn is stored and staff can read who it was."""

import contextlib
import sys
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import SQLAlchemyError

from salesbot import Choice, Reply, calls, containment, hookimpl, plugin_manager
from salesbot.database import transaction
from salesbot.errors import PluginProblem
from salesbot.models import Category, Message, PluginFailure, PluginState, ShopSetting, db
from salesbot.services import plugin_failures

pytestmark = pytest.mark.both_databases


def plugin(work):
    """A plugin whose one hook is `work(message, chat)`."""

    @hookimpl
    def salesbot_handle_message(message, chat):
        return work(message, chat)

    return SimpleNamespace(salesbot_handle_message=salesbot_handle_message)


class Bad:
    """A plugin that does what a test tells it to."""

    def __init__(self):
        self.work = lambda message, chat: None

    @hookimpl
    def salesbot_handle_message(self, message, chat):
        return self.work(message, chat)


BAD = Bad()


@pytest.fixture
def bad():
    BAD.__init__()
    return BAD


@pytest.fixture
def salesbot_plugins(bad):
    return [("bad", bad)]


def writes(title="written by bad"):
    db.session.add(Category(title=title))
    db.session.flush()


def raises(message, chat):
    raise RuntimeError("a bug")


def exits(message, chat):
    sys.exit("bye")


def interrupts_a_generator(message, chat):
    raise GeneratorExit


def recurses(message, chat):
    return recurses(message, chat)


def commits(message, chat):
    writes()
    db.session.commit()


def commits_and_goes_on(message, chat):
    writes()
    with contextlib.suppress(PluginProblem):
        db.session.commit()
    return Reply("I go on as if nothing had happened")


def rolls_back(message, chat):
    writes()
    db.session.rollback()


def closes(message, chat):
    writes()
    db.session.close()


def removes(message, chat):
    writes()
    db.session.remove()


def resets(message, chat):
    writes()
    db.session.reset()


def commits_the_connection(message, chat):
    writes()
    db.session.connection().commit()


def rolls_the_connection_back(message, chat):
    writes()
    db.session.connection().rollback()


def closes_the_connection(message, chat):
    writes()
    db.session.connection().close()


def invalidates(message, chat):
    writes()
    db.session.connection().invalidate()


def invalidates_before_it_does_anything(message, chat):
    db.session.connection().invalidate()


def invalidates_the_session(message, chat):
    db.session().invalidate()


def ends_the_transaction_before_it_does_anything(message, chat):
    db.session().get_transaction().rollback()


def destroys_the_transaction(message, chat):
    writes()
    db.session().get_transaction().rollback()


def commits_the_transaction(message, chat):
    writes()
    db.session().get_transaction().commit()


def commits_the_savepoint(message, chat):
    writes()
    db.session().get_nested_transaction().commit()
    raise RuntimeError("a bug after it")


def commits_the_savepoint_and_answers(message, chat):
    writes()
    db.session().get_nested_transaction().commit()
    return Reply("I go on as if nothing had happened")


def rolls_the_savepoint_back(message, chat):
    writes()
    db.session().get_nested_transaction().rollback()
    raise RuntimeError("a bug after it")


def writes_after_the_savepoint(message, chat):
    writes("the first")
    db.session().get_nested_transaction().rollback()
    writes("the second")
    raise RuntimeError("a bug after it")


def leaves_a_savepoint_open(message, chat):
    db.session.begin_nested()
    writes()
    raise RuntimeError("a bug in it")


def commits_in_sql(message, chat):
    writes()
    db.session.execute(text(" COMMIT"))


def rolls_back_in_sql(message, chat):
    writes()
    db.session.execute(text("/* sly */ rollback"))


def asks_nonsense(message, chat):
    db.session.execute(text("SELECT nothing FROM nowhere"))


def breaks_a_constraint(message, chat):
    writes("the same")
    db.session.add(Category(title="the same"))


def swallows_a_flush_error(message, chat):
    writes("the same")
    db.session.add(Category(title="the same"))
    try:
        db.session.flush()
    except SQLAlchemyError:
        return Reply("I go on as if nothing had happened")


def writes_and_raises(message, chat):
    writes()
    raise RuntimeError("a bug after writing")


def writes_in_sql_and_raises(message, chat):
    db.session.execute(
        text("INSERT INTO category (title, detail, position, active) VALUES ('by hand', '', 0, true)")
    )
    raise RuntimeError("a bug after writing")


def changes_a_loaded_row_and_raises(message, chat):
    db.session.scalars(select(Category)).one().title = "changed by bad"
    raise RuntimeError("a bug before flushing")


def deletes_and_raises(message, chat):
    db.session.delete(db.session.scalars(select(Category)).one())
    db.session.flush()
    raise RuntimeError("a bug after deleting")


def changes_many_and_raises(message, chat):
    db.session.query(Category).update({"title": "changed by bad"})
    raise RuntimeError("a bug after changing")


def leaves_a_row_that_cannot_be_stored(message, chat):
    db.session.add(Category(title=None))


def returns_a_text(message, chat):
    writes()
    return "Hello"


def returns_a_coroutine(message, chat):
    async def answer():
        return Reply("Hello")

    coroutine = answer()
    coroutine.close()
    return coroutine


def returns_too_many_choices(message, chat):
    return Reply("Pick", [Choice("a", "A")] * 101)


def returns_too_many_replies(message, chat):
    return [Reply("Buy!")] * 3000


def takes_bad_notes(message, chat):
    chat.data["when"] = object()
    return Reply("Noted")


def returns_half_a_letter(message, chat):
    return Reply("\ud83d")


class Unspeakable(Exception):
    """Cannot be turned into words."""

    def __str__(self):
        raise SystemExit("no words")


def raises_what_cannot_be_told(message, chat):
    raise Unspeakable


def raises_half_a_letter(message, chat):
    raise RuntimeError("\ud83d")


def raises_nul(message, chat):
    raise RuntimeError("a\x00b")


def raises_a_book(message, chat):
    raise RuntimeError("first\nsecond " * 1000)


MISDEEDS = [value for value in list(vars().values()) if getattr(value, "__code__", None) is not None]
MISDEEDS = [work for work in MISDEEDS if work.__code__.co_varnames[:2] == ("message", "chat")]


@pytest.fixture
def shelf(catalogue):
    """A row that misdeeds may try to change."""
    return catalogue.category("Books")


# What is done to the core's connection itself, SQLAlchemy warns about.
@pytest.mark.filterwarnings("ignore:.*transaction already deassociated")
@pytest.mark.parametrize("misdeed", MISDEEDS, ids=lambda work: work.__name__)
def test_after_any_misdeed_the_next_plugin_answers_and_the_failure_names_it(
    app, twilio, bad, shelf, stored, misdeed
):
    bad.work = misdeed
    answer = twilio.writes("hi")
    assert answer.status == 200
    assert "What would you like?" in answer.text
    assert [row.state for row in stored(select(Message).order_by(Message.id))] == ["received", "answered"]
    assert stored(select(Category.title)) == ["Books"]
    (failure,) = stored(select(PluginFailure))
    assert (failure.plugin, failure.hook) == ("bad", "salesbot_handle_message")
    assert failure.error


@pytest.mark.parametrize("misdeed", [raises, destroys_the_transaction], ids=lambda work: work.__name__)
def test_a_customer_who_writes_on_is_answered_each_time(app, customer, bad, misdeed):
    bad.work = misdeed
    for _time in range(3):
        assert "What would you like?" in customer.says("hi")[0].text


@pytest.mark.parametrize(
    ("misdeed", "said"),
    [
        (raises_what_cannot_be_told, "Unspeakable: its text can't be read: SystemExit"),
        (raises_half_a_letter, "RuntimeError: ?"),
        (raises_nul, "RuntimeError: ab"),
        (raises_a_book, "RuntimeError: first"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_whatever_is_raised_can_be_written_down_and_counts(app, customer, bad, stored, misdeed, said):
    bad.work = misdeed
    for _time in range(plugin_failures.TOO_MANY):
        assert "What would you like?" in customer.says("hi")[0].text
    errors = stored(select(PluginFailure.error))
    assert {error.rpartition(f":{misdeed.__code__.co_firstlineno + 1}: ")[2] for error in errors} == {said}
    assert stored(select(PluginState.enabled)) == [False]


def test_the_failure_says_where_in_the_plugin_it_was(app, twilio, bad, stored):
    bad.work = raises
    twilio.writes("hi")
    (error,) = stored(select(PluginFailure.error))
    assert f"{__file__}:{raises.__code__.co_firstlineno + 1}: RuntimeError: a bug" in error


def test_what_a_plugin_writes_and_leaves_to_others_is_kept(app, twilio, bad, stored):
    """None means "not mine", not "nothing happened"."""

    def counts(message, chat):
        writes(f"heard {message.text}")
        chat.data["heard"] = message.text

    bad.work = counts
    assert "What would you like?" in twilio.writes("hi").text
    assert stored(select(Category.title)) == ["heard hi"]
    assert stored(select(PluginFailure.id)) == []


def test_what_a_plugin_writes_with_its_answer_is_kept(app, twilio, bad, stored):
    def notes(message, chat):
        with db.session.begin_nested():
            writes("in a savepoint of its own")
        db.session.execute(
            text("INSERT INTO category (title, detail, position, active) VALUES ('by hand', '', 0, true)")
        )
        return Reply("Noted")

    bad.work = notes
    assert twilio.writes("hi").text == "Noted"
    assert sorted(stored(select(Category.title))) == ["by hand", "in a savepoint of its own"]


def test_a_plugins_own_savepoint_may_be_undone_by_it(app, twilio, bad, stored):
    def tries(message, chat):
        writes("kept")
        with db.session.begin_nested() as attempt:
            writes("given up")
            attempt.rollback()
        return Reply("Tried")

    bad.work = tries
    assert twilio.writes("hi").text == "Tried"
    assert stored(select(Category.title)) == ["kept"]


def test_a_plugin_that_goes_on_after_a_failed_statement_keeps_nobody_from_answering(app, twilio, bad, stored):
    """PostgreSQL takes nothing more in that transaction; SQLite does not mind."""

    def swallows_nonsense(message, chat):
        try:
            db.session.execute(text("SELECT nothing FROM nowhere"))
        except SQLAlchemyError:
            return Reply("I go on. What would you like?")

    bad.work = swallows_nonsense
    assert "What would you like?" in twilio.writes("hi").text
    assert [row.state for row in stored(select(Message).order_by(Message.id))] == ["received", "answered"]


@pytest.mark.postgresql
def test_a_connection_that_the_server_closes_is_no_plugins_fault(app, twilio, bad, stored):
    closed = []

    def loses_its_connection(message, chat):
        if not closed:
            closed.append(True)
            db.session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return Reply("Here I am")

    bad.work = loses_its_connection
    assert twilio.writes("hi").text == "Here I am"
    assert stored(select(PluginFailure.error)) == []


def test_notes_edited_in_place_are_as_before_when_the_plugin_raises(app, customer, bad, stored):
    from salesbot.models import Conversation

    def keeps(message, chat):
        chat.data["names"] = ["Ana"]
        return Reply("Kept")

    def edits_and_raises(message, chat):
        chat.data["names"].append("Ben")
        chat.data["more"] = 1
        raise RuntimeError("a bug after editing")

    bad.work = keeps
    customer.says("one")
    bad.work = edits_and_raises
    customer.says("two")
    assert stored(select(Conversation.notes)) == [{"bad": {"names": ["Ana"]}}]


def test_a_note_that_is_kept_cannot_be_changed_afterwards(app, customer, bad, stored):
    from salesbot.models import Conversation

    names = ["Ana"]

    def keeps(message, chat):
        chat.data["names"] = names
        return Reply("Kept")

    bad.work = keeps
    customer.says("one")
    names.append("Ben")
    assert stored(select(Conversation.notes)) == [{"bad": {"names": ["Ana"]}}]


def test_five_failures_switch_a_plugin_off_in_every_process(
    app, salesbot_apps, customer, bad, catalogue, stored
):
    other_process = salesbot_apps()
    with other_process.app_context():
        assert "bad" not in plugin_manager.shop.state().switched_off
    bad.work = writes_and_raises
    for _time in range(7):
        assert "What would you like?" in customer.says("hi")[0].text
    assert len(stored(select(PluginFailure.id))) == plugin_failures.TOO_MANY
    (state,) = stored(select(PluginState))
    assert (state.name, state.enabled, state.by_itself) == ("bad", False, True)
    assert "a bug after writing" in state.reason
    bad.work = lambda message, chat: Reply("I am back")
    with other_process.app_context():
        assert "bad" in plugin_manager.shop.state().switched_off
        db.session.rollback()
    from salesbot.testing.customer import Customer

    there = Customer(other_process, None, "Ben")
    assert "What would you like?" in there.says("hi")[0].text


def test_four_failures_and_a_pause_do_not(app, customer, bad, clock, stored):
    bad.work = raises
    for _time in range(4):
        customer.says("hi")
    clock.move(minutes=11)
    for _time in range(4):
        customer.says("hi")
    assert stored(select(PluginState.name)) == []


def test_destroying_the_transaction_counts_as_a_failure_too(app, customer, bad, stored):
    bad.work = destroys_the_transaction
    for _time in range(6):
        assert "What would you like?" in customer.says("hi")[0].text
    assert stored(select(PluginState.name)) == ["bad"]


@pytest.fixture
def watch(monkeypatch):
    """A stopwatch that only a test moves."""
    stopped = SimpleNamespace(now=0.0)
    for module in (calls, containment):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: stopped.now))
    return stopped


@pytest.mark.parametrize(("seconds", "switched_off"), [(2.9, []), (3.1, ["bad"])])
def test_one_call_over_three_seconds_switches_a_plugin_off_but_its_answer_counts(
    app, customer, bad, stored, watch, seconds, switched_off
):
    def takes_its_time(message, chat):
        watch.now += seconds
        return Reply("At last")

    bad.work = takes_its_time
    assert customer.says("hi")[0].text == "At last"
    assert stored(select(PluginState.name)) == switched_off
    assert ("What would you like?" in customer.says("hi")[0].text) == bool(switched_off)


def test_a_plugin_that_is_too_slow_is_named_with_its_hook_and_the_time(app, customer, bad, stored, watch):
    def takes_its_time(message, chat):
        watch.now += 7

    bad.work = takes_its_time
    customer.says("hi")
    (state,) = stored(select(PluginState))
    assert (state.enabled, state.by_itself) == (False, True)
    assert state.reason == "salesbot_handle_message took 7.0 s; the limit is 3 s"
    assert stored(select(PluginFailure.error)) == [state.reason]


@pytest.mark.parametrize(
    "misdeed",
    [raises, writes_and_raises, commits, destroys_the_transaction, returns_a_text],
    ids=lambda work: work.__name__,
)
def test_a_plugin_that_is_slow_and_fails_holds_no_second_chat_up(app, customer, bad, stored, watch, misdeed):
    def waits_in_vain(message, chat):
        watch.now += 3.3
        return misdeed(message, chat)

    bad.work = waits_in_vain
    for _time in range(2):
        assert "What would you like?" in customer.says("hi")[0].text
    assert watch.now == 3.3, "it was asked again"
    (state,) = stored(select(PluginState))
    assert (state.enabled, state.by_itself) == (False, True)
    assert state.reason == "salesbot_handle_message took 3.3 s; the limit is 3 s"
    assert len(stored(select(PluginFailure.error))) == 2, "what it raised, and that it was slow"


def test_time_spent_in_other_plugins_is_not_counted_twice(app, customer, stored, watch):
    """The greeting asks all plugins for their menu lines: a slow one must not cost the greeting."""

    class Slow:
        @hookimpl
        def salesbot_menu_items(self):
            watch.now += 5

    app.extensions["salesbot.plugins"] = plugin_manager.Manager(third_parties=False, extra=[("slow", Slow())])
    assert "What would you like?" in customer.says("hi")[0].text
    assert stored(select(PluginState.name)) == ["slow"]


@pytest.fixture
def busy_database(monkeypatch, watch):
    """A statement about categories waits five seconds for somebody else's lock."""
    execute = DefaultDialect.do_execute

    def waits(self, cursor, statement, parameters, context=None):
        if "category" in statement:
            watch.now += 5
        execute(self, cursor, statement, parameters, context)

    monkeypatch.setattr(DefaultDialect, "do_execute", waits)


@pytest.mark.parametrize(("seconds", "switched_off"), [(2, []), (4, ["bad"])])
def test_time_spent_waiting_for_the_database_is_not_the_plugins(
    busy_database, app, customer, bad, stored, watch, seconds, switched_off
):
    def writes_and_thinks(message, chat):
        db.session.scalars(select(Category.title)).all()
        db.session.add(Category(title="written when it is asked no more"))
        watch.now += seconds
        return Reply("At last")

    bad.work = writes_and_thinks
    assert customer.says("hi")[0].text == "At last"
    assert stored(select(PluginState.name)) == switched_off


def test_a_slow_machine_switches_no_built_in_plugin_off(app, customer, stored, watch, monkeypatch, caplog):
    import salesbot_greeting

    menu = salesbot_greeting.menu_items

    def slowly(chat):
        watch.now += 7
        return menu(chat)

    monkeypatch.setattr(salesbot_greeting, "menu_items", slowly)
    for _time in range(6):
        assert "What would you like?" in customer.says("hi")[0].text
    assert stored(select(PluginState.name)) == []
    assert "plugin greeting is slow: salesbot_handle_message took 7.0 s" in caplog.text


def test_a_plugin_switched_on_again_is_asked_again(app, customer, bad, stored):
    from salesbot.services import shop

    bad.work = lambda message, chat: Reply("Here I am")
    with app.app_context(), transaction():
        shop.switch_plugin("bad", on=False)
    assert "What would you like?" in customer.says("hi")[0].text
    with app.app_context(), transaction():
        shop.switch_plugin("bad", on=True)
    assert customer.says("hi")[0].text == "Here I am"


def test_when_every_plugin_fails_the_customer_still_reads_something_kind(salesbot_apps, twilio, stored):
    names = "greeting,catalog,checkout,orders,support,payment_demo,payment_manual,fallback"
    app = salesbot_apps(DISABLED_PLUGINS=names, plugins=[("bad", plugin(raises))])
    twilio.connect(app)
    answer = twilio.writes("hi")
    assert "Sorry" in answer.text
    assert "1. Menu" in answer.text


def test_a_row_that_the_core_has_loaded_may_be_deleted_and_is_there_again_after_a_bug(
    app, twilio, bad, shelf, stored
):
    """Without one statement of the plugin's own before it is over."""

    def deletes(message, chat):
        db.session.delete(loaded[0])
        if message.text == "break":
            raise RuntimeError("a bug after deleting")

    loaded = []
    bad.work = deletes
    with app.app_context():
        for text_, left in (("break", ["Books"]), ("hi", [])):
            loaded[:] = db.session.scalars(select(Category)).all()
            manager = plugin_manager.current()
            order = manager.in_order("salesbot_handle_message", first="bad")[:1]
            arguments = {"message": SimpleNamespace(text=text_), "chat": None}
            list(manager.answers(order, arguments, lambda value: value))
            assert db.session.scalars(select(Category.title)).all() == left
        db.session.rollback()


def test_a_failure_while_an_order_changes_does_not_stop_the_sale(
    salesbot_apps, twilio, catalogue, customer, stored
):
    """A plugin that raises when money arrives must not keep goods from their buyer."""

    class Spoiler:
        @hookimpl
        def salesbot_order_changed(self, order, old, new):
            writes(f"{old} {new}")
            raise RuntimeError("I hate money")

    app = salesbot_apps(plugins=[("spoiler", Spoiler())])
    twilio.connect(app)
    key = catalogue.key("Editor licence", keys=["K-1"])
    from salesbot.testing.customer import Customer

    buyer = Customer(app, twilio, "Ben")
    buyer.taps(f"buy:{key.id}")
    assert "K-1" in buyer.pays()[0].text
    assert {row.plugin for row in stored(select(PluginFailure))} == {"spoiler"}
    assert stored(select(Category.title)) == ["Goods"]


def test_a_plugin_may_change_rows_that_the_core_has_loaded(salesbot_apps, twilio, catalogue, stored):
    from salesbot.models import Customer as Person

    class Friend:
        @hookimpl
        def salesbot_order_changed(self, order, old, new):
            if new == "paid":
                db.session.get(Person, order.customer.id).name = "VIP"

    app = salesbot_apps(plugins=[("friend", Friend())])
    twilio.connect(app)
    key = catalogue.key("Editor licence", keys=["K-1"])
    from salesbot.testing.customer import Customer

    buyer = Customer(app, twilio, "Ben")
    buyer.taps(f"buy:{key.id}")
    assert "K-1" in buyer.pays()[0].text
    assert stored(select(PluginFailure.error)) == []
    assert stored(select(Person.name)) == ["VIP"]


def test_rows_that_the_core_has_loaded_are_as_before_when_the_plugin_raises(
    salesbot_apps, twilio, catalogue, stored
):
    from salesbot.models import Customer as Person

    class Vandal:
        @hookimpl
        def salesbot_order_changed(self, order, old, new):
            db.session.get(Person, order.customer.id).name = "nobody"
            raise RuntimeError("oops")

    app = salesbot_apps(plugins=[("vandal", Vandal())])
    twilio.connect(app)
    key = catalogue.key("Editor licence", keys=["K-1"])
    from salesbot.testing.customer import Customer

    buyer = Customer(app, twilio, "Ben")
    buyer.taps(f"buy:{key.id}")
    assert "K-1" in buyer.pays()[0].text
    assert stored(select(Person.name)) == ["Ben"]


def test_a_plugin_that_cannot_be_stopped_is_not_the_reason_why_a_setting_is_lost(app, customer, bad, stored):
    """What the plugin before it wrote stays, however badly the next one behaves."""
    bad.work = destroys_the_transaction
    customer.says("hi")
    assert stored(select(func.count(ShopSetting.name))) == [0]
    assert len(stored(select(Message.id).where(Message.direction == "in"))) == 1
