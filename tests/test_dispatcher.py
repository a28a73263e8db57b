"""A turn: who is asked, what is remembered, which way the replies go, and what happens when all fails."""

from types import SimpleNamespace

import pytest
from sqlalchemy import select, update

from salesbot import Choice, Reply, dispatcher, hookimpl, outbox
from salesbot.channels.render import numbered
from salesbot.database import transaction
from salesbot.models import Conversation, Customer, Message, db
from salesbot.services import shop

pytestmark = pytest.mark.both_databases


class Says:
    """A plugin that says what a test wants, and remembers what it was asked."""

    def __init__(self, answer=None):
        self.answer = answer
        self.heard = []

    @hookimpl
    def salesbot_handle_message(self, message, chat):
        self.heard.append((message, chat))
        return self.answer(message, chat) if callable(self.answer) else self.answer


SAYS = Says()


@pytest.fixture
def says():
    SAYS.__init__()
    return SAYS


@pytest.fixture
def salesbot_plugins(says):
    return [("says", says)]


@pytest.fixture
def ana(customers):
    return customers("Ana", channel="twilio")


@pytest.fixture
def out(stored):
    """What went out, in order: a column of each message."""

    def read(column=Message.state):
        return stored(select(column).where(Message.direction == "out").order_by(Message.id))

    return read


# Which way the replies go.


def test_plain_replies_are_the_answer_to_the_request_and_no_worker_sends_them(app, twilio, says, work, out):
    says.answer = [Reply("One", media_url="https://shop.example/media/a.png"), Reply("Two")]
    answer = twilio.writes("x")
    work()
    assert [(said.text, said.media_url) for said in answer.messages] == [
        ("One", "https://shop.example/media/a.png"),
        ("Two", None),
    ]
    assert out() == ["answered", "answered"]
    assert twilio.requests == 0


def test_each_answer_says_where_its_receipts_go(app, twilio, says, out):
    says.answer = [Reply("One"), Reply("Two")]
    said = twilio.writes("x").messages
    assert [one.action for one in said] == [
        f"https://shop.example/webhooks/twilio/status?message={number}&attempt=0"
        for number in out(Message.id)
    ]


def test_what_has_buttons_goes_by_the_api(salesbot_apps, twilio, says, work, out):
    twilio.connect(app := salesbot_apps(BUTTONS=True))
    says.answer = Reply("Hello", [Choice("menu", "Menu")])
    assert twilio.writes("x").messages == ()
    assert out() == ["waiting"]
    from salesbot.worker import Worker

    Worker(app).drain()
    assert [(taken.body, taken.kind) for taken in twilio.messages] == [("Hello", "buttons")]


def test_while_something_waits_replies_queue_up_behind_it(app, ana, says, twilio, out, stored):
    says.answer = Reply("Answer")
    ana.says("x")
    with app.app_context(), transaction():
        outbox.say(stored_id(), Reply("Your parcel is here"))
    assert twilio.writes("y", sender=ana.address).messages == ()
    assert out() == ["answered", "waiting", "waiting"]
    assert [reply.text for reply in ana.replies][-2:] == ["Your parcel is here", "Answer"]
    assert [reply.text for reply in ana.says("z")] == ["Answer"]
    assert out() == ["answered", "queued", "queued", "answered"]


def stored_id():
    return db.session.scalar(select(Conversation.id))


@pytest.mark.parametrize(
    "answer",
    [
        [Reply("x" * 1600)] * 9 + [Reply("y" * 1601)],
        [Reply("a " * 900)] * 6,
        Reply("Pick", [Choice(f"n:{n}", "x" * 9_000) for n in range(10)]),
        [Reply("👍" * 9_000)],
    ],
    ids=["ten of which one is too long", "six of two each", "ten long lines", "many emoji"],
)
def test_what_is_too_much_for_one_answer_goes_by_the_api_with_nothing_lost(app, ana, says, twilio, answer):
    says.answer = answer
    replies = ana.says("x")
    assert len(replies) > 10
    wanted = [answer] if isinstance(answer, Reply) else answer
    assert in_one_line(reply.text for reply in replies) == in_one_line(
        numbered(reply.text, reply.choices) for reply in wanted
    )


def in_one_line(texts):
    return "".join("".join(text.split()) for text in texts)


def test_ten_messages_are_still_one_answer(app, twilio, says):
    says.answer = [Reply("x" * 1600)] * 10
    assert len(twilio.writes("x").messages) == 10


def test_no_reply_at_all_is_an_empty_answer(app, twilio, says, out):
    says.answer = []
    answer = twilio.writes("x")
    assert (answer.status, answer.messages) == (200, ())
    assert out() == []


# Who is asked.


def test_the_first_answer_wins_and_none_leaves_it_to_the_next(salesbot_apps, twilio):
    first, second = Says(None), Says(Reply("from b"))
    twilio.connect(salesbot_apps(plugins=[("b", second), ("a", first), ("c", Says(Reply("from c")))]))
    assert twilio.writes("x").text == "from b"
    assert len(first.heard) == 1


def test_tryfirst_comes_first_and_trylast_after_the_built_ins(salesbot_apps, twilio):
    class Last:
        @hookimpl(trylast=True)
        def salesbot_handle_message(self, message, chat):
            return Reply("from last")

    class First:
        @hookimpl(tryfirst=True)
        def salesbot_handle_message(self, message, chat):
            return Reply("from first") if message.text == "hi" else None

    twilio.connect(
        salesbot_apps(
            plugins=[("a", Says(None)), ("z", First()), ("last", Last())], DISABLED_PLUGINS="fallback"
        )
    )
    assert twilio.writes("hi").text == "from first"
    assert "Welcome" in twilio.writes("hello").text
    assert twilio.writes("zzzzzz").text == "from last"


def test_the_menu_has_the_built_ins_lines_first(salesbot_apps, twilio, catalogue):
    class Menu:
        @hookimpl
        def salesbot_menu_items(self, chat):
            return [Choice("a:1", "From a third party"), Choice("a:2", "And another")]

    catalogue.key("Editor licence", keys=1)
    twilio.connect(salesbot_apps(plugins=[("aaa", Menu())]))
    assert twilio.writes("menu").text.endswith(
        "1. Goods\n2. My orders\n3. Talk to a person\n4. From a third party\n5. And another"
    )


# What is remembered.


def test_notes_are_kept_with_the_chat_and_apart_from_other_plugins(salesbot_apps, twilio, stored):
    def counts(message, chat):
        chat.data["count"] = chat.data.get("count", 0) + 1
        return Reply(f"{chat.data}") if message.text == "say" else None

    twilio.connect(salesbot_apps(plugins=[("a", Says(counts)), ("b", Says(counts))]))
    twilio.writes("x")
    assert twilio.writes("say").text == "{'count': 2}"
    assert twilio.writes("say", sender="whatsapp:+15550007777").text == "{'count': 1}"
    assert stored(select(Conversation.notes))[0] == {"a": {"count": 2}, "b": {"count": 1}}


def test_emptied_notes_leave_nothing_behind(app, ana, says, stored):
    says.answer = lambda message, chat: chat.data.update(a=1) or Reply("ok")
    ana.says("x")
    says.answer = lambda message, chat: chat.data.clear() or Reply("ok")
    ana.says("y")
    assert stored(select(Conversation.notes)) == [{}]


def test_the_customer_is_who_they_are(app, ana, says, stored):
    ana.says("x")
    (message, chat) = says.heard[0]
    assert (chat.customer.name, chat.customer.address) == ("Ana", ana.address)
    assert chat.customer.id == stored(select(Customer.id))[0]
    assert (chat.language, message.language) == ("en", "en")
    assert chat.question is None


def test_a_setting_that_staff_change_counts_with_the_next_message(app, ana, catalogue):
    assert "Our shop" in ana.says("hi")[0].text
    catalogue.setting("SHOP_NAME", "Penguin Books")
    assert "Penguin Books" in ana.says("hi")[0].text


# When all fails.


@pytest.fixture
def broken(monkeypatch):
    """The core itself stumbles after a plugin has written something."""

    def breaks(turn, message):
        db.session.execute(update(Customer).values(name="half done"))
        raise RuntimeError("the core has a bug")

    def switch(*, on=True):
        if on:
            monkeypatch.setattr(dispatcher, "ask", breaks)
        else:
            monkeypatch.undo()

    switch()
    return switch


def test_a_turn_that_fails_keeps_the_message_and_says_something_kind(app, ana, broken, stored, caplog):
    (reply,) = ana.says("are you there?")
    assert "Sorry" in reply.text
    assert "safe" in reply.text
    (row,) = stored(select(Message).where(Message.direction == "in"))
    assert (row.state, row.body) == ("unhandled", "are you there?")
    assert stored(select(Customer.name)) == ["Ana"]
    assert "the core has a bug" in caplog.text
    assert "are you there" not in caplog.text


def test_a_failed_turn_again_is_answered_alike_and_not_tried_again(app, twilio, broken, stored):
    from salesbot.channels import Incoming
    from salesbot.testing.twilio_webhooks import message_form

    incoming = Incoming("twilio", "whatsapp:+15550001111", "SM" + "1" * 32, text="hello?")
    form = message_form(incoming, twilio.account, twilio.number)
    first = twilio.posts(form)
    broken(on=False)
    again = twilio.posts(form)
    assert again.body == first.body
    assert stored(select(Message.state).order_by(Message.id)) == ["unhandled", "answered"]


def test_a_failed_turn_keeps_what_was_tapped_and_opens_the_24_hours(app, ana, broken, stored):
    ana.taps("buy:1")
    (row,) = stored(select(Message).where(Message.direction == "in"))
    assert (row.state, row.choice) == ("unhandled", "buy:1")
    assert stored(select(Conversation.last_inbound_at)) != [None]


def test_after_a_failed_turn_its_line_can_be_picked_by_number(app, ana, broken):
    assert ana.says("hello?")[0].text.endswith("1. Menu")
    broken(on=False)
    assert "What would you like?" in ana.says("1")[0].text


def test_after_a_failed_turn_what_was_held_goes_out_first(app, ana, broken, twilio, clock, work):
    broken(on=False)
    ana.says("hi")
    clock.move(hours=25)
    with app.app_context(), transaction():
        outbox.say(stored_id(), Reply("Your key: K-1"))
    work()
    broken()
    assert [reply.text.partition("\n")[0] for reply in ana.says("hello?")] == [
        "Your key: K-1",
        "Sorry, something went wrong on our side. Your message is safe, and we will look at it.",
    ]


# A person.


def test_while_a_person_answers_the_bot_is_silent_but_hears_global_words(app, ana, says, stored):
    assert "A person will answer" in ana.says("a person")[0].text
    assert stored(select(Conversation.answered_by)) == ["person"]
    says.heard.clear()
    assert ana.says("my order is broken") == []
    assert ana.says("1") == []
    assert says.heard == []
    assert "Write what you are looking for" in ana.says("help")[0].text
    assert ana.says("still silent?") == []
    assert "What would you like?" in ana.says("menu")[0].text
    assert stored(select(Conversation.answered_by)) == ["bot"]
    assert "Hi Ana!" in ana.says("hi")[0].text


def test_staff_can_give_a_chat_back(app, ana, stored):
    from salesbot.services import inbox

    ana.says("a person")
    with app.app_context(), transaction():
        inbox.give_back(stored_id(), who="Olga")
    assert "Hi Ana!" in ana.says("hi")[0].text


def test_what_is_written_to_a_person_is_kept(app, ana, stored):
    ana.says("a person")
    ana.says("my order is broken")
    assert stored(select(Message.body).where(Message.direction == "in")) == [
        "a person",
        "my order is broken",
    ]


def test_settings_of_the_shop_are_read_in_the_same_turn(app, ana, says):
    says.answer = lambda message, chat: Reply(shop.setting("SHOP_NAME"))
    assert ana.says("x")[0].text == "Our shop"


def test_a_plugin_may_be_a_plain_object_with_hooks(salesbot_apps, twilio):
    hook = hookimpl(lambda message: Reply("plain"), specname="salesbot_handle_message")
    twilio.connect(salesbot_apps(plugins=[("plain", SimpleNamespace(anything=hook))]))
    assert twilio.writes("x").text == "plain"
