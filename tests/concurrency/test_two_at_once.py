"""Two people at the same moment: the second begins while what the first did is not committed yet."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import NullPool, create_engine, select, text

from salesbot import Delivered, Reply, fulfilment, hookimpl, jobs
from salesbot import clock as clocks
from salesbot.channels import twilio as twilio_channel
from salesbot.database import db, in_transaction
from salesbot.errors import CouponRefused, OutOfStock, WrongState
from salesbot.fulfilment import deliveries
from salesbot.messages import PaymentEvent, PaymentMethod, Refunded
from salesbot.models import (
    Advertisement,
    Conversation,
    Coupon,
    Delivery,
    LicenceKey,
    MenuLine,
    Message,
    NotNeeded,
    Order,
    OrderEvent,
    Payment,
    Refund,
)
from salesbot.services import advertisements, conversations, menu, misunderstood, orders, waiting
from salesbot.services import jobs as job_rows
from salesbot.worker import Worker

pytestmark = pytest.mark.both_databases

PATIENCE = 20.0


class Bank(PaymentMethod):
    """Calls whoever wants to be there while it gives money back."""

    name, title = "bank", "Bank"
    meanwhile = staticmethod(lambda: None)

    def start(self, order, key):
        raise AssertionError("the tests report payments themselves")

    def refund(self, payment, amount, key):
        self.meanwhile()
        return Refunded(f"back-{key}")


class BankPlugin:
    @staticmethod
    @hookimpl
    def salesbot_payment_methods():
        return Bank()


class SeatsPlugin:
    """Delivers seats, and calls whoever wants to be there meanwhile."""

    meanwhile = staticmethod(lambda: None)

    @staticmethod
    @hookimpl
    def salesbot_deliver(unit):
        SeatsPlugin.meanwhile()
        return Delivered(text="Your seat: 12") if unit.kind == "seat" else None


class WorkPlugin:
    """Says how often its job was begun."""

    @staticmethod
    @hookimpl
    def salesbot_run_job(job):
        return Reply(f"Done at attempt {job.attempt}.")


@pytest.fixture
def salesbot_plugins():
    return [("bank", BankPlugin), ("seats", SeatsPlugin), ("work", WorkPlugin)]


@pytest.fixture
def while_money_goes_back(monkeypatch):
    """Has something done at that moment."""
    return lambda what: monkeypatch.setattr(Bank, "meanwhile", staticmethod(what))


@pytest.fixture
def while_a_unit_is_made(monkeypatch):
    return lambda what: monkeypatch.setattr(SeatsPlugin, "meanwhile", staticmethod(what))


@pytest.fixture
def elsewhere(app):
    """Does something in a thread of its own, as another process would; its future."""
    with ThreadPoolExecutor(4) as pool:

        def start(work) -> Future:
            def inside():
                with app.app_context():
                    return work()

            return pool.submit(inside)

        yield start


@pytest.fixture
def meet(app, elsewhere):
    """What the second gives or raises when it begins before the first has committed."""
    engine = create_engine(app.config["DATABASE_URL"], poolclass=NullPool)
    locks = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )

    def waits() -> bool:
        if engine.dialect.name == "sqlite":
            return True  # a second writer has to wait for its turn, whatever it does
        with engine.connect() as connection:
            return connection.scalar(locks) > 0

    def run(first, second, then=lambda: None):
        """`then` is what the first does when the second has begun."""
        with app.app_context():
            first()
            db.session.flush()
            running = elsewhere(lambda: in_transaction(second))
            until = time.monotonic() + PATIENCE
            while not (running.done() or waits()) and time.monotonic() < until:
                time.sleep(0.01)
            then()
            db.session.commit()
        return running.result(PATIENCE)

    return run


@pytest.fixture
def ordered(customers, stored):
    """Somebody puts goods into a cart: the order."""

    def make(goods, name="Ana"):
        customers(name).taps(f"buy:{goods.id}")
        return stored(select(Order).order_by(Order.id.desc()))[0]

    return make


@pytest.fixture
def chats(customers, stored):
    """(customer, chat) of two people."""
    for name in ("Ana", "Ben"):
        customers(name).says("hi")
    return [(chat.customer_id, chat.id) for chat in stored(select(Conversation).order_by(Conversation.id))]


def paid(order, number="1"):
    """The money of an order arrives; each number is a payment of its own."""
    event = PaymentEvent(
        f"e{order.id}-{number}", order.id, f"m{order.id}-{number}", "paid", order.total, order.currency
    )
    return partial(fulfilment.take_event, "bank", event)


def test_money_that_comes_while_the_order_expires_is_kept_and_delivers(
    meet, ordered, catalogue, clock, stored
):
    order = ordered(catalogue.key("Editor", keys=1))
    clock.move(hours=2)
    assert meet(paid(order), fulfilment.expire_next) in {True, False}
    assert stored(select(Order.state)) == ["fulfilled"]


def test_money_that_comes_just_after_the_order_has_expired_takes_stock(
    meet, ordered, catalogue, clock, stored
):
    order = ordered(catalogue.key("Editor", keys=1))
    clock.move(hours=2)
    assert meet(fulfilment.expire_next, paid(order)) == "paid"
    assert stored(select(Order.state)) == ["fulfilled"]


def test_money_that_comes_while_the_last_key_is_encrypted_anew_gets_that_key(
    meet, ordered, catalogue, stored
):
    """A rotation holds the row for a moment; the key is there all the same."""
    order = ordered(catalogue.key("Editor", keys=1))
    assert (
        meet(lambda: db.session.scalars(select(LicenceKey.id).with_for_update()).all(), paid(order)) == "paid"
    )
    assert stored(select(Delivery.state)) == ["delivered"]


def test_the_same_report_twice_pays_once(meet, ordered, catalogue, stored):
    order = ordered(catalogue.key("Editor", keys=2))
    assert meet(paid(order), paid(order)) == "known already"
    assert len(stored(select(Delivery))) == 1


def test_two_payments_of_one_order_pay_once_and_one_goes_back(meet, ordered, catalogue, stored):
    order = ordered(catalogue.key("Editor", keys=2))
    assert "too much" in meet(paid(order, "1"), paid(order, "2"))
    assert len(stored(select(Delivery))) == 1
    assert stored(select(Refund.amount)) == [order.total]
    assert len(stored(select(OrderEvent).where(OrderEvent.what == "pending → paid"))) == 1


def test_staff_cannot_cancel_what_is_being_paid(meet, ordered, catalogue, stored):
    order = ordered(catalogue.key("Editor", keys=1))

    def presses_cancel():
        # What the page of the order read a moment ago, and still holds, must not be believed.
        read = db.session.get_one(Order, order.id)
        fulfilment.cancel(read.id, who="olga")

    with pytest.raises(WrongState, match="fulfilled"):
        meet(paid(order), presses_cancel)
    assert stored(select(Order.state)) == ["fulfilled"]


def test_money_for_what_is_being_cancelled_goes_back(meet, ordered, catalogue, stored):
    order = ordered(catalogue.key("Editor", keys=1))
    assert "goes back" in meet(lambda: fulfilment.cancel(order.id, who="olga"), paid(order))
    assert stored(select(Delivery)) == []


def test_the_last_key_is_promised_to_one(meet, catalogue, chats):
    editor = catalogue.key("Editor", keys=1)
    first, second = (lambda whose=whose: fulfilment.place(*whose, [(editor.id, 1)]) for whose in chats)
    with pytest.raises(OutOfStock):
        meet(first, second)


def test_the_last_use_of_a_coupon_goes_to_one_whatever_they_buy(meet, app, catalogue, chats):
    editor, book = catalogue.key("Editor", keys=5), catalogue.file("Book")
    with app.app_context():
        in_transaction(lambda: db.session.add(Coupon(code="LAST", percent=50, uses_allowed=1)))
    first, second = (
        lambda whose=whose, goods=goods: fulfilment.place(*whose, [(goods.id, 1)], coupon="LAST")
        for whose, goods in zip(chats, (editor, book), strict=True)
    )
    with pytest.raises(CouponRefused):
        meet(first, second)


def test_a_late_payment_and_a_new_buyer_do_not_get_the_same_key(
    meet, ordered, catalogue, chats, clock, stored
):
    editor = catalogue.key("Editor", keys=1)
    order = ordered(editor)
    clock.move(hours=2)
    with pytest.raises(OutOfStock):
        meet(paid(order), lambda: fulfilment.place(*chats[1], [(editor.id, 1)]))
    assert len(stored(select(LicenceKey).where(LicenceKey.delivery_id.is_not(None)))) == 1


def test_a_late_payment_does_not_take_what_is_being_promised(meet, ordered, catalogue, chats, clock, stored):
    editor = catalogue.key("Editor", keys=1)
    order = ordered(editor)
    clock.move(hours=2)
    outcome = meet(lambda: fulfilment.place(*chats[1], [(editor.id, 1)]), paid(order))
    assert "goes back" in outcome
    assert stored(select(Delivery)) == []


@pytest.mark.parametrize("first", ["the late payment", "the new buyer"])
def test_a_late_payment_and_a_new_buyer_do_not_have_the_same_last_use(
    meet, app, catalogue, chats, clock, stored, first
):
    """They buy different things, so that nothing but the coupon keeps them apart."""
    editor, book = catalogue.key("Editor", keys=5), catalogue.file("Book")
    with app.app_context():
        in_transaction(lambda: db.session.add(Coupon(code="LAST", percent=50, uses_allowed=1)))
        in_transaction(lambda: fulfilment.place(*chats[0], [(editor.id, 1)], coupon="LAST"))
    [order] = stored(select(Order))
    clock.move(hours=2)
    pays, buys = paid(order), lambda: fulfilment.place(*chats[1], [(book.id, 1)], coupon="LAST")
    if first == "the new buyer":
        assert "goes back" in meet(buys, pays)
    else:
        with pytest.raises(CouponRefused):
            meet(pays, buys)


def test_the_same_money_is_given_back_once_when_two_of_staff_press_the_button(
    meet, ordered, catalogue, app, stored
):
    order = ordered(catalogue.key("Editor", keys=1))
    with app.app_context():
        in_transaction(paid(order))
    [payment] = stored(select(Payment.id))
    ask = partial(fulfilment.ask_refund, payment, order.total)
    with pytest.raises(WrongState):
        meet(lambda: ask(who="olga"), lambda: ask(who="ben"))
    assert len(stored(select(Refund))) == 1


def test_a_unit_goes_back_once_when_two_of_staff_press_its_button(meet, customers, catalogue, app, stored):
    catalogue.key("Editor", keys=3)
    ana = customers("Ana")
    ana.says("Editor")
    ana.picks("Buy several")
    ana.says("3")
    [order] = stored(select(Order))
    with app.app_context():
        in_transaction(paid(order))
    [payment] = stored(select(Payment.id))
    first, *_others = stored(select(Delivery.id).order_by(Delivery.id))
    ask = partial(fulfilment.ask_refund, payment, 100, units=(first,))
    with pytest.raises(WrongState):
        meet(lambda: ask(who="olga"), lambda: ask(who="ben"))
    assert stored(select(Refund.units)) == [[first]]


def test_a_transfer_is_confirmed_or_not_found_but_never_both(meet, ordered, catalogue, app, stored):
    order = ordered(catalogue.key("Editor", keys=1))
    with app.app_context():
        money = Payment(order_id=order.id, method="manual", amount=order.total, currency=order.currency)
        in_transaction(lambda: db.session.add(money))
    [payment] = stored(select(Payment.id))
    with pytest.raises(WrongState):
        meet(
            lambda: fulfilment.confirm_by_staff(payment, who="olga"),
            lambda: fulfilment.reject_by_staff(payment, who="ben"),
        )
    assert stored(select(Order.state)) == ["fulfilled"]


def test_staff_lock_the_order_before_its_payment_as_everybody_does(meet, ordered, catalogue, app, stored):
    """The other way round the two would wait for each other."""
    order = ordered(catalogue.key("Editor", keys=1))
    with app.app_context():
        money = Payment(order_id=order.id, method="manual", amount=order.total, currency=order.currency)
        in_transaction(lambda: db.session.add(money))
    [payment] = stored(select(Payment.id))
    meet(
        lambda: orders.locked(order.id),
        lambda: fulfilment.confirm_by_staff(payment, who="olga"),
        then=lambda: db.session.get(Payment, payment, with_for_update=True),
    )
    assert stored(select(Order.state)) == ["fulfilled"]


def test_one_new_key_goes_once_to_who_waits_for_it(meet, ordered, catalogue, app, stored):
    editor = catalogue.key("Editor", keys=1)
    order = ordered(editor)
    with app.app_context():
        in_transaction(lambda: db.session.delete(db.session.scalars(select(LicenceKey)).one()))
        in_transaction(paid(order))
    catalogue.stock(editor, ["ED-9"])
    told_before = len(stored(select(Message).where(Message.direction == "out")))
    assert meet(fulfilment.fill_waiting, fulfilment.fill_waiting) is False
    assert stored(select(Delivery.state)) == ["delivered"]
    assert len(stored(select(Message).where(Message.direction == "out"))) == told_before + 1


def test_who_asks_again_to_be_told_while_they_are_told_is_not_in_anybodys_way(
    meet, catalogue, chats, stored, app
):
    editor = catalogue.key("Editor", keys=0)
    ask = partial(waiting.ask, editor.id, chats[0][1])
    with app.app_context():
        in_transaction(ask)
    catalogue.stock(editor, ["ED-1"])
    lock_the_chat = partial(conversations.lock_chat_by_id, conversation_id=chats[0][1])
    meet(lambda: lock_the_chat(db.session.connection()), fulfilment.tell_next, then=ask)
    assert len([body for body in stored(select(Message.body)) if "is back" in body]) == 1


def test_two_workers_give_the_same_money_back_once(
    ordered, catalogue, app, while_money_goes_back, elsewhere, stored
):
    order = ordered(catalogue.key("Editor", keys=1))
    with app.app_context():
        in_transaction(paid(order))
        [payment] = stored(select(Payment.id))
        in_transaction(lambda: fulfilment.ask_refund(payment, order.total, who="olga"))
    found = []
    while_money_goes_back(lambda: found.append(elsewhere(fulfilment.refund_next).result(PATIENCE)))
    with app.app_context():
        assert fulfilment.refund_next()
    assert found == [False], "the second worker has nothing to do"
    assert stored(select(Refund.state)) == ["done"]


def test_a_report_that_comes_before_the_answer_is_followed_once(
    ordered, catalogue, app, while_money_goes_back, elsewhere, stored
):
    """A provider may send its event before it answers the request that caused it."""
    order = ordered(catalogue.key("Editor", keys=1))
    with app.app_context():
        in_transaction(paid(order))
        [payment] = stored(select(Payment.id))
        in_transaction(lambda: fulfilment.ask_refund(payment, order.total, who="olga"))
    event = PaymentEvent("r1", order.id, f"m{order.id}-1", "refunded", order.total, order.currency)
    report = partial(in_transaction, partial(fulfilment.take_event, "bank", event))
    while_money_goes_back(lambda: elsewhere(report).result(PATIENCE))
    with app.app_context():
        assert fulfilment.refund_next()
    assert stored(select(Refund.reference)) == ["back-refund-1"]
    assert stored(select(Order.state)) == ["cancelled"]
    assert len([body for body in stored(select(Message.body)) if "We have sent" in body]) == 1
    assert len(stored(select(OrderEvent).where(OrderEvent.what == "money went back"))) == 1


def test_what_a_dead_worker_was_giving_back_is_done_by_the_next(
    ordered, catalogue, app, while_money_goes_back, stored, clock, work
):
    order = ordered(catalogue.key("Editor", keys=1))
    with app.app_context():
        in_transaction(paid(order))
        [payment] = stored(select(Payment.id))
        in_transaction(lambda: fulfilment.ask_refund(payment, order.total, who="olga"))
    while_money_goes_back(_dies)
    with pytest.raises(KeyboardInterrupt):
        work()
    while_money_goes_back(lambda: None)
    work()
    assert stored(select(Refund.state)) == ["started"], "perhaps the other one is only slow"
    clock.move(minutes=6)
    work()
    assert stored(select(Refund.state)) == ["done"]


def _dies():
    raise KeyboardInterrupt


def test_a_unit_is_made_once_by_two_workers_and_by_the_next_when_one_dies(
    ordered, catalogue, app, while_a_unit_is_made, elsewhere, stored, clock, work
):
    order = ordered(catalogue.product("Seat", kind="seat"))
    with app.app_context():
        in_transaction(paid(order))
    while_a_unit_is_made(_dies)
    with pytest.raises(KeyboardInterrupt):
        work()
    clock.move(minutes=6)
    found = []
    while_a_unit_is_made(lambda: found.append(elsewhere(fulfilment.deliver_next).result(PATIENCE)))
    with app.app_context():
        assert fulfilment.deliver_next()
    assert found == [False]
    assert stored(select(Delivery.state)) == ["delivered"]
    told = [body for body in stored(select(Message.body)) if "Your seat: 12" in body]
    assert len(told) == 1


@pytest.fixture
def put_off(app, chats):
    """A job of a chat."""
    with app.app_context():
        job = partial(job_rows.put, "work", "work:now", {}, conversation_id=chats[0][1], due_at=clocks.now())
        in_transaction(job)


def test_a_job_goes_to_one_of_two_workers(put_off, meet):
    taken = []
    claim = partial(job_rows.claim, ["work"])
    assert meet(lambda: taken.append(claim()), claim) is None
    assert taken[0].attempt == 1


def test_a_job_is_done_by_the_next_worker_and_the_one_that_was_too_slow_says_nothing(
    put_off, app, clock, stored
):
    said = select(Message.body).where(Message.body.startswith("Done"))
    with app.app_context():
        slow = jobs.claim()
        assert jobs.claim() is None, "perhaps the other one is only slow"
        clock.move(minutes=11)
        quick = jobs.claim()
        jobs.perform(slow)
        assert stored(said) == []
        jobs.perform(quick)
        jobs.perform(slow)
    assert stored(said) == ["Done at attempt 2."]


@pytest.mark.parametrize("first", ["a turn of the chat", "the page"])
def test_the_page_is_opened_while_the_buyer_writes(meet, ordered, catalogue, chats, stored, first):
    """Each needs the chat and the order; whoever has the one gets the other too."""
    order = ordered(catalogue.key("Editor", keys=1))

    def turn():
        conversations.lock_chat_by_id(db.session.connection(), order.conversation_id)

    def cancels():
        fulfilment.cancel(order.id, who="customer")

    def opens():
        fulfilment.opened(order.id)

    if first == "the page":
        meet(opens, lambda: (turn(), cancels()))
    else:
        meet(turn, opens, then=cancels)
    assert stored(select(Order.state)) == ["cancelled"]
    assert len(stored(select(OrderEvent).where(OrderEvent.what == "opened the page"))) == 1


@pytest.mark.parametrize("comes", ["while it is made", "at the same moment"])
def test_a_dispute_that_comes_while_a_unit_is_made_keeps_it_back(
    meet, ordered, catalogue, app, while_a_unit_is_made, elsewhere, stored, work, clock, comes
):
    """It is handed over, once, when the dispute has ended."""
    order = ordered(catalogue.product("Seat", kind="seat"))

    def happens(kind):
        event = PaymentEvent(f"x-{kind}", order.id, f"m{order.id}-1", kind, order.total, order.currency)
        return lambda: fulfilment.take_event("bank", event)

    with app.app_context():
        in_transaction(paid(order))
    if comes == "while it is made":
        while_a_unit_is_made(lambda: elsewhere(lambda: in_transaction(happens("disputed"))).result(PATIENCE))
        with app.app_context():
            assert fulfilment.deliver_next()
    else:
        with app.app_context():
            unit = in_transaction(deliveries._claim)
        meet(happens("disputed"), lambda: deliveries._made(unit, Delivered(text="Your seat: 12"), ""))
    while_a_unit_is_made(lambda: None)
    work()
    [unit] = stored(select(Delivery))
    assert (unit.state, unit.claimed_at, unit.attempts) == ("due", None, 0)
    assert stored(select(Order.state)) == ["paid"]
    assert not [body for body in stored(select(Message.body)) if "Your seat" in body]
    with app.app_context():
        in_transaction(happens("paid"))
    work()
    assert stored(select(Order.state)) == ["fulfilled"]
    assert len([body for body in stored(select(Message.body)) if "Your seat" in body]) == 1


def test_that_a_message_is_being_sent_is_written_down_before_it_is(
    app, customers, catalogue, monkeypatch, stored
):
    """Else a worker that dies now would leave it waiting, and it would be sent twice."""
    ana = customers("Ana", channel="twilio")
    ana.taps(f"buy:{catalogue.file('Book').id}")
    seen = []
    real = twilio_channel.TwilioChannel.send

    def send(self, message):
        engine = create_engine(app.config["DATABASE_URL"], poolclass=NullPool)
        with engine.connect() as connection:
            state = select(Message.state).where(Message.id == message.id)
            seen.append(connection.scalar(state))
        return real(self, message)

    monkeypatch.setattr(twilio_channel.TwilioChannel, "send", send)
    [order] = stored(select(Order))
    with app.app_context():
        in_transaction(paid(order))
    Worker(app).drain()
    assert set(seen) == {"sending"}


def test_two_who_need_the_same_words_no_more_are_both_right(meet, stored):
    mine, both, theirs = (two * 32 for two in ("aa", "bb", "cc"))
    meet(
        lambda: misunderstood.not_needed([mine, both]),
        lambda: misunderstood.not_needed([both, theirs, "too short"]),
    )
    assert sorted(stored(select(NotNeeded.digest))) == [mine, both, theirs]


def test_the_same_advertisement_added_twice_leads_where_the_last_one_said(meet, catalogue, stored):
    goods = catalogue.file("Book")
    added = meet(
        lambda: advertisements.add("Read  more", ""),
        lambda: advertisements.add("read more", f"product:{goods.id}").headline,
    )
    assert added == "Read more", "the headline as it was first typed"
    assert stored(select(Advertisement.target)) == [f"product:{goods.id}"]


def test_an_advertisement_added_while_somebody_comes_by_it_keeps_both(meet, catalogue, stored):
    goods = catalogue.file("Book")
    said = {"source_id": "", "headline": "Read more", "text": "Now in print", "url": ""}
    meet(
        lambda: advertisements.arrived(db.session.connection(), said, "hi"),
        lambda: advertisements.add("read more", f"product:{goods.id}").id,
    )
    [ad] = stored(select(Advertisement))
    assert (ad.came, ad.headline, ad.text) == (1, "Read more", "Now in print")
    assert ad.target == f"product:{goods.id}"


def test_two_who_arrange_the_menu_for_the_first_time_are_one_after_the_other(meet, app, stored):
    def saves(title):
        lines = [menu.Arranged(choice, hidden=False, titles={"en": title}) for choice in ("orders", "person")]
        menu.save(lines, seen)

    with app.app_context():
        seen = menu.version()
    with pytest.raises(WrongState, match="somebody else changed the menu meanwhile"):
        meet(lambda: saves("First"), lambda: saves("Second"))
    assert stored(select(MenuLine.titles)) == [{"en": "First"}] * 2
