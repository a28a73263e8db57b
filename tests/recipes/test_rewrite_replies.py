"""Changes what other plugins say."""

from dataclasses import replace

from salesbot import hookimpl

PLUGIN = "pirate"


@hookimpl
def salesbot_filter_reply(reply, chat):
    return replace(reply, text=reply.text.replace("Welcome", "Ahoy"))


def test_every_reply_goes_through_it(customer):
    assert "Ahoy" in customer.says("hi")[0].text
