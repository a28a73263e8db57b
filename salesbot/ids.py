"""Numbers of rows as they stand in addresses and forms; what no row can have is none."""

from __future__ import annotations

from werkzeug.routing import IntegerConverter, ValidationError

MOST = 2**63 - 1
"""Both databases refuse to look for a larger one."""


def read(text: str) -> int | None:
    """The number in `text`, None when no row can have it: no digits, or too many."""
    if not (text.isascii() and text.isdecimal()) or len(text) > len(str(MOST)):
        return None
    number = int(text)
    return number if number <= MOST else None


class RowNumber(IntegerConverter):
    """`<int:id>` in an address: with a number that no row can have there is no such page."""

    def to_python(self, value: str) -> int:
        """The number."""
        number = read(value)
        if number is None:
            raise ValidationError
        return number
