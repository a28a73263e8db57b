"""Whether choices fit WhatsApp's buttons or its list; the limits are those of Twilio's Content API."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from salesbot.channels.render import LONGEST, length, numbered
from salesbot.messages import Choice

BUTTONS = "buttons"
LIST = "list"
NUMBERS = ""

MOST_BUTTONS = 3
MOST_ROWS = 10
LONGEST_TEXT = 1024
LONGEST_BUTTON = 20
LONGEST_ROW = 24
LONGEST_DETAIL = 72


def style(text: str, choices: Sequence[Choice], measure: Callable[[str], int] = length) -> str:
    """How these choices are shown under `text`: as BUTTONS, as a LIST, or as NUMBERS in the text.

    What would not fit one message as numbered lines stays numbers too, so that there is always one
    message to fall back to.
    """
    if not text.strip() or not choices or len(choices) > MOST_ROWS:
        return NUMBERS
    if measure(text) > LONGEST_TEXT or measure(numbered(text, choices)) > LONGEST:
        return NUMBERS
    titles = [one_line(choice.title) for choice in choices]
    # WhatsApp refuses a message in which two titles or two ids are the same.
    if len({title.casefold() for title in titles}) < len(titles) or len({c.id for c in choices}) < len(
        titles
    ):
        return NUMBERS
    longest = max(map(length, titles))
    if len(choices) <= MOST_BUTTONS and longest <= LONGEST_BUTTON:
        return BUTTONS
    return LIST if longest <= LONGEST_ROW else NUMBERS


def one_line(text: str) -> str:
    """A title or detail as WhatsApp takes it: without line breaks and runs of spaces."""
    return " ".join(text.split())


def detail(choice: Choice) -> str:
    """What stands under a line of a list, made short at a word's end when it is too long."""
    text = one_line(choice.detail)
    if length(text) <= LONGEST_DETAIL:
        return text
    while length(text) >= LONGEST_DETAIL:
        shorter = text.rpartition(" ")[0]
        text = shorter or text[: max(1, len(text) - 8)]
    return f"{text}…"
