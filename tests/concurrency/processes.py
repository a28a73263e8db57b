"""What the processes of these tests do: each is a shop of its own on the shared database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import chain
from multiprocessing import get_context
from types import ModuleType
from typing import Any

from flask import Flask

from salesbot import Reply, dispatcher, fulfilment, hookimpl
from salesbot.app import create_app
from salesbot.channels import simulator
from salesbot.database import in_transaction
from salesbot.messages import PaymentEvent
from salesbot.options import OPTIONS
from salesbot.services import plugin_failures
from salesbot.testing.shop import close

PROCESSES = 4
THREADS = 4

Part = tuple[dict[str, Any], str, str, Sequence[Any]]


def spread(app: Flask, what: Callable[[Flask, Any], Any], things: Sequence[Any]) -> list[Any]:
    """Does `what` with each thing, in four processes with four threads each, all at once."""
    settings = {option.name: app.config[option.name] for option in OPTIONS}
    settings |= {"ENTRY_POINTS": False, "BACK_OFFICE": False, "LOG_LEVEL": "ERROR", "TESTING": True}
    parts: list[Part] = [
        (settings, app.instance_path, what.__name__, things[number::PROCESSES]) for number in range(PROCESSES)
    ]
    # The fork server has imported everything once and holds no connection that a child could share.
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        return list(chain.from_iterable(pool.map(_run, parts)))


def _run(part: Part) -> list[Any]:
    settings, instance, name, things = part
    app = create_app(settings, instance_path=instance, plugins=[("counting", _counting_plugin())])
    what = globals()[name]
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(lambda thing: what(app, thing), things))
    finally:
        close(app)


def _counting_plugin() -> ModuleType:
    """A plugin that counts in its notes: two turns at once would lose a count."""
    module = ModuleType("counting")

    @hookimpl
    def salesbot_handle_message(message, chat):
        if message.text.startswith("count"):
            chat.data["n"] = chat.data.get("n", 0) + 1
            return Reply(f"number {chat.data['n']}")
        return None

    module.salesbot_handle_message = salesbot_handle_message
    return module


def post(app: Flask, request: tuple[str, dict[str, str], str]) -> tuple[str, int, str]:
    """Posts one signed webhook: (its sid, the status, the answer)."""
    path, form, signature = request
    answer = app.test_client().post(path, data=form, headers={"X-Twilio-Signature": signature})
    return form["MessageSid"], answer.status_code, answer.text


def buy(app: Flask, wish: tuple[str, int]) -> str:
    """One customer taps "Buy": what they read."""
    address, product_id = wish
    with app.app_context():
        answer = dispatcher.receive(simulator.incoming(address, tapped=f"buy:{product_id}"))
        return answer.messages[0].text


def fail(app: Flask, call: tuple[str, int]) -> None:
    """A plugin fails once more; `call` is (its name, which failure)."""
    plugin, number = call
    with app.app_context():
        in_transaction(lambda: plugin_failures.record(plugin, "salesbot_handle_message", f"failure {number}"))


def pay(app: Flask, order: tuple[int, int, int]) -> str:
    """The same money for an order is reported; `order` is (id, total, which report)."""
    order_id, total, _report = order
    event = PaymentEvent(f"e{order_id}", order_id, f"m{order_id}", "paid", total, "USD")
    with app.app_context():
        return in_transaction(lambda: fulfilment.take_event("bank", event), repeatable=True)
