"""Looks over what plugins return, before anything of it is stored: limits, types, characters."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

from salesbot.errors import PluginProblem
from salesbot.messages import Choice, Reply

T = TypeVar("T")

MOST_REPLIES = 10
LONGEST_TEXT = 10_000
MOST_CHOICES = 100
LONGEST_ID = 200
LONGEST_QUESTION = 200


def one_or_many(value: object, kind: type[T], hook: str) -> list[T]:
    """What a hook returned that may give nothing, one thing or several; PluginProblem for anything else."""
    is_one = isinstance(value, kind) or not isinstance(value, Sequence)
    found: Sequence[Any] = [] if value is None else [value] if is_one else cast("Sequence[Any]", value)
    wrong = [one for one in found if not isinstance(one, kind)]
    if wrong:
        raise PluginProblem(f"{hook} returns {kind.__name__} objects, not {_name(wrong[0])}")
    return list(found)


def checked_replies(value: object) -> list[Reply] | None:
    """Replies as a list, or None for "not mine"; PluginProblem says what is wrong with anything else."""
    if value is None:
        return None
    replies = [value] if isinstance(value, Reply) else value
    if not isinstance(replies, Sequence) or not all(isinstance(reply, Reply) for reply in replies):
        raise PluginProblem(f"it returned {_name(value)}, not a Reply, a list of them, or None")
    if len(replies) > MOST_REPLIES:
        raise PluginProblem(f"it returned {len(replies)} replies, more than {MOST_REPLIES}")
    return [_checked(reply) for reply in replies]


def _checked(reply: Reply) -> Reply:
    _check(("a reply's text", reply.text, LONGEST_TEXT))
    choices = checked_choices(reply.choices)
    if not (reply.text.strip() or choices or reply.media_url):
        raise PluginProblem("a reply has neither text nor choices nor a picture")
    if reply.media_url is not None:
        _check(("media_url", reply.media_url, LONGEST_TEXT))
        if not re.fullmatch(r"https?://[^\s\x00-\x1f]+", reply.media_url):
            raise PluginProblem("media_url is no absolute address")
    if reply.ask is not None:
        checked_text("ask", reply.ask, LONGEST_QUESTION)
    return reply if isinstance(reply.choices, list | tuple) else replace(reply, choices=choices)


def checked_choices(value: object) -> list[Choice]:
    """Choices as a list; PluginProblem says what is wrong with anything else."""
    choices = [] if value is None else [value] if isinstance(value, Choice) else value
    if not isinstance(choices, Sequence):
        raise PluginProblem(f"it gave {_name(choices)} where choices belong")
    if len(choices) > MOST_CHOICES:
        raise PluginProblem(f"{len(choices)} choices are more than {MOST_CHOICES}")
    for choice in choices:
        if not isinstance(choice, Choice):
            raise PluginProblem(f"it gave {_name(choices)} where choices belong")
    _check(
        *[("a choice's id", choice.id, LONGEST_ID) for choice in choices],
        *[("a choice's title", choice.title, LONGEST_TEXT) for choice in choices],
        *[("a choice's detail", choice.detail, LONGEST_TEXT) for choice in choices],
    )
    for choice in choices:
        if not choice.id.strip() or not choice.title.strip():
            raise PluginProblem("a choice has no id or no title")
        if len(choice.id.encode()) > LONGEST_ID:
            raise PluginProblem(f"a choice's id is longer than {LONGEST_ID} bytes")
    return list(choices)


def checked_notes(notes: Any) -> dict[str, Any]:
    """A deep copy of a plugin's notes; PluginProblem when they are not JSON."""
    if not isinstance(notes, dict):
        raise PluginProblem(f"chat.data is {_name(notes)}, not a dict")
    if not notes:
        return {}
    try:
        copy: dict[str, Any] = json.loads(json.dumps(notes, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as exc:
        raise PluginProblem(f"chat.data is not JSON: {exc}") from exc
    return copy


def checked_text(what: str, text: object, longest: int) -> None:
    """PluginProblem when `text` is none that every database takes; `what` says which one it is."""
    _check((what, text, longest))
    if "\x00" in str(text):
        raise PluginProblem(f"{what} holds a NUL character")


def _check(*texts: tuple[str, object, int]) -> None:
    """Each text comes with what it is and how long it may be."""
    for what, text, longest in texts:
        if isinstance(text, str) and len(text) <= longest and text.isascii():
            continue
        if not isinstance(text, str):
            raise PluginProblem(f"{what} is {_name(text)}, not a text")
        if len(text) > longest:
            raise PluginProblem(f"{what} has {len(text)} characters, more than {longest}")
        try:
            text.encode()
        except UnicodeEncodeError as exc:
            raise PluginProblem(f"{what} holds half a character") from exc


def _name(value: object) -> str:
    return f"a {type(value).__name__}"
