"""Whatever is typed for a setting is a value or is said to be mistyped; nothing else ever comes out."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from salesbot.errors import Mistyped
from salesbot.options import OPTIONS, Option

STARTS = ("", "http://", "https://", "smtp://", "smtps://", "sqlite://", "whatsapp:+", "mon ", "2026-", "../")
MARKS = st.text("[]:/@?#%.,;-_+ \t\n\0\ud800٣²09aZñ", max_size=30)


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
@given(start=st.sampled_from(STARTS), rest=st.text(max_size=30) | MARKS)
@example(start="http://", rest="[shop.example.com")
@example(start="smtp://", rest="mail.example.com:587587")
@example(start="https://", rest="shop.example.com:80a")
@example(start="", rest="a" * 5000)
@example(start="", rest="9" * 5000)
def test_nothing_but_mistyped_comes_out(option: Option, start, rest):
    with suppress(Mistyped):
        option.read(start + rest)
