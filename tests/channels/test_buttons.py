"""Which choices fit WhatsApp's buttons or its list, and what stays numbered lines."""

import json

import pytest

from salesbot import Choice
from salesbot.channels import Outgoing, buttons, twilio_content
from salesbot.testing.twilio_contents import wrong_in_template
from salesbot.texts import language


def lines(*titles, detail=""):
    return [Choice(f"id:{number}", title, detail) for number, title in enumerate(titles)]


@pytest.mark.parametrize(
    ("text", "choices", "style"),
    [
        ("Hi", lines("Menu"), "buttons"),
        ("Hi", lines("Buy", "Buy several", "Back to the list!!!!"), "buttons"),
        ("Hi", lines("Buy", "x" * 21), "list"),
        ("Hi", lines("Buy", "x" * 24), "list"),
        ("Hi", lines("a", "b", "c", "d"), "list"),
        ("Hi", lines(*"abcdefghij"), "list"),
        ("Hi", lines("Buy", "x" * 25), ""),
        ("Hi", lines("Buy", "👍" * 11), "list"),
        ("Hi", lines("Buy", "👍" * 13), ""),
        ("Hi", lines(*"abcdefghijk"), ""),
        ("Hi", lines("Same", "same"), ""),
        ("Hi", [Choice("a:1", "One"), Choice("a:1", "Two")], ""),
        ("", lines("Menu"), ""),
        ("Hi", [], ""),
        ("x" * 1024, lines("Menu"), "buttons"),
        ("x" * 1025, lines("Menu"), ""),
        ("x" * 1000, lines(*"abcdefghij", detail="y" * 72), ""),
    ],
)
def test_the_style_follows_whatsapps_limits(text, choices, style):
    assert buttons.style(text, choices) == style


def test_a_long_second_line_is_made_short_at_a_words_end():
    made = buttons.detail(Choice("a", "A", "word " * 20))
    assert len(made) <= 72
    assert made.endswith("word…")
    assert len(buttons.detail(Choice("a", "A", "x" * 200))) <= 72


@pytest.mark.parametrize("rows", range(1, 11))
def test_every_template_is_one_that_twilio_takes_and_has_no_empty_variable(rows):
    details = ["", "$5.00", "", "free"]
    choices = tuple(Choice(f"id:{n}", f"Line {n}", details[n % 4] if n < 6 else "") for n in range(rows))
    for style in ["buttons", "list"] if rows <= 3 else ["list"]:
        message = Outgoing(1, "whatsapp:+1", 'He said "hi"\nand more', None, choices, style)
        shape = twilio_content.shape_of(message)
        template = twilio_content.definition(shape)
        assert wrong_in_template(template) == []
        values = json.loads(twilio_content.variables(shape, message))
        assert list(values) == list(template["variables"])
        assert all(values.values())
        assert values["1"] == message.text


def test_the_button_that_opens_a_list_speaks_the_customers_language(monkeypatch):
    monkeypatch.setattr(twilio_content, "_", lambda words: f"{words} in {language()}")
    message = Outgoing(1, "whatsapp:+1", "Hi", None, tuple(lines(*"abcd")), "list", language="es")
    values = json.loads(twilio_content.variables(twilio_content.shape_of(message), message))
    assert values["2"] == "Choose in es"
