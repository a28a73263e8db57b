"""A buyer hears of their goods after WhatsApp's 24 hours too, by words that WhatsApp has approved."""

import pytest
from sqlalchemy import select

from salesbot import fulfilment, outbox, people
from salesbot.channels import TemplateSeen
from salesbot.database import in_transaction, transaction
from salesbot.models import Conversation, Customer, Message, MessageTemplate, Order, db
from salesbot.services import shop, templates
from salesbot.worker import Worker

pytestmark = pytest.mark.both_databases


@pytest.fixture
def salesbot_channel():
    return "twilio"


@pytest.fixture
def approved(app, twilio):
    """Makes templates that WhatsApp has approved, for a use and a language."""

    def make(use, language="en", text="", status="approved"):
        text = text or templates.default_text(use, "en")
        sid = "HX" + f"{len(twilio.contents.held) + 1:032x}"
        places = dict.fromkeys(templates.places(text), "x")
        twilio.contents.held[sid] = {
            "sid": sid,
            "variables": places,
            "types": {"twilio/text": {"body": text}},
        }
        with app.app_context(), transaction():
            seen = TemplateSeen(sid, f"salesbot_{use}_{language}", language, text, status)
            templates.keep(twilio.account, seen, use=use)
        return sid

    return make


@pytest.fixture
def bought_late(app, catalogue, customer, clock, stored):
    """A key is bought, and the money comes when the customer has been silent for more than a day."""

    def buy():
        licence = catalogue.key("Editor licence", price=1900, keys=["K-1", "K-2"])
        customer.taps(f"buy:{licence.id}")
        clock.move(hours=25)
        customer.pays()

    return buy


def states(stored):
    return stored(
        select(Message.state)
        .where(Message.direction == "out", Message.reply_to_id.is_(None))
        .order_by(Message.id)
    )


def test_goods_after_24_hours_wait_and_a_template_tells_of_them(
    approved, bought_late, customer, twilio, stored
):
    approved("delivery")
    bought_late()
    (told,) = customer.replies
    assert told.text.startswith("Hello Sam, your order ")
    assert "is ready. You find it here: https://shop.example/pay/" in told.text
    assert "K-1" not in told.text
    assert twilio.messages[-1].kind == "template"
    assert sorted(states(stored)) == ["held", "queued"]
    assert any("K-1" in reply.text for reply in customer.says("thanks")), "then the goods come themselves"
    assert sorted(states(stored)) == ["queued", "queued"]


def test_a_person_who_is_forgotten_stands_in_no_template_either(app, approved, bought_late, customer, stored):
    approved("delivery")
    bought_late()
    assert customer.replies
    customer.says("thanks")
    with app.app_context(), transaction():
        people.erase(db.session.scalars(select(Customer)).one())
    assert [found for found in stored(select(Message.template)) if found] == []
    assert [found for found in stored(select(Message.about)) if found] == []


@pytest.mark.parametrize("status", ["pending", "rejected", "paused"])
def test_without_an_approved_template_the_goods_wait_and_staff_see_it(
    approved, bought_late, customer, stored, status
):
    approved("delivery", status=status)
    bought_late()
    assert customer.replies == []
    assert states(stored) == ["held"]


def test_the_template_in_the_buyers_language_is_taken(app, approved, bought_late, customer, twilio):
    approved("delivery", "en")
    spanish = approved(
        "delivery", "es", "Hola {{1}}, tu pedido {{2}} ya está listo. Está aquí: {{3}} ¡Gracias!"
    )
    customer.says("hi")
    with app.app_context(), transaction():
        db.session.scalars(select(Conversation)).one().customer.language = "es"
    bought_late()
    assert customer.replies[0].text.startswith("Hola Sam, tu pedido ")
    assert spanish in twilio.contents.held


def test_a_reminder_after_24_hours_is_a_template_or_nothing(
    app, approved, catalogue, customer, clock, stored
):
    with app.app_context(), transaction():
        shop.save("ORDER_MINUTES", "2000")
    catalogue.key("Editor licence", price=1900, keys=["K-1"])
    customer.says("editor licence")
    customer.picks("Buy")
    approved("reminder")
    clock.move(minutes=1990)
    assert "still waiting" in customer.replies[-1].text
    assert states(stored) == ["queued"], "nothing waits that would come too late"


def test_a_template_that_fails_leaves_the_goods_waiting(approved, bought_late, customer, twilio, stored):
    approved("delivery")
    twilio.refuses(400, 63016)
    bought_late()
    assert customer.replies == []
    assert sorted(states(stored)) == ["failed", "held"]


def test_staff_may_send_any_approved_template_at_any_time(app, approved, customer, clock, twilio):
    sid = approved("", text="Hello {{1}}, we have an answer for you. Just write to us here.")
    customer.says("hi")
    clock.move(days=3)
    with app.app_context(), transaction():
        (template,) = templates.approved(twilio.account)
        assert template.sid == sid
        chat = db.session.scalars(select(Conversation)).one()
        outbox.say_template(chat.id, template, ["Sam\nSmith"])
    said = customer.replies[-1].text
    assert said == "Hello Sam Smith, we have an answer for you. Just write to us here."


def test_two_workers_send_one_template(app, salesbot_apps, approved, bought_late, customer, twilio, clock):
    approved("delivery")
    bought_late()
    for process in (app, salesbot_apps()):
        Worker(process).drain()
    assert [taken.kind for taken in twilio.messages].count("template") == 1


def test_sending_it_again_by_hand_tells_too(app, approved, bought_late, customer, twilio, stored):
    bought_late()
    assert customer.replies == []
    approved("delivery")
    number = stored(select(Order.id))[0]
    with app.app_context():
        in_transaction(lambda: fulfilment.resend(number, who="Olga"))
    assert customer.replies == [], "what was said before comes first"
    assert any("K-1" in reply.text for reply in customer.says("hi"))


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Hello {{1}}, your order {{2}} is ready. You find it here: {{3}} Thank you.", ""),
        ("", "Write some words"),
        ("x" * 1025, "Write some words"),
        ("{{1}}, your order is ready for you.", "beginning"),
        ("Your order is ready, dear {{1}}.", "beginning"),
        ("Hello {{2}}, your order {{1}} is ready for you.", "this order"),
        ("Hello {{1}}, yes {{1}} it is ready for you.", "this order"),
        ("Hello {{1}} {{2}} it is ready for you today.", "between"),
        ("Hi {{1}} you.", "more words"),
    ],
)
def test_what_whatsapp_would_refuse_is_said_before_it_is_asked(app, text, wrong):
    with app.app_context():
        assert wrong in templates.problem(text)
        assert bool(templates.problem(text)) == bool(wrong)


def test_the_defaults_are_fine(app):
    with app.app_context():
        for texts in templates.default_texts(["en", "es", "pt"]).values():
            assert [templates.problem(text) for text in texts.values()] == [""] * 3


def test_what_is_gone_at_twilio_is_not_used_any_more(app, approved, twilio, stored):
    approved("delivery")
    with app.app_context(), transaction():
        templates.learn(twilio.account, [])
    assert stored(select(MessageTemplate.status)) == ["gone"]
    assert stored(select(MessageTemplate.use)) == [""]
