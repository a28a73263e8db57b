"""Reading keys from a source needs no database and no luck."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from salesbot.services import key_import


@given(st.text())
def test_any_text_can_be_looked_over(source):
    lines = list(key_import._lines(source))
    assert all(line.text or line.why for line in lines)
