"""Units that plugins make: what goes wrong is tried again, or told to staff, who have it tried again."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import select

from salesbot import Delivered, NeedsStaff, hookimpl, translator
from salesbot.models import Delivery, OrderEvent, PluginFailure
from salesbot.testing.catalogue import Catalogue
from salesbot.testing.customer import Customer, link_in
from salesbot.testing.staff import person

pytestmark = pytest.mark.both_databases


@pytest.fixture
def bought(salesbot_apps, twilio):
    """Somebody who has bought a ticket; `bought(*answers)` are what the plugin does, one after the other."""

    def make(*answers, language="en"):
        left = list(answers)

        @hookimpl
        def salesbot_deliver(unit):
            answer = left.pop(0) if left else Delivered("Seat 1.")
            if isinstance(answer, Exception):
                raise answer
            return answer() if callable(answer) else answer

        plugin = ModuleType("salesbot_tickets")
        plugin.salesbot_deliver = salesbot_deliver
        app = salesbot_apps(plugins=[("tickets", plugin)], BACK_OFFICE=True, LANGUAGES="en es")
        twilio.connect(app)
        ticket = Catalogue(app).product("Ticket", kind="ticket")
        sam = Customer(app, twilio, "Sam")
        if language == "es":
            sam.says("hola")
        sam.taps(f"buy:{ticket.id}")
        sam.pays()
        return app, sam

    return make


def test_what_only_staff_can_put_right_is_told_at_once_and_tried_again_by_them(bought, stored):
    app, sam = bought(NeedsStaff("nobody has typed the key of the theatre yet"))
    assert "It comes to this chat by itself." in sam.replies[-1].text
    assert stored(select(Delivery.state)) == ["failed"]
    assert not stored(select(PluginFailure)), "nobody programmed anything wrong"
    agent, order = person(app, "agent"), sam.orders[0].id
    page = agent.get(f"/admin/order/details/?id={order}").text
    assert "nobody has typed the key of the theatre yet" in page
    assert "Try it again" in page
    assert "Try it again" not in person(app, "viewer").get(f"/admin/order/details/?id={order}").text
    answer = agent.post(f"/admin/order/{order}/try-again", {"delivery": 1}, follow_redirects=True)
    assert "It is tried again now." in answer.text
    assert "Seat 1." in sam.replies[-1].text
    assert "had it tried again" in agent.get(f"/admin/order/details/?id={order}").text


def test_only_what_failed_is_tried_again(bought, stored):
    app, sam = bought()
    agent, order = person(app, "agent"), sam.orders[0].id
    agent.get(f"/admin/order/details/?id={order}")
    for number in (1, 77):
        agent.post(f"/admin/order/{order}/try-again", {"delivery": number})
    agent.post(f"/admin/order/{order + 1}/try-again", {"delivery": 1})
    assert stored(select(Delivery.state)) == ["delivered"]
    assert len([reply for reply in sam.replies if "Seat 1." in reply.text]) == 1
    assert "had a delivery tried again" not in stored(select(OrderEvent.what))


def test_whoever_does_not_answer_is_named_to_staff_and_asked_six_times(bought, stored, clock):
    app, sam = bought(*[TimeoutError("the theatre does not answer\x00\ud83d\nfor a while")] * 6)
    for _ in range(6):
        clock.move(hours=6)
        assert sam.replies
    (unit,) = stored(select(Delivery))
    assert (unit.state, unit.attempts) == ("failed", 6)
    assert unit.error == "plugin tickets: the theatre does not answer?"
    assert not stored(select(PluginFailure))
    agent = person(app, "agent")
    assert "the theatre does not answer" in agent.get(f"/admin/order/details/?id={sam.orders[0].id}").text
    agent.post(f"/admin/order/{sam.orders[0].id}/try-again", {"delivery": 1})
    assert "Seat 1." in sam.replies[-1].text


def test_it_is_made_in_the_language_of_its_buyer(bought):
    words = translator("salesbot")
    _app, sam = bought(lambda: Delivered(words("My orders")), language="es")
    assert "Mis pedidos" in sam.replies[-1].text


def test_nonsense_is_the_plugins_failure(bought, stored):
    bought("a ticket")
    assert "returns Delivered, NeedsStaff or None, not a str" in stored(select(PluginFailure))[0].error


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Delivered(None), "Delivered.text is a NoneType, not a text"),
        (Delivered("Seat\x001"), "Delivered.text holds a NUL character"),
        (Delivered("half a letter: \ud83d"), "Delivered.text holds half a character"),
        (Delivered("x" * 10_001), "has 10001 characters, more than 10000"),
        (Delivered(secret=4711), "Delivered.secret is a int, not a text"),
        (Delivered(secret=" "), "Delivered.secret is empty"),
        (Delivered(link=b"https://x.example"), "Delivered.link is a bytes, not a text"),
        (Delivered(file="nowhere.pdf"), "is no file in the shop's folder"),
        (Delivered(file=Path("/tmp/\x00")), "Delivered.file holds a NUL character"),
        (Delivered(file="x" * 256), "has 256 characters, more than 255"),
        (NeedsStaff(None), "NeedsStaff.why is a NoneType, not a text"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_kept_is_the_plugins_failure_and_staff_hear_of_it(bought, stored, clock, answer, why):
    """It is tried again, as whatever else fails, and in the end given up."""
    app, sam = bought(*[answer] * 6)
    for failure in stored(select(PluginFailure)):
        assert why in failure.error
    for _ in range(6):
        clock.move(hours=6)
        assert sam.replies
    (unit,) = stored(select(Delivery))
    assert (unit.state, unit.attempts, unit.error) == ("failed", 6, "plugin tickets failed")
    assert len(stored(select(PluginFailure))) == 6
    person(app, "agent").post(f"/admin/order/{sam.orders[0].id}/try-again", {"delivery": 1})
    assert "Seat 1." in sam.replies[-1].text


def test_a_file_may_be_a_path_anywhere_or_a_name_in_the_shops_folder(bought, tmp_path, stored):
    ticket = tmp_path / "ticket.pdf"
    ticket.write_bytes(b"Seat 1.")
    app, sam = bought(lambda: Delivered(file=ticket))
    [unit] = stored(select(Delivery))
    assert (unit.file, unit.file_name) == (str(ticket), "ticket.pdf")
    page = link_in(sam.replies[-1].text, "/d/")
    assert app.test_client().get(page).status_code == 200
