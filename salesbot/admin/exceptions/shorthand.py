"""What is written often in exceptions."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from salesbot.admin.rules import Rules


def names(words: str) -> tuple[str, ...]:
    return tuple(words.split())


def record(**other: Any) -> Rules:
    """A model whose rows are history: staff read it and change nothing by hand."""
    return Rules(creates=False, edits=False, deletes=False, **other)


CREATED = {"created_at": _("Since")}
INTERNAL = dict.fromkeys(("index_view", "details_view", "action_view"), "run")
