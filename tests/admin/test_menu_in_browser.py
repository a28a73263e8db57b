"""The lines of the menu are moved by mouse, by finger and by keyboard; what stands there is what is saved."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from salesbot.models import MenuLine


@pytest.fixture
def salesbot_config(salesbot_config):
    return {**salesbot_config, "LANGUAGES": "en, es"}


@pytest.fixture
def menu(desk, address):
    """The page, with what each line is called and where it is."""
    desk.goto(f"{address}/admin/menu/")
    assert lines(desk) == ["orders", "person", "language:en", "language:es"]
    return desk


def lines(page) -> list[str]:
    return page.locator("[data-menu-lines] input[name=line]").evaluate_all("all => all.map(one => one.value)")


def line(page, choice: str):
    return page.locator(f"[data-menu-lines] li:has(input[name=line][value='{choice}'])")


def grip(page, choice: str) -> tuple[float, float]:
    """The middle of what a line is dragged by."""
    box = line(page, choice).locator("[data-grip]").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def said(page) -> str:
    return page.get_by_role("status").filter(has_text="is now line").text_content()


def save(page) -> None:
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved. It counts from the next message on.").wait_for()


def in_order(stored) -> list[str]:
    return stored(select(MenuLine.choice).order_by(MenuLine.position))


def test_a_line_is_dragged_by_mouse(menu, stored):
    menu.mouse.move(*grip(menu, "orders"))
    menu.mouse.down()
    below = grip(menu, "language:en")
    menu.mouse.move(below[0], below[1] - 40, steps=5)
    assert "sb-dragged" in line(menu, "orders").get_attribute("class")
    menu.mouse.move(below[0], below[1] + 10, steps=5)
    menu.mouse.up()
    assert "sb-dragged" not in line(menu, "orders").get_attribute("class")
    assert lines(menu) == ["person", "language:en", "orders", "language:es"]
    assert said(menu) == "My orders is now line 3."
    menu.mouse.move(*grip(menu, "person"))
    assert lines(menu) == ["person", "language:en", "orders", "language:es"], "the button is up"
    menu.mouse.move(*grip(menu, "language:es"))
    menu.mouse.down()
    menu.mouse.move(below[0], 0, steps=5)
    menu.mouse.up()
    assert stored(select(MenuLine)) == [], "not before it is saved"
    save(menu)
    assert lines(menu) == in_order(stored) == ["language:es", "person", "language:en", "orders"]


@pytest.mark.parametrize("desk", ["phone"], indirect=True)
def test_a_line_is_dragged_by_finger(menu, stored):
    """As Chromium's own touches, which scroll the page unless something keeps them."""
    touches = menu.context.new_cdp_session(menu)

    def touch(kind: str, *at: float) -> None:
        points = [{"x": at[0], "y": at[1]}] if at else []
        touches.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    line(menu, "person").scroll_into_view_if_needed()
    x, y = grip(menu, "person")
    above = grip(menu, "orders")[1] - 20
    touch("touchStart", x, y)
    for step in range(1, 11):
        touch("touchMove", x, y + (above - y) * step / 10)
    touch("touchEnd")
    assert said(menu) == "Talk to a person is now line 1."
    save(menu)
    assert in_order(stored)[:2] == ["person", "orders"]


def test_a_line_is_moved_by_keyboard(menu, stored):
    down = menu.get_by_role("button", name="Move My orders down")
    down.focus()
    menu.keyboard.press("Enter")
    menu.keyboard.press("Space")
    assert lines(menu) == ["person", "language:en", "orders", "language:es"]
    assert said(menu) == "My orders is now line 3."
    assert down.evaluate("one => one === document.activeElement"), "so that it can go on"
    menu.keyboard.press("Enter")
    menu.keyboard.press("Enter")
    assert lines(menu)[-1] == "orders", "at the end it stays"
    menu.keyboard.press("Shift+Tab")
    menu.keyboard.press("Enter")
    menu.keyboard.press("Shift+Tab")
    menu.keyboard.press("Space")
    assert lines(menu) == ["person", "language:en", "orders", "language:es"]
    hide = menu.get_by_role("checkbox", name="Hide My orders")
    assert hide.is_checked()
    title = menu.get_by_label("English").first
    title.fill("Somebody")
    title.press("Enter")
    menu.get_by_text("Saved. It counts from the next message on.").wait_for()
    assert in_order(stored) == ["person", "language:en", "orders", "language:es"]
    [orders] = stored(select(MenuLine).where(MenuLine.choice == "orders"))
    [person] = stored(select(MenuLine).where(MenuLine.choice == "person"))
    assert (orders.hidden, person.titles) == (True, {"en": "Somebody"})
