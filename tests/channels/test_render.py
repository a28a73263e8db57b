"""A reply as text messages: numbered lines, nothing longer than Twilio takes, nothing lost."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from salesbot.channels.render import LONGEST, Part, length, numbered, parts, split
from salesbot.messages import Choice
from salesbot.services.secrets_in_text import mark

MENU = (Choice("a", "Apples", "2 €"), Choice("b", "Two\nlines", ""))
words = st.text(alphabet=st.sampled_from("ab. !?\n\t…é👍🏽"), max_size=400)


def test_choices_stand_under_the_text_as_numbered_lines():
    assert numbered("What would you like?", MENU) == "What would you like?\n\n1. Apples – 2 €\n2. Two lines"
    assert numbered("", MENU) == "1. Apples – 2 €\n2. Two lines"
    assert numbered("Hello", ()) == "Hello"


def test_what_fits_is_one_message():
    assert parts("x" * LONGEST, ()) == [Part("x" * LONGEST)]
    assert parts("Pick:", MENU) == [Part("Pick:\n\n1. Apples – 2 €\n2. Two lines", MENU)]


def test_only_the_last_part_carries_the_choices():
    made = parts("word " * 700, MENU)
    assert len(made) > 1
    assert [part.choices for part in made] == [()] * (len(made) - 1) + [MENU]
    assert made[-1].text.endswith("2. Two lines")


@pytest.mark.parametrize(("text", "size"), [("abc", 3), ("é", 1), ("👍", 2), ("👍🏽", 4), ("", 0)])
def test_some_emoji_count_twice(text, size):
    assert length(text) == size


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("one two.\n\nthree four", ["one two.", "three four"]),
        ("one two\nthree four", ["one two", "three four"]),
        ("One. Two. Three.", ["One. Two.", "Three."]),
        ("one two three", ["one two", "three"]),
        ("abcdefghijklmno", ["abcdefghij", "klmno"]),
        ("👍👍👍👍👍👍", ["👍👍👍👍👍", "👍"]),
    ],
)
def test_a_long_text_is_cut_where_a_person_would_cut_it(text, pieces):
    assert split(text, 10) == pieces


def without_space(text):
    return re.sub(r"\s", "", text)


@given(words, st.integers(4, 60))
@example("a\n" + " " * 30 + "\nb", 10)
@example(" " * 30, 10)
@example("\n\n\n" + "a" * 30, 10)
def test_nothing_is_lost_and_nothing_is_too_long(text, limit):
    pieces = split(text, limit)
    assert all(length(piece) <= limit for piece in pieces)
    assert all(piece.strip() for piece in pieces)
    assert without_space("".join(pieces)) == without_space(text)


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=30), st.integers(70, 120))
def test_a_secret_is_counted_as_it_is_read_and_never_cut(units, limit):
    """A stored text holds a short mark where the customer reads a long key."""

    def revealed(text):
        return re.sub("\ue000(\\d+)\ue001", lambda found: "K" * 60, text)

    text = "Your keys:\n" + "\n".join(map(mark, units))
    pieces = split(text, limit, lambda piece: length(revealed(piece)))
    assert all(length(revealed(piece)) <= limit for piece in pieces)
    assert re.findall("\ue000\\d+\ue001", "".join(pieces)) == [mark(unit) for unit in units]
    assert not re.search("[\ue000\ue001]", revealed("\n".join(pieces)))


def test_a_mark_inside_a_long_word_is_not_cut():
    word = "x" * 9 + mark(123456) + "y" * 9
    pieces = split(word, 10, lambda piece: length(re.sub("\ue000\\d+\ue001", "KEY", piece)))
    assert mark(123456) in "|".join(pieces)
    assert "".join(pieces) == word


def test_ten_long_lines_are_split_between_lines():
    menu = tuple(Choice(str(n), "x" * 300) for n in range(10))
    made = parts("Pick:", menu)
    assert len(made) == 2
    assert re.findall(r"^(\d+)\. x{300}$", "\n".join(part.text for part in made), re.MULTILINE) == [
        str(n) for n in range(1, 11)
    ]


def test_a_picture_without_words_is_one_empty_part():
    assert parts("", ()) == [Part("")]
    assert parts(" " * 2000, ()) == [Part("")]
