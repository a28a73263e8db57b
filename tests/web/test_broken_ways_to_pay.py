"""A payment plugin that fails while its customer only looks at a page."""

from types import ModuleType
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from salesbot import hookimpl
from salesbot.models import PluginFailure, PluginState
from salesbot.testing.customer import Customer, link_in

pytestmark = pytest.mark.both_databases


@pytest.fixture
def salesbot_plugins():
    module = ModuleType("broken_plugin")

    def salesbot_payment_methods():
        raise RuntimeError("its provider is gone")

    module.salesbot_payment_methods = hookimpl(salesbot_payment_methods)
    return [("broken", module)]


def test_the_pages_stay_and_the_failure_is_recorded_until_the_plugin_is_off(app, customer, catalogue, stored):
    catalogue.file("Book")
    customer.says("Book")
    path = urlsplit(link_in(customer.picks("Buy")[0].text, "/pay/")).path
    with app.test_client() as browser:
        for count in range(1, 4):
            assert browser.get(path).status_code == 200
            assert len(stored(select(PluginFailure))) == count
        customer.pays()
        for _time in range(3):
            answer = browser.get(f"{path}/receipt")
            assert answer.status_code == 200
    assert "test" in answer.text, "a way to pay that can't be asked has its own word"
    assert len(stored(select(PluginFailure))) == 5, "the fifth switches it off"
    [state] = stored(select(PluginState).where(PluginState.name == "broken"))
    assert not state.enabled


@pytest.mark.parametrize(
    "raised", [RuntimeError("half a letter: \ud83d"), RuntimeError("a\x00b")], ids=["half", "nul"]
)
def test_a_failure_that_no_database_takes_is_written_down_without_it(
    salesbot_apps, twilio, catalogue, stored, raised
):
    module = ModuleType("broken_plugin")

    def salesbot_payment_methods():
        raise raised

    module.salesbot_payment_methods = hookimpl(salesbot_payment_methods)
    app = salesbot_apps(plugins=[("broken", module)])
    twilio.connect(app)
    buyer = Customer(app, twilio, "Ben")
    catalogue.file("Book")
    buyer.says("Book")
    path = urlsplit(link_in(buyer.picks("Buy")[0].text, "/pay/")).path
    with app.test_client() as browser:
        assert browser.get(path).status_code == 200
    (error,) = stored(select(PluginFailure.error))
    assert error.endswith(("RuntimeError: half a letter: ?", "RuntimeError: ab"))
