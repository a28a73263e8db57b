"""What the customer meant, without a database: picks, titles, near misses, global words, questions."""

import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from salesbot.messages import Choice
from salesbot.understanding import PAGE, Shown, Understood, fold, is_one_of, next_start, page, understand

WORDS = {"menu": "menu", "help": "help", "human": "person", "stop": "stop"}
FRUIT = Shown((Choice("f:1", "Apples"), Choice("f:2", "Crème brûlée"), Choice("f:3", "2 pears")))
texts = st.text(max_size=60)


def read(text, tapped=None, shown=FRUIT, *, question_open=False):
    return understand(text, tapped, shown, more_title="More", question_open=question_open, global_words=WORDS)


def picked(text, **how):
    return read(text, **how).choice


@pytest.mark.parametrize("typed", ["1", " 1 ", "1.", "1)", "#1", "(1)", "01", "1️⃣", "١", "１"])
def test_a_number_is_the_line_with_this_number(typed):
    assert picked(typed) == "f:1"


@pytest.mark.parametrize("typed", ["0", "4", "99", "1234", "-1", "1.5", "1 2", "one", "", "½", "²"])
def test_what_is_no_number_of_a_line_stays_words(typed):
    assert read(typed) == Understood(text=typed)


@pytest.mark.parametrize(
    "typed", ["Apples", "apples", " APPLES! ", "Äpples", "*apples*", "𝐀𝐏𝐏𝐋𝐄𝐒", "ａｐｐｌｅｓ"]
)
def test_a_title_is_its_line_however_it_is_dressed(typed):
    assert picked(typed) == "f:1"


@pytest.mark.parametrize("typed", ["aples", "appels", "applea", "apple", "appless", "xpples"])
def test_one_letter_wrong_missing_added_or_swapped_is_a_near_miss(typed):
    assert picked(typed) == "f:1"


def test_accents_are_not_counted_as_mistakes():
    assert picked("creme brulee") == "f:2"
    assert picked("creme brule") == "f:2"


@pytest.mark.parametrize("typed", ["apls", "aplles!x", "pear", "pples and more"])
def test_two_mistakes_are_other_words(typed):
    assert read(typed).text == typed


def test_a_short_title_must_be_typed_right():
    shown = Shown((Choice("t:1", "Tea"), Choice("t:2", "Milk")))
    assert picked("te", shown=shown) is None
    assert picked("mill", shown=shown) is None
    assert picked("milk", shown=shown) == "t:2"


def test_what_is_near_to_two_titles_is_neither():
    shown = Shown((Choice("c:1", "Course A1"), Choice("c:2", "Course A2")))
    assert picked("course a", shown=shown) is None
    assert picked("course a3", shown=shown) is None


def test_a_title_that_is_a_number_comes_before_the_line_with_that_number():
    shown = Shown((Choice("b:1", "1984"), Choice("b:2", "3"), Choice("b:3", "Emma")))
    assert picked("1984", shown=shown) == "b:1"
    assert picked("3", shown=shown) == "b:2"


@pytest.mark.parametrize(
    ("typed", "choice"), [("MENU", "menu"), (" Stop. ", "stop"), ("help!", "help"), ("Human", "person")]
)
def test_a_global_word_is_one_in_every_state(typed, choice):
    for question_open in (False, True):
        assert read(typed, question_open=question_open) == Understood(choice=choice, is_global=True)


def test_a_global_word_comes_before_a_title():
    assert read("menu", shown=Shown((Choice("x", "Menu"),))) == Understood(choice="menu", is_global=True)


def test_a_longer_global_word_may_be_mistyped():
    assert read("humam") == Understood(choice="person", is_global=True)
    assert read("hunan", question_open=True) == Understood(text="hunan")


def test_a_tap_wins_over_all_words_that_came_with_it():
    assert read("menu", tapped="f:2") == Understood(choice="f:2")
    assert read("", tapped="f:old:7") == Understood(choice="f:old:7")
    assert read("Menu", tapped="menu") == Understood(choice="menu", is_global=True)


def test_a_question_takes_numbers_and_near_misses_as_they_are():
    assert read("2", question_open=True) == Understood(text="2")
    assert read("aples", question_open=True) == Understood(text="aples")


def test_a_question_still_knows_the_titles_of_its_own_choices():
    assert picked("apples", question_open=True) == "f:1"


def test_known_words_count_unless_a_title_or_a_question_wants_them():
    known = {"my cart": "cart", "apples": "orders"}
    how = {"more_title": "More", "global_words": WORDS, "known_words": known}
    assert understand("My cart", None, FRUIT, question_open=False, **how).choice == "cart"
    assert understand("apples", None, FRUIT, question_open=False, **how).choice == "f:1"
    assert understand("my cart", None, FRUIT, question_open=True, **how).text == "my cart"


def many(count):
    return Shown(tuple(Choice(f"n:{n}", f"Thing number {n}") for n in range(1, count + 1)))


def test_ten_choices_are_one_page_and_eleven_are_two():
    assert page(many(10), "More") == many(10).choices
    first = page(many(11), "More")
    assert [choice.id for choice in first] == [*(f"n:{n}" for n in range(1, 10)), first[-1].id]
    assert next_start(first[-1].id, many(11)) == 9
    assert [choice.id for choice in page(Shown(many(11).choices, 9), "More")] == ["n:10", "n:11"]


def test_numbers_count_from_one_on_every_page():
    second = Shown(many(25).choices, 9)
    assert picked("1", shown=second) == "n:10"
    assert next_start(picked("10", shown=second), second) == 18
    assert next_start(picked("more", shown=second), second) == 18


def test_a_more_line_of_another_list_does_not_turn_the_page_of_this_one():
    old = page(many(25), "More")[-1].id
    assert next_start(old, many(24)) is None
    assert next_start("more:9", many(25)) is None


def test_a_title_of_another_page_is_understood_too():
    assert picked("Thing number 23", shown=many(25)) == "n:23"


@pytest.mark.parametrize("old", ["more:0", "more:25", "more:9999", "more:", "more:x", "more:-1", "f:1"])
def test_a_more_line_that_leads_nowhere_is_none(old):
    assert next_start(old, many(25)) is None


@given(st.integers(1, 130))
def test_turning_pages_shows_every_choice_once_and_in_order(count):
    shown, seen = many(count), []
    while True:
        lines = page(shown, "More")
        assert 1 <= len(lines) <= PAGE
        seen += [line for line in lines if not line.id.startswith("more:")]
        start = next_start(lines[-1].id, shown)
        if start is None:
            break
        shown = Shown(shown.choices, start)
    assert tuple(seen) == many(count).choices


choices = st.lists(st.builds(Choice, st.text(min_size=1, max_size=20), texts), max_size=30).map(tuple)


@given(texts, st.none() | texts, choices, st.booleans())
@example("\x00", "", (), False)
def test_whatever_comes_is_words_or_a_pick_and_never_both(text, tapped, offered, question_open):
    understood = read(text, tapped, Shown(offered), question_open=question_open)
    assert (understood.choice is None) or understood.text == ""
    assert understood.choice is not None or understood.text == text


@given(texts, texts)
def test_a_question_never_changes_words(text, title):
    assume(fold(text) not in WORDS and fold(text) != fold(title) and fold(text) != "more")
    assert read(text, shown=Shown((Choice("x:1", title),)), question_open=True) == Understood(text=text)


@given(texts)
@example("㎒")
@example("İ")
@example("𝐇𝐢")
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)


@given(texts)
def test_folding_ignores_case_and_accents(text):
    bare = "".join(mark for mark in unicodedata.normalize("NFD", text) if not unicodedata.combining(mark))
    assert fold(bare) == fold(text)
    assert fold(fold(text).upper()) == fold(fold(text).casefold())


def test_one_of_several_words_is_compared_as_people_write():
    assert is_one_of("Thank you!!", "thanks, thank you")
    assert not is_one_of("", "thanks, ,")
    assert not is_one_of("thank", "thanks, thank you")
