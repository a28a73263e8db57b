"""Every cent that comes in pays for an order, or goes back by itself; and nothing is given for it meanwhile."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, func, select

from salesbot import Delivered, fulfilment, hookimpl
from salesbot.database import db, in_transaction
from salesbot.errors import WrongState
from salesbot.messages import NeedsStaff
from salesbot.models import Coupon, Delivery, LicenceKey, Message, Order, OrderEvent, Payment, Refund

pytestmark = pytest.mark.both_databases


class PassesPlugin:
    @staticmethod
    @hookimpl
    def salesbot_deliver(unit):
        return Delivered(text="Your seat: 12") if unit.kind == "pass" else None


@pytest.fixture
def salesbot_plugins(bank_plugin):
    return [*bank_plugin, ("passes", PassesPlugin)]


@pytest.fixture
def order(customer, catalogue, stored):
    """An unpaid order for a key of $10.00."""
    goods = catalogue.key("Editor", keys=["ED-1"])
    customer.taps(f"buy:{goods.id}")
    return stored(select(Order.id))[0]


def texts(customer):
    return "\n".join(reply.text for reply in customer.replies)


def test_a_part_that_came_goes_back_when_the_order_expires(order, customer, event, clock, bank, stored):
    event(amount=400)
    assert "$6.00 are still missing" in texts(customer)
    clock.move(hours=2)
    said = texts(customer)
    assert "was not paid in full in time" in said
    assert "Nothing was charged" not in said
    assert "We send $4.00 back to you" in said
    assert "We have sent $4.00 back to you" in said
    assert bank.asked == [("m1", 400, "refund-1")]
    assert stored(select(Order.state)) == ["expired"]


def test_a_part_that_came_goes_back_when_the_customer_lets_the_order_go(order, customer, event, bank, stored):
    event(amount=400)
    customer.taps("checkout:empty")
    assert bank.asked == [("m1", 400, "refund-1")]
    assert stored(select(Order.state)) == ["cancelled"]


def test_what_went_back_does_not_count_towards_the_price(order, customer, event, app, stored, work):
    event(amount=400)
    [payment] = stored(select(Payment.id))
    with app.app_context():
        in_transaction(lambda: fulfilment.ask_refund(payment, 400, who="olga"))
    work()
    event(id="e2", reference="m2", amount=600)
    assert stored(select(Order.state)) == ["pending"], "the shop holds 6 of 10 dollars"
    assert stored(select(Delivery)) == []
    assert "$4.00 are still missing" in texts(customer)
    event(id="e3", reference="m3", amount=400)
    assert "ED-1" in texts(customer)


def test_money_of_another_currency_is_no_part_of_the_price(order, event, stored):
    assert event(currency="EUR") == "the order is in USD, the payment in EUR"
    assert "999 USD (minor units) are missing" in event(id="e2", reference="m2", amount=1)
    assert stored(select(Order.state)) == ["pending"]
    assert stored(select(Delivery.id)) == []
    assert event(id="e3", reference="m3", amount=999) == "paid"


def test_one_cent_less_is_too_little_and_one_more_is_too_much(order, customer, event, bank, stored):
    event(amount=999)
    assert "$0.01 are still missing" in texts(customer)
    assert stored(select(Delivery)) == []
    event(id="e2", reference="m2", amount=2)
    said = texts(customer)
    assert "ED-1" in said
    assert "You have paid $0.01 more" in said
    assert bank.asked == [("m2", 1, "refund-1")]


def test_what_is_paid_beyond_the_price_goes_back_by_itself(order, customer, event, bank, stored):
    assert "more was paid than it costs" in event(amount=1150)
    said = texts(customer)
    assert "ED-1" in said
    assert "You have paid $1.50 more than order" in said
    assert bank.asked == [("m1", 150, "refund-1")]
    assert stored(select(Order.state)) == ["fulfilled"]
    assert stored(select(Delivery.state)) == ["delivered"], "what was bought stays bought"
    [seen] = stored(select(OrderEvent.why).where(OrderEvent.what == "look at this"))
    assert "$1.50 goes back" in seen


def test_who_pays_twice_gets_the_second_money_back_and_keeps_the_goods(order, customer, event, bank, stored):
    event()
    assert "too much" in event(id="e2", reference="m2")
    assert "goes back to you" in texts(customer)
    assert bank.asked == [("m2", 1000, "refund-1")]
    assert stored(select(Order.state)) == ["fulfilled"]
    assert "ED-1" in customer.says("my orders")[0].text


def test_a_last_coupon_that_somebody_else_has_used_meanwhile_is_not_used_twice(
    customers, catalogue, app, event, clock, bank, stored, work
):
    book = catalogue.file("Book")
    with app.app_context():
        in_transaction(lambda: db.session.add(Coupon(code="ONCE", percent=10, uses_allowed=1)))
    ana, ben = customers("Ana"), customers("Ben")
    for buyer in (ana, ben):
        buyer.taps(f"buy:{book.id}")
        assert "$9.00" in buyer.says("ONCE")[0].text
        clock.move(hours=2)
        work()
        if buyer is ana:
            [late] = stored(select(Order.id).where(Order.total == 900))
    # Ben's time is over too, but nobody has used the code since.
    assert event(amount=900) == "paid"
    assert "goes back" in event(id="e2", reference="m2", amount=900, number=late)
    assert "came too late" in texts(ana)
    work()
    assert bank.asked == [("m2", 900, "refund-1")]


def test_money_on_its_way_back_is_not_given_back_by_hand_as_well(order, event, app, stored):
    event()
    [payment] = stored(select(Payment.id))
    with app.app_context():
        refund = in_transaction(lambda: fulfilment.ask_refund(payment, 1000, who="olga").id)
        # A worker asks the bank at this moment.
        in_transaction(lambda: setattr(db.session.get(Refund, refund), "attempts", 1))
        with pytest.raises(WrongState):
            in_transaction(lambda: fulfilment.refunded_by_staff(refund, who="olga"))


def test_when_a_dispute_has_taken_everything_nobody_is_to_give_it_back_again(
    order, event, app, bank, stored, work
):
    event()
    event("disputed", id="d1")
    bank.answers = [NeedsStaff("It is disputed.")]
    [payment] = stored(select(Payment.id))
    with app.app_context():
        in_transaction(lambda: fulfilment.ask_refund(payment, 300, who="olga"))
    work()
    assert stored(select(Refund.state)) == ["needs_staff"]
    event("refunded", id="d1-lost")
    assert stored(select(Refund.state)) == ["done"], "the task is gone"
    assert stored(select(Refund.amount)) == [1000]
    whats = stored(select(OrderEvent.what))
    assert "a refund is not needed any more" in whats


def test_a_refund_that_became_too_large_is_asked_for_anew_with_what_is_left(
    order, event, app, bank, stored, work
):
    event()
    bank.answers = [NeedsStaff("That is more than is left.")]
    [payment] = stored(select(Payment.id))
    with app.app_context():
        in_transaction(lambda: fulfilment.ask_refund(payment, 1000, who="olga", why="a gift"))
    work()
    # Somebody gave a part back at the bank, of which the shop hears only now.
    event("refunded", id="r1", amount=1)
    work()
    assert [(amount, key) for _reference, amount, key in bank.asked] == [
        (1000, "refund-1"),
        (999, "refund-3"),
    ]
    assert sorted(stored(select(Refund.amount).where(Refund.state == "done"))) == [1, 999]
    assert stored(select(Order.state)) == ["cancelled"]


def test_while_a_payment_is_disputed_a_new_key_goes_to_the_next_who_waits(
    customers, catalogue, event, app, stored
):
    goods = catalogue.key("Editor", keys=2)
    ana, ben = customers("Ana"), customers("Ben")
    orders = []
    for buyer in (ana, ben):
        buyer.taps(f"buy:{goods.id}")
        orders.append(stored(select(func.max(Order.id)))[0])
    with app.app_context():
        in_transaction(lambda: db.session.execute(delete(LicenceKey)))
    for number in orders:
        event(id=f"e{number}", reference=f"m{number}", number=number)
    event("disputed", id="d1", reference=f"m{orders[0]}", number=orders[0])
    catalogue.stock(goods, ["ED-3"])
    assert "ED-3" in texts(ben)
    catalogue.stock(goods, ["ED-4"])
    assert "ED-4" not in texts(ana), "hers is on hold"
    event("paid", id="d2", reference=f"m{orders[0]}", number=orders[0])
    assert "ED-4" in texts(ana)


def test_while_a_payment_is_disputed_plugins_make_nothing_for_it(customer, catalogue, event, stored, work):
    seat = catalogue.product("Seat", kind="pass")
    customer.taps(f"buy:{seat.id}")
    event()
    event("disputed", id="d1")
    work()
    assert stored(select(Delivery.state)) == ["due"]
    event("paid", id="d2")
    assert "Your seat: 12" in texts(customer)


def test_keys_that_paid_orders_wait_for_are_not_sold_again(customers, catalogue, app, event, stored):
    goods = catalogue.key("Editor", keys=["ED-1"])
    ana, ben = customers("Ana"), customers("Ben")
    ana.taps(f"buy:{goods.id}")
    with app.app_context():
        in_transaction(lambda: db.session.delete(db.session.scalars(select(LicenceKey)).one()))
    event()
    assert catalogue.left(goods) == 0
    catalogue.stock(goods, ["ED-2"])
    assert catalogue.left(goods) == 0, "it is Ana's"
    assert "sold out" in ben.taps(f"buy:{goods.id}")[0].text
    assert "ED-2" in texts(ana)
    assert not any("ED-2" in body for body in stored(select(Message.body)))


def test_each_buyer_gets_a_key_of_what_they_bought(customers, catalogue):
    """Also when another product's keys have waited longer, and neither knows of the other."""
    for title in ("Editor", "Timer"):
        catalogue.key(title, keys=[f"{title}-1", f"{title}-2"])
    for title, name in (("Timer", "Ana"), ("Editor", "Ben"), ("Timer", "Cleo")):
        buyer = customers(name)
        buyer.says(title)
        buyer.picks("Buy")
        other = {"Editor": "Timer", "Timer": "Editor"}[title]
        said = "\n".join(reply.text for reply in buyer.pays())
        assert f"{title}-" in said
        assert f"{other}-" not in said


def test_half_a_cent_of_a_discount_is_rounded_up(customer, catalogue, app):
    with app.app_context():
        in_transaction(lambda: db.session.add(Coupon(code="HALF", percent=50)))
    book = catalogue.file("Book", price=1001)
    customer.taps(f"buy:{book.id}")
    said = customer.says("HALF")[0].text
    assert "−$5.01" in said
    assert "Total: *$5.00*" in said
