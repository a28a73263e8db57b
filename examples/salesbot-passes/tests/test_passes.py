import pytest
from salesbot_passes import make_code

from salesbot.testing.customer import link_in


@pytest.fixture
def day_pass(catalogue):
    catalogue.setting("passes.pass_seal", "only we know this")
    return catalogue.product("Museum pass", kind="pass", options={"days": 3})


def buy(customer, goods):
    """The last message that the customer gets: first the shop says thank you, then comes the pass."""
    customer.taps(f"buy:{goods.id}")
    return customer.pays()[-1].text


def code_in(text):
    return link_in(text, "/passes/").rpartition("/")[2]


def test_a_pass_comes_to_the_chat(customer, day_pass):
    text = buy(customer, day_pass)
    assert "Good for 3 days." in text
    assert "/passes/" in text


def test_the_customer_asks_where_to_show_it(customer, catalogue, day_pass):
    catalogue.setting("passes.pass_place", "the east gate")
    buy(customer, day_pass)
    assert "at the east gate" in customer.picks("Where?")[0].text


def test_the_page_shows_the_pass(customer, day_pass, app):
    code = code_in(buy(customer, day_pass))
    page = app.test_client().get(f"/passes/{code}")
    assert page.status_code == 200
    assert code in page.text


def test_nobody_can_make_up_a_pass(customer, day_pass, app):
    code = code_in(buy(customer, day_pass))
    order, unit, seal = code.split(".")
    for wrong in (f"{order}.unit-99.{seal}", f"{order}.{unit}.{seal[::-1]}", "pass", "é"):
        assert app.test_client().get(f"/passes/{wrong}").status_code == 404


def test_the_door_checks_a_pass(customer, day_pass, app):
    code = code_in(buy(customer, day_pass))
    good = app.test_cli_runner().invoke(args=["passes", "check", code])
    assert good.exit_code == 0
    assert "This pass is good." in good.output
    bad = app.test_cli_runner().invoke(args=["passes", "check", code + "0"])
    assert bad.exit_code == 1
    assert "This pass is not good." in bad.output


def test_three_passes_are_three_codes(customer, day_pass):
    customer.taps(f"checkout:several:{day_pass.id}")
    customer.says("3")
    texts = [reply.text for reply in customer.pays()]
    assert len({code_in(text) for text in texts if "/passes/" in text}) == 3


def test_a_pass_whose_money_went_back_is_not_good_and_the_others_are(customer, day_pass, app):
    from salesbot import fulfilment, transaction
    from salesbot.models import Delivery, Payment, db

    customer.taps(f"checkout:several:{day_pass.id}")
    customer.says("2")
    first, second = (code_in(reply.text) for reply in customer.pays() if "/passes/" in reply.text)
    with app.app_context(), transaction():
        payment, unit = db.session.query(Payment).one(), db.session.query(Delivery).first()
        refund = fulfilment.ask_refund(payment.id, payment.amount // 2, who="olga", units=(unit.id,))
        fulfilment.refunded_by_staff(refund.id, who="olga")
    assert customer.orders[-1].state == "fulfilled"
    look = lambda code: app.test_client().get(f"/passes/{code}").status_code  # noqa: E731
    assert (look(first), look(second)) == (404, 200)
    assert "not good" in app.test_cli_runner().invoke(args=["passes", "check", first]).output


def test_other_goods_are_left_alone(customer, catalogue, day_pass):
    book = catalogue.file("Book")
    assert "/passes/" not in buy(customer, book)


def test_a_crash_delays_the_pass_and_never_loses_it(customer, catalogue, clock, caplog):
    """Without its secret no pass can be made; once staff have typed it, the pass comes."""
    goods = catalogue.product("Museum pass", kind="pass")
    assert "It comes to this chat by itself." in buy(customer, goods)
    assert "plugin passes failed in salesbot_deliver" in caplog.text
    catalogue.setting("passes.pass_seal", "only we know this")
    clock.move(minutes=1)
    assert "Good for one day." in customer.replies[-1].text


def test_the_same_unit_is_the_same_pass(customer, day_pass, app):
    """The core may ask again when it does not know whether the first time went well."""
    code = code_in(buy(customer, day_pass))
    with app.app_context():
        assert make_code(code.rpartition(".")[0]) == code
