"""From the order's page to Stripe's: one session per order, whoever asks and whatever goes wrong."""

import re
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import select

from salesbot import clock as shop_clock
from salesbot import fulfilment
from salesbot.database import db, in_transaction, transaction
from salesbot.errors import ConfigError
from salesbot.models import Order, Payment, PluginFailure
from salesbot.services import links, shop
from salesbot.testing import stripe_rules


def ways_to_pay(checkout):
    return re.findall(r'name="method" value="(\w+)"', checkout.app.test_client().get(checkout.path).text)


def change(checkout, **columns):
    with checkout.app.app_context(), transaction():
        order = db.session.get_one(Order, checkout.order)
        for name, value in columns.items():
            setattr(order, name, value)


def ends(checkout):
    with checkout.app.app_context():
        return db.session.get_one(Order, checkout.order).expires_at


def test_a_session_knows_its_order_and_the_way_back(checkout, stripe):
    session = stripe.account.sessions[checkout.session()]
    [asked] = stripe.asked
    assert asked.key == f"order-{checkout.order}"
    number = checkout.app.test_client().get(checkout.path).text
    whose = session["metadata"]
    assert whose["order_id"] == session["client_reference_id"] == str(checkout.order)
    assert whose["order_number"] in number
    assert asked.params["payment_intent_data"]["metadata"] == whose
    assert session["success_url"] == session["cancel_url"] == f"https://shop.example{checkout.path}"
    assert (session["amount_total"], session["currency"]) == (1900, "usd")
    line = asked.params["line_items"]["0"]
    assert line["price_data"]["product_data"]["name"] == "Editor"
    assert line["quantity"] == "1"
    assert session["expires_at"] == int(ends(checkout).timestamp())


def test_a_started_payment_is_in_the_books_once(checkout, stored):
    for _ in range(2):
        checkout.start()
    [payment] = stored(select(Payment))
    assert (payment.method, payment.state, payment.amount) == ("stripe", "started", 1900)


def test_two_tabs_lead_to_the_same_page_even_at_the_same_moment(checkout, stripe):
    found = []
    threads = [threading.Thread(target=lambda: found.append(checkout.session())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert len(stripe.account.sessions) == 1


def test_an_order_of_many_things_is_listed_line_by_line(catalogue, checkout, stripe):
    goods = [
        catalogue.key(title, price=price, keys=3) for title, price in (("Timer", 1000), ("Writer", 1001))
    ]
    with checkout.app.app_context():
        row = db.session.get_one(Order, checkout.order)
        wanted = [(one.id, 2) for one in goods]
        made = in_transaction(lambda: fulfilment.place(row.customer_id, row.conversation_id, wanted).id)
        checkout.path = links.pay_url(made).removeprefix("https://shop.example")
    checkout.session()
    lines = stripe.asked[-1].params["line_items"].values()
    assert [
        (line["price_data"]["product_data"]["name"], line["price_data"]["unit_amount"], line["quantity"])
        for line in lines
    ] == [("Timer", "1000", "2"), ("Writer", "1001", "2")]


def test_an_order_with_something_taken_off_is_one_line_with_the_right_sum(checkout, stripe):
    change(checkout, total=1500, discount=400)
    session = stripe.account.sessions[checkout.session()]
    assert session["amount_total"] == 1500
    [line] = stripe.asked[-1].params["line_items"].values()
    assert line["price_data"]["product_data"]["name"] == "Editor"


@pytest.mark.parametrize(
    ("currency", "price", "counted"),
    [("JPY", 1900, 1900), ("KWD", 1900, 1900), ("ISK", 1900, 190000), ("RSD", 1900, 1900)],
)
def test_other_currencies_cost_what_the_page_says(catalogue, checkouts, stripe, currency, price, counted):
    catalogue.setting("CURRENCY", currency)
    catalogue.key("Editor", price=price, keys=1)
    checkout = checkouts("Editor")
    checkout.pays()
    session = stripe.account.sessions[stripe.newest]
    assert (session["amount_total"], session["currency"]) == (counted, currency.lower())
    assert checkout.ending()[:3] == ("fulfilled", "free", [("confirmed", price, currency)])


@pytest.mark.parametrize(("currency", "price"), [("USD", 49), ("KWD", 1901), ("UGX", 5000)])
def test_what_stripe_cannot_take_is_not_offered(catalogue, checkouts, currency, price):
    catalogue.setting("CURRENCY", currency)
    catalogue.setting("payment_manual.details", "Harbour Bank")
    catalogue.key("Editor", price=price, keys=1)
    checkout = checkouts("Editor")
    assert ways_to_pay(checkout) == ["manual"]
    assert checkout.start().status_code == 409


def test_a_least_amount_that_only_stripe_knows_is_said_kindly(catalogue, checkouts, stripe, stored):
    catalogue.setting("CURRENCY", "KES")
    catalogue.key("Editor", price=900, keys=1)
    checkout = checkouts("Editor")
    stripe_rules.LEAST["kes"] = 6000
    try:
        answer = checkout.start()
    finally:
        del stripe_rules.LEAST["kes"]
    assert answer.status_code == 200
    assert "can&#39;t be paid by card" in answer.text
    assert stored(select(PluginFailure)) == []


@pytest.mark.parametrize("missing", ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"])
def test_without_its_keys_nobody_is_offered_a_card(salesbot_apps, stripe, catalogue, checkouts, missing):
    catalogue.key("Editor", price=1900, keys=1)
    checkout = checkouts("Editor")
    assert ways_to_pay(checkout) == ["stripe"]
    checkout.app = salesbot_apps(**{missing: ""})
    assert ways_to_pay(checkout) == []
    assert stripe.asked == []


def test_the_keys_may_be_typed_in_the_back_office(salesbot_apps, checkout, stripe, stored):
    checkout.app = app = salesbot_apps(STRIPE_SECRET_KEY=None, STRIPE_WEBHOOK_SECRET=None, PLUGIN_SETTINGS={})
    app.config["FIXED"] -= {"STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"}
    app.config |= {"STRIPE_SECRET_KEY": "", "STRIPE_WEBHOOK_SECRET": ""}
    assert ways_to_pay(checkout) == []
    stripe.key, stripe.secrets = "sk_test_typed", ["whsec_typed"]
    with app.app_context(), transaction():
        shop.save("payment_stripe.stripe_secret_key", "sk_test_typed", secret=True)
        shop.save("payment_stripe.stripe_webhook_secret", "whsec_typed", secret=True)
    stripe.target = app
    checkout.pays()
    assert checkout.ending()[0] == "fulfilled"


def test_an_order_with_little_time_left_gets_the_shortest_session_and_the_same_one_again(checkout, stripe):
    change(checkout, expires_at=shop_clock.now() + timedelta(minutes=5))
    first = checkout.session()
    lives = stripe.account.sessions[first]["expires_at"] - time.time()
    assert 30 * 60 <= lives <= 37 * 60
    assert checkout.session() == first


def test_a_session_from_when_there_was_more_time_is_still_the_one(checkout, stripe, monkeypatch):
    """Stripe takes no new session for an order with five minutes left, but it knows this one."""
    first = checkout.session()
    monkeypatch.setattr(stripe_rules, "HALF_HOUR", 2 * 60 * 60)
    assert checkout.session() == first


def test_an_order_that_lives_for_days_leaves_the_end_to_stripe(checkout, stripe):
    change(checkout, expires_at=shop_clock.now() + timedelta(days=3))
    first = checkout.session()
    assert stripe.account.sessions[first]["expires_at"] - time.time() > 23 * 60 * 60
    assert checkout.session() == first


def test_a_session_that_has_ended_while_its_key_is_remembered_is_followed_by_a_new_one(checkout, stripe):
    change(checkout, expires_at=shop_clock.now() + timedelta(days=3))
    first = checkout.session()
    for _fingerprint, _status, thing in stripe._answers.values():
        thing["expires_at"] = int(time.time()) - 1
    second = checkout.session()
    assert second != first
    assert checkout.session() == second
    assert {asked.key for asked in stripe.asked} == {f"order-{checkout.order}", f"order-{checkout.order}-2"}


@pytest.mark.parametrize("what", ["expires", "fails"])
def test_after_a_payment_that_failed_the_next_try_has_a_page_of_its_own(checkout, stripe, what):
    first = checkout.session()
    if what == "fails":
        stripe.account.pays(first, later=True)
    getattr(stripe.account, what)(first)
    assert set(stripe.deliver()) == {204}
    second = checkout.session()
    assert second != first
    assert checkout.session() == second
    stripe.account.pays(second)
    stripe.deliver()
    assert checkout.ending()[0] == "fulfilled"


def test_a_key_that_was_used_with_other_words_does_not_close_the_way(checkout, stripe, salesbot_apps):
    """As when the shop has got another address, or two shops share one account."""
    first = checkout.session()
    checkout.app = salesbot_apps(PUBLIC_URL="https://new.example")
    second = checkout.session()
    assert second != first
    assert stripe.account.sessions[second]["success_url"].startswith("https://new.example/pay/")
    assert checkout.session() == second


@pytest.mark.parametrize("trouble", ["refuses", "hangs", "hangs_up"])
def test_a_moment_of_trouble_makes_no_second_session(checkout, stripe, impatient, trouble):
    getattr(stripe, trouble)(*([500] if trouble == "refuses" else []), times=2)
    checkout.session()
    assert len(stripe.account.sessions) == 1
    assert [asked.key for asked in stripe.asked] == [f"order-{checkout.order}"] * 3


@pytest.mark.parametrize("status", [429, 500, 503])
def test_longer_trouble_is_said_kindly_and_is_no_fault_of_the_plugin(checkout, stripe, stored, status):
    for _ in range(6):
        stripe.refuses(status, times=1 if status == 429 else 3)
        answer = checkout.start()
        assert answer.status_code == 409
        assert "does not work right now" in answer.text
    assert stored(select(PluginFailure)) == []
    checkout.pays()
    assert checkout.ending()[0] == "fulfilled"


def test_a_key_that_stripe_does_not_know_is_shown_to_staff_and_not_to_the_customer(
    checkout, stripe, stored, caplog
):
    stripe.key = "sk_test_another"
    answer = checkout.start()
    assert answer.status_code == 409
    assert "Key" not in answer.text
    [failure] = stored(select(PluginFailure))
    assert failure.plugin == "payment_stripe"
    assert "AuthenticationError" in failure.error
    assert "sk_test_standin" not in failure.error + caplog.text


def test_a_shop_without_cards_never_loads_the_sdk(tmp_path):
    code = (
        "import sys; from salesbot.app import create_app; "
        f"app = create_app({{'ENTRY_POINTS': False, 'BACK_OFFICE': False}}, instance_path={str(tmp_path)!r}); "
        "assert 'salesbot_payment_stripe' in sys.modules; assert 'stripe' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_sdk_reports_nothing_about_this_machine(checkout, stripe):
    import stripe as sdk

    checkout.session()
    assert sdk.enable_telemetry is False


@pytest.mark.parametrize(
    ("name", "value"), [("STRIPE_SECRET_KEY", "pk_live_1"), ("STRIPE_WEBHOOK_SECRET", "we_1")]
)
def test_the_wrong_kind_of_key_is_named_at_start(salesbot_apps, name, value):
    with pytest.raises(ConfigError, match=f"{name} can't be used: use") as refused:
        salesbot_apps(**{name: value})
    assert value not in str(refused.value)
