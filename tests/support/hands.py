"""Hands at the back office that find things by visible role and name alone, and count what they do.

A click, a filled field, a chosen file and a screen scrolled is one action each.
"""

from __future__ import annotations

import math
from typing import Any

MOST_STOPS = 150
HIT = 24
"""Pixels of a thing that must be in sight so that it can be hit."""
WHERE = """element => {
  const box = element.getBoundingClientRect();
  const bar = document.querySelector(".sb-save");
  const over = bar && !bar.contains(element) ? bar.getBoundingClientRect().height : 0;
  return [box.top, box.bottom, window.innerHeight - over];
}"""
STOP = """element => {
  const here = document.activeElement;
  const shown = here.matches(".custom-control-input") ? getComputedStyle(here.nextElementSibling, "::before")
    : getComputedStyle(here.matches(".sr-only") ? document.querySelector(`label[for="${here.id}"]`) : here);
  const seen = here === document.body || here.matches("main")
    || (shown.outlineStyle === "solid" && parseFloat(shown.outlineWidth) >= 2);
  return [here === element, seen, here.outerHTML.slice(0, 160)];
}"""


class Mouse:
    """Clicks and types; `actions` counts since `begins`."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.actions = 0
        self.steps: list[str] = []
        self._address = address

    def begins(self) -> None:
        """A new task, on the first page."""
        self.page.goto(f"{self._address}/admin/")
        self.actions = 0
        self.steps.clear()

    def presses(self, role: str, name: str, nth: int = 0) -> None:
        """A link or a button."""
        self._reach(self._named(role, name, nth)).click()
        self.actions += 1
        self.page.wait_for_load_state()

    def saves(self) -> None:
        """The form of the field that was filled last."""
        self.presses("button", "Save")

    def opens(self, words: str) -> None:
        """What unfolds."""
        self._reach(self.page.locator("summary", has_text=words).first).click()
        self.actions += 1

    def fills(self, label: str, words: str) -> None:
        """A field, instead of what is in it."""
        self._reach(self.page.get_by_label(label).first).fill(words)
        self.actions += 1

    def chooses(self, label: str, name: str, kind: str, content: bytes) -> None:
        """A file."""
        field = self._reach(self.page.get_by_label(label).first)
        field.set_input_files({"name": name, "mimeType": kind, "buffer": content})
        self.actions += 1

    def _named(self, role: str, name: str, nth: int) -> Any:
        return self.page.get_by_role(role, name=name).nth(nth)

    def _reach(self, thing: Any) -> Any:
        """Brings it into sight as a thumb or a wheel does, a screen at a time."""
        thing.wait_for()
        top, bottom, height = thing.evaluate(WHERE)
        enough = min(HIT, bottom - top)
        away = max(top + enough - height, enough - bottom, 0)
        if away:
            # As much as the screen shows less a little, so that one knows where one is.
            screens = math.ceil(away / (height * 0.9))
            self.actions += screens
            self.steps.append(f"scrolls {screens} for {away:.0f} px to {thing}")
            thing.evaluate("element => element.scrollIntoView({ block: 'center' })")
        return thing


class Keyboard(Mouse):
    """Tab, Enter, Space and letters; each stop on the way must show that it is one."""

    def presses(self, role: str, name: str, nth: int = 0) -> None:
        """A link or a button."""
        self._tab_to(self._named(role, name, nth))
        self.page.keyboard.press("Enter")
        self.actions += 1
        self.page.wait_for_load_state()

    def saves(self) -> None:
        """The form of the field that was filled last, which takes an Enter."""
        self.page.keyboard.press("Enter")
        self.actions += 1
        self.page.wait_for_load_state()

    def opens(self, words: str) -> None:
        """What unfolds."""
        self._tab_to(self.page.locator("summary", has_text=words).first)
        self.page.keyboard.press("Space")
        self.actions += 1

    def fills(self, label: str, words: str) -> None:
        """A field, instead of what is in it."""
        self._tab_to(self.page.get_by_label(label).first)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(words)
        self.actions += 1

    def chooses(self, label: str, name: str, kind: str, content: bytes) -> None:
        """A file; the window in which it is picked is the system's own."""
        field = self.page.get_by_label(label).first
        self._tab_to(field)
        field.set_input_files({"name": name, "mimeType": kind, "buffer": content})
        self.actions += 1

    def _tab_to(self, thing: Any) -> None:
        thing.wait_for()
        on_the_page = thing.evaluate("element => Boolean(element.closest('main'))")
        for _ in range(MOST_STOPS):
            there, seen, what = thing.evaluate(STOP)
            assert seen, f"nobody sees that the keyboard is at {what}"
            if there:
                return
            self.page.keyboard.press(
                "Enter" if on_the_page and what.startswith('<a class="sb-skip"') else "Tab"
            )
        raise AssertionError(f"{MOST_STOPS} stops do not lead to {thing}")
