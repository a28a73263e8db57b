"""The templates page: made with good words, submitted, watched, and given a use."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from salesbot.models import MessageTemplate

DEFAULT = "Hello {{1}}, your order {{2}} is ready. You find it here: {{3}} Thank you for buying from us."


@pytest.fixture
def salesbot_config(salesbot_config):
    return {**salesbot_config, "LANGUAGES": "en pt"}


@pytest.fixture
def template(owner, twilio):
    """Makes one, as the button on the page does."""

    def make(text=DEFAULT, **form):
        owner.get("/admin/templates/")
        data = {"use": "delivery", "language": "en", "text": text, **form}
        return owner.post("/admin/templates/make", data, follow_redirects=True)

    return make


def test_a_template_goes_to_whatsapp_and_is_used_when_it_is_approved(owner, twilio, template, stored):
    page = owner.get("/admin/templates/").text
    assert page.count("none yet") == 6, "three uses in two languages"
    assert DEFAULT.partition(",")[0] in page
    assert "WhatsApp has it now" in template().text
    assert "WhatsApp looks at it" in owner.get("/admin/templates/").text
    assert stored(select(MessageTemplate.status)) == ["received"]
    twilio.contents.decides("approved")
    assert "approved" in owner.post("/admin/templates/refresh", follow_redirects=True).text
    assert stored(select(MessageTemplate.use)) == ["delivery"]


def test_a_refused_template_says_why_and_can_be_made_anew(owner, twilio, template, stored):
    template()
    twilio.contents.decides("rejected", "It looks like advertising.")
    page = owner.post("/admin/templates/refresh", follow_redirects=True).text
    assert "refused by WhatsApp" in page
    assert "It looks like advertising." in page
    template("Hello {{1}}, the order {{2}} can be found here: {{3}} Have a good day.")
    assert len(set(stored(select(MessageTemplate.name)))) == 2, "WhatsApp takes no name twice"
    assert stored(select(MessageTemplate.use).order_by(MessageTemplate.id)) == ["", "delivery"]


def test_a_language_that_whatsapp_knows_with_a_country_only(template, twilio, stored):
    template(language="pt")
    assert stored(select(MessageTemplate.language)) == ["pt_BR"]


def test_words_that_would_be_refused_are_not_sent(template, twilio, stored):
    page = template("{{1}}, hello to you!\nMy own <words>")
    assert page.status_code == 400
    [box] = re.findall(r"<textarea[^>]*is-invalid.*?</p>", page.text, re.DOTALL)
    assert "A place must not stand at the beginning" in box
    assert "{{1}}, hello to you!\nMy own &lt;words&gt;</textarea>" in box
    assert twilio.contents.held == {}
    assert stored(select(MessageTemplate)) == []


def test_twilio_in_trouble_is_said_and_a_second_look_finds_what_was_made(owner, twilio, template, stored):
    for before in (0, 1):
        twilio.contents.refuses(503, after=before)
        assert "Twilio did not do it" in template().text
    assert stored(select(MessageTemplate)) == []
    assert twilio.contents.held == {}, "what could not be submitted is not left lying about"
    template()
    assert len(stored(select(MessageTemplate))) == 1


def test_a_template_made_in_twilios_console_can_be_given_a_use(owner, template, twilio, stored):
    template(language="pt")
    owner.get("/admin/templates/")
    [number] = stored(select(MessageTemplate.id))
    owner.post(f"/admin/templates/{number}/assign", {"use": "payment"})
    assert stored(select(MessageTemplate.use)) == ["payment"]
    owner.post(f"/admin/templates/{number}/assign", {"use": "nonsense"})
    assert stored(select(MessageTemplate.use)) == ["payment"]


def test_only_the_owner_may(somebody):
    assert somebody("manager").get("/admin/templates/").status_code == 403
