"""What plugins return is looked over before anything of it is stored."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbot import Choice, Reply
from salesbot.errors import PluginProblem
from salesbot.replies import checked_choices, checked_notes, checked_replies, one_or_many

ONE = Choice("shop:1", "One")


def test_one_reply_several_or_none():
    assert checked_replies(None) is None
    assert checked_replies(Reply("Hi")) == [Reply("Hi")]
    assert checked_replies([Reply("Hi"), Reply("there")]) == [Reply("Hi"), Reply("there")]
    assert checked_replies(()) == []


def test_more_than_ten_replies_would_cost_the_seller_too_much():
    assert len(checked_replies([Reply("Hi")] * 10)) == 10
    with pytest.raises(PluginProblem, match="it returned 11 replies, more than 10"):
        checked_replies([Reply("Hi")] * 11)


def test_a_hook_may_give_nothing_one_thing_or_several():
    assert one_or_many(None, Choice, "a_hook") == one_or_many((), Choice, "a_hook") == []
    assert one_or_many(ONE, Choice, "a_hook") == [ONE]
    assert one_or_many((ONE, ONE), Choice, "a_hook") == [ONE, ONE]


@pytest.mark.parametrize(
    ("garbage", "said"), [("menu", "str"), ([ONE, "menu"], "str"), (7, "int"), (iter([ONE]), "list_iterator")]
)
def test_anything_else_that_a_hook_gives_is_named(garbage, said):
    with pytest.raises(PluginProblem, match=f"a_hook returns Choice objects, not a {said}"):
        one_or_many(garbage, Choice, "a_hook")


@pytest.mark.parametrize("garbage", ["Hi", b"Ho", 7, True, {}, [None], ["Hi"], iter([Reply("Hi")]), Reply])
def test_anything_else_is_named_as_what_it_is(garbage):
    with pytest.raises(PluginProblem, match=r"it returned a \w+, not a Reply, a list of them, or None"):
        checked_replies(garbage)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(7), "text is a int"),
        (Reply("x" * 10_001), "10001 characters"),
        (Reply("\ud83d"), "half a character"),
        (Reply(""), "neither text nor choices nor a picture"),
        (Reply(" \n"), "neither text nor choices nor a picture"),
        (Reply("Hi", [ONE] * 101), "101 choices"),
        (Reply("Hi", "menu"), "a str where choices belong"),
        (Reply("Hi", ["menu"]), "a list where choices belong"),
        (Reply("Hi", {ONE: 1}), "a dict where choices belong"),
        (Reply("Hi", [Choice(7, "One")]), "id is a int"),
        (Reply("Hi", [Choice("a", None)]), "title is a NoneType"),
        (Reply("Hi", [Choice("", "One")]), "no id or no title"),
        (Reply("Hi", [Choice("a", "  ")]), "no id or no title"),
        (Reply("Hi", [Choice("x" * 201, "One")]), "201"),
        (Reply("Hi", [Choice("é" * 101, "One")]), "200 bytes"),
        (Reply("Hi", [Choice("a", "One", "\udc00")]), "half a character"),
        (Reply("Hi", media_url="cover.png"), "absolute"),
        (Reply("Hi", media_url=b"https://x.example/a.png"), "media_url is a bytes"),
        (Reply("Hi", media_url="https://x.example/a b.png"), "media_url"),
        (Reply("Hi", media_url="https://x.example/a\x00.png"), "media_url"),
        (Reply("Hi", ask=3), "ask is a int"),
        (Reply("Hi", ask="x" * 201), "ask has 201"),
        (Reply("Hi", ask="na\x00me"), "ask"),
    ],
)
def test_what_goes_beyond_the_limits_is_the_plugins_failure(reply, said):
    with pytest.raises(PluginProblem, match=said):
        checked_replies(reply)


@pytest.mark.parametrize(
    "reply",
    [
        Reply("x" * 10_000),
        Reply("", [ONE] * 100),
        Reply("", media_url="https://x.example/a.png"),
        Reply("Hi", [Choice("é" * 100, "One")]),
        Reply("Hi", (ONE,), ask="x" * 200),
    ],
)
def test_the_limits_themselves_are_allowed(reply):
    assert checked_replies(reply) == [reply]


def test_one_choice_may_stand_alone():
    assert checked_choices(ONE) == [ONE]
    assert checked_choices(None) == []
    assert checked_replies(Reply("Hi", ONE)) == [Reply("Hi", [ONE])]
    assert checked_replies(Reply("Hi", None)) == [Reply("Hi", [])]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_notes_come_back_equal_and_as_a_copy(notes):
    kept = checked_notes(notes)
    assert kept == notes
    assert not notes or kept is not notes


def circle():
    notes = {}
    notes["me"] = notes
    return notes


@pytest.mark.parametrize(
    ("notes", "said"),
    [
        ([], "a list, not a dict"),
        (None, "a NoneType, not a dict"),
        ({"when": object()}, "not JSON"),
        ({"amount": math.nan}, "not JSON"),
        ({"some": {1, 2}}, "not JSON"),
        (circle(), "not JSON"),
    ],
)
def test_notes_that_are_no_json_are_the_plugins_failure(notes, said):
    with pytest.raises(PluginProblem, match=said):
        checked_notes(notes)
