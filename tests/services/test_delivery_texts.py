"""The seller's own words for what was bought: filled in, and refused at saving when they can't be."""

import pytest

from salesbot.services.delivery_texts import LONGEST, PLACES, filled, problems

VALUES = {
    "name": "Ana",
    "number": "ABC1234",
    "title": "Editor",
    "key": "K-1\nK-2",
    "link": "https://a.example/x",
}


def test_every_place_is_filled():
    text = "Hi {name}! {title} of {number}:\n{key}\n{link}"
    assert filled(text, VALUES) == "Hi Ana! Editor of ABC1234:\nK-1\nK-2\nhttps://a.example/x"


@pytest.mark.parametrize(
    ("text", "read"),
    [("Hi {name}!", "Hi!"), ("{name}, here it is.", "here it is."), ("For {name}\n{key}", "For\nK-1\nK-2")],
)
def test_a_buyer_without_a_name_reads_no_gap(text, read):
    assert filled(text, {**VALUES, "name": ""}) == read


def test_what_is_put_in_is_not_read_again():
    assert filled("{name}", {**VALUES, "name": "{key} {link}"}) == "{key} {link}"


@pytest.mark.parametrize(
    "text", ["", "Plain words.", "".join(f"{{{name}}}" for name in PLACES), "{ or", "}{"]
)
def test_what_can_be_kept_has_no_problem(text):
    assert problems(text) == []


@pytest.mark.parametrize(
    "unknown", ["{Key}", "{key }", "{ key }", "{}", "{price}", "{0}", "{key!r}", "{name.__class__}"]
)
def test_an_unknown_place_is_refused_with_what_can_be_used(unknown):
    [problem] = problems(f"Here: {unknown} and {{key}} and {unknown}")
    assert (
        problem
        == f"{unknown} is not known here. You can use {{name}}, {{number}}, {{title}}, {{key}}, {{link}}."
    )


def test_a_text_that_is_too_long_is_refused():
    assert problems("a" * LONGEST) == []
    assert "At most 1000" in problems("a" * (LONGEST + 1))[0]
