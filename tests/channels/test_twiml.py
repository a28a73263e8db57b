"""The answer to a webhook says to Twilio what its own library would say."""

from xml.etree.ElementTree import canonicalize

import pytest
from twilio.twiml.messaging_response import MessagingResponse

from salesbot.channels import Outgoing, twilio

TEXTS = ["Hi!", "1 < 2 & \"3\" > '2'", "]]> <Body>&amp;</Body>", "two\nlines\tand a tab", "مرحبا 👍🏽 é", ""]
PICTURE = "https://shop.example/media/a.png?size=1&v=\"2\"&w='3'<"


@pytest.mark.parametrize("picture", [None, PICTURE])
def test_an_answer_is_what_twilios_library_would_make_of_it(app, monkeypatch, picture):
    monkeypatch.setitem(app.config, "PUBLIC_URL", "https://shop.example/a&b")
    said = [Outgoing(number, "whatsapp:+1", text, picture) for number, text in enumerate(TEXTS, 1)]
    theirs = MessagingResponse()
    with app.app_context():
        ours = twilio.twiml(said)
        for message in said:
            verb = theirs.message(action=twilio.status_url(message), method="POST")
            verb.body(message.text)
            if picture:
                verb.media(picture)
    assert canonicalize(ours) == canonicalize(str(theirs))


def test_an_answer_may_say_nothing():
    assert canonicalize(twilio.twiml([])) == canonicalize(str(MessagingResponse()))
