"""Everything that proves salesbot; `tests.support` is shared by all of it."""
