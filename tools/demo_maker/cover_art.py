"""The drawing on each cover of the demo shop: one function a product."""

from __future__ import annotations

import math
from collections.abc import Callable

from demo_maker.canvas import Canvas
from demo_maker.palettes import Palette


def focus_timer(c: Canvas, p: Palette) -> None:
    c.circle(500, 375, 268, "#0d1529")
    c.circle(500, 375, 236, p.c)
    c.pie(500, 375, 196, 0, 150, p.a)
    for i in range(12):
        a = math.radians(i * 30)
        c.circle(500 + 214 * math.sin(a), 375 - 214 * math.cos(a), 6 if i % 3 else 10, p.paper)
    end = math.radians(150)
    c.line([(500, 375), (500 + 150 * math.sin(end), 375 - 150 * math.cos(end))], 22, p.paper)
    c.circle(500, 375, 34, p.paper)
    c.circle(500, 375, 13, p.d)


def _landscape(c: Canvas, p: Palette, x: float, y: float, w: float, h: float, sky: str) -> None:
    c.rect(x, y, w, h, p.c, 22)
    m = 20
    c.rect(x + m, y + m, w - 2 * m, h - 2 * m, sky, 10)
    c.circle(x + w * 0.68, y + h * 0.36, h * 0.11, p.c)
    base = y + h - m
    c.poly([(x + m, base), (x + w * 0.4, y + h * 0.42), (x + w * 0.72, base)], p.paper)
    c.poly([(x + w * 0.44, base), (x + w * 0.72, y + h * 0.6), (x + w - m, base)], "#24365e")


def photo_tidy(c: Canvas, p: Palette) -> None:
    for turn, colour in ((14, p.d), (-9, p.a), (0, p.b)):
        frame = Canvas()
        _landscape(frame, p, 290, 190, 420, 370, colour)
        c.paste(frame, turn, (500, 620))
    c.circle(720, 560, 76, p.paper)
    c.circle(720, 560, 62, p.a)
    c.line([(690, 562), (712, 586), (752, 536)], 18, p.paper)


def night_writer(c: Canvas, p: Palette) -> None:
    c.circle(655, 260, 150, "#ffdf94")
    c.circle(592, 232, 132, p.paper)
    for x, y, r in ((235, 190, 8), (330, 120, 5), (430, 215, 6), (830, 150, 6), (800, 420, 8)):
        c.circle(x, y, r, p.c)
    page = Canvas()
    page.rect(250, 310, 400, 330, "#24365e", 24)
    for row, length in enumerate((300, 250, 310, 180)):
        page.rect(300, 372 + row * 58, length, 16, "#7f93c4", 8)
    page.rect(500, 532, 12, 42, p.a, 6)
    c.paste(page, 7, (450, 470))
    c.poly([(610, 590), (770, 350), (826, 388), (666, 628)], p.b)
    c.poly([(610, 590), (666, 628), (594, 656)], p.c)
    c.poly([(770, 350), (826, 388), (846, 358), (790, 320)], p.d)


def backup_buddy(c: Canvas, p: Palette) -> None:
    for x, y, colour in ((590, 215, "#24365e"), (300, 275, p.b)):
        c.rect(x, y, 330, 340, colour, 40)
    for row in range(2):
        c.rect(640, 262 + row * 60, 230, 26, "#3b5288", 13)
    c.circle(400, 400, 26, p.paper)
    c.circle(530, 400, 26, p.paper)
    c.circle(408, 392, 8, p.c)
    c.circle(538, 392, 8, p.c)
    c.arc(465, 430, 60, 120, 240, 16, p.paper)
    c.rect(350, 556, 230, 20, "#1d8a7e", 10)
    c.arc(520, 250, 190, -62, 40, 24, p.a)
    c.poly([(612, 62), (690, 122), (600, 166)], p.a)


def python_book(c: Canvas, p: Palette) -> None:
    c.rect(270, 120, 460, 520, "#0a5052", 26)
    c.rect(290, 100, 460, 520, p.c, 26)
    c.rect(290, 100, 62, 520, "#0a5052", 26)

    def body(t: float) -> tuple[float, float]:
        return 550 + 112 * math.sin(t * 3.2 * math.pi), 545 - 360 * t

    c.wave(body, 66, p.b)
    x, y = body(1)
    c.circle(x, y, 48, p.b)
    c.circle(x + 20, y - 14, 11, "#3a2112")
    c.line([(x + 44, y + 6), (x + 82, y + 12)], 9, p.a)
    for i in range(1, 9):
        sx, sy = body(i / 9.5)
        c.circle(sx, sy, 12, "#c47f1f")


def sourdough(c: Canvas, p: Palette) -> None:
    c.rect(196, 470, 608, 150, "#d9a866", 75)
    c.rect(196, 470, 608, 120, "#e5bb7f", 60)
    c.pie(500, 520, 262, -90, 90, "#8f4f1f")
    c.rect(238, 480, 524, 70, "#8f4f1f", 35)
    c.pie(500, 512, 246, -90, 90, "#b86b2b")
    c.rect(254, 470, 492, 62, "#b86b2b", 31)
    c.line([(500, 486), (500, 310)], 16, "#f6dfb3")
    for i in range(4):
        y = 344 + i * 44
        for side in (-1, 1):
            _leaf(c, 500, y + 20, side * 74, -44, "#f6dfb3")
    for side in (-1, 1):
        c.arc(500 + side * 20, 500, 190, side * 40, side * 72, 18, "#f6dfb3")
    for x, height in ((390, 60), (500, 84), (610, 60)):
        c.line([(x + 16 * math.sin(i * 0.3), 226 - i * height / 20) for i in range(21)], 12, p.b)


def plain_money(c: Canvas, p: Palette) -> None:
    for column, (count, colour) in enumerate(((2, p.b), (4, p.a), (6, p.c))):
        x = 240 + column * 190
        for i in range(count):
            y = 600 - i * 56
            c.rect(x, y, 160, 48, colour, 22)
            c.rect(x + 26, y + 19, 108, 10, p.d, 5)
    c.line([(700, 318), (700, 190)], 14, "#2c5e2e")
    _leaf(c, 700, 236, -112, -58, "#3f8a3f")
    _leaf(c, 700, 206, 128, -98, "#57a64f")


def _leaf(c: Canvas, x: float, y: float, dx: float, dy: float, colour: str) -> None:
    """A leaf from x, y to a tip that lies dx, dy away."""
    steps = [i / 20 for i in range(21)]
    bulge = [0.3 * math.sin(math.pi * t) for t in steps]
    upper = [(x + dx * t + dy * b, y + dy * t - dx * b) for t, b in zip(steps, bulge, strict=True)]
    lower = [(x + dx * t - dy * b, y + dy * t + dx * b) for t, b in zip(steps, bulge, strict=True)]
    c.poly(upper + lower[::-1], colour)


def calm_inbox(c: Canvas, p: Palette) -> None:
    c.circle(500, 300, 168, p.b)
    for i in range(7):
        a = math.radians(-75 + i * 25)
        s, k = math.sin(a), -math.cos(a)
        c.line([(500 + 200 * s, 300 + 200 * k), (500 + 236 * s, 300 + 236 * k)], 14, p.b)
    c.rect(240, 300, 520, 340, p.d, 28)
    c.poly([(240, 330), (500, 520), (760, 330), (760, 620), (240, 620)], "#f1dfbb")
    c.rect(240, 560, 520, 80, "#f1dfbb", 28)
    c.line([(256, 318), (500, 500), (744, 318)], 16, p.a)


def budget_planner(c: Canvas, p: Palette) -> None:
    c.rect(236, 120, 548, 520, "#a9d0b6", 30)
    c.rect(220, 100, 548, 520, p.b, 30)
    c.rect(220, 100, 548, 88, p.a, 30)
    c.rect(220, 150, 548, 40, p.a)
    for x in (264, 314, 364):
        c.circle(x, 146, 15, "#cbe7d3")
    heights = (110, 180, 140, 230, 200, 290)
    for i, h in enumerate(heights):
        c.rect(272 + i * 76, 570 - h, 52, h, (p.c, p.d, p.a)[i % 3], 12)
    c.rect(262, 570, 464, 10, p.words, 5)


def invoice_kit(c: Canvas, p: Palette) -> None:
    for turn, colour in ((-13, p.c), (7, "#e6f3ea"), (0, p.b)):
        sheet = Canvas()
        sheet.rect(310, 90, 380, 500, colour, 22)
        c.paste(sheet, turn, (500, 600))
    c.rect(356, 140, 150, 34, p.a, 10)
    for row in range(5):
        c.rect(356, 222 + row * 48, 180 - (row % 2) * 40, 14, "#b9cfc1", 7)
        c.rect(584, 222 + row * 48, 60, 14, "#8fb09b", 7)
    c.rect(356, 470, 288, 8, p.words, 4)
    stamp = Canvas()
    stamp.ring(610, 525, 104, 16, p.d)
    stamp.line([(564, 528), (598, 564), (662, 488)], 26, p.d)
    c.paste(stamp, 10, (610, 525))


def habit_tracker(c: Canvas, p: Palette) -> None:
    c.rect(200, 92, 600, 548, p.b, 34)
    done = (0b1101111, 0b1111011, 0b1011111, 0b1111111, 0b0000111)
    for row, bits in enumerate(done):
        for day in range(7):
            x, y = 272 + day * 76, 170 + row * 98
            if bits >> day & 1:
                c.circle(x, y, 31, (p.a, p.d, p.c, p.a, p.d)[row])
            else:
                c.ring(x, y, 31, 7, "#bcd9c6")


def watercolour(c: Canvas, p: Palette) -> None:
    c.rect(190, 100, 560, 520, p.c, 14)
    blobs = (
        (390, 300, 150, "#2f8fbf"),
        (540, 260, 120, "#f2b134"),
        (480, 430, 150, "#d9416b"),
        (340, 450, 84, "#3aa76d"),
    )
    for x, y, r, colour in blobs:
        for i in range(3):
            wash = Canvas()
            wash.circle(x + i * 9, y - i * 7, r - i * 22, colour + "66")
            c.paste(wash)
    brush = Canvas()
    brush.rect(640, 70, 38, 370, p.b, 16)
    brush.rect(634, 420, 50, 74, "#d8dbe2", 6)
    brush.poly([(634, 494), (684, 494), (672, 560), (659, 604), (646, 560)], "#d9416b")
    c.paste(brush, -24, (660, 500))


def phone_photo(c: Canvas, p: Palette) -> None:
    c.rect(300, 62, 400, 640, p.b, 56)
    c.rect(324, 96, 352, 572, "#ffd9a0", 34)
    c.circle(560, 300, 74, p.c)
    c.poly([(324, 480), (450, 370), (590, 510), (676, 440), (676, 600), (324, 600)], "#d24f57")
    c.poly([(324, 540), (430, 470), (560, 560), (676, 500), (676, 610), (324, 610)], p.d)
    c.rect(324, 590, 352, 78, p.b, 20)
    for t in (1 / 3, 2 / 3):
        c.rect(324 + 352 * t, 96, 3, 494, p.c)
        c.rect(324, 96 + 494 * t, 352, 3, p.c)
    c.circle(500, 632, 27, p.c)
    c.ring(500, 632, 36, 5, p.c)


def spreadsheets(c: Canvas, p: Palette) -> None:
    c.circle(720, 210, 118, p.a)
    for i in range(12):
        a = math.radians(i * 30 + 15)
        s, k = math.sin(a), math.cos(a)
        c.line([(720 + 142 * s, 210 + 142 * k), (720 + 172 * s, 210 + 172 * k)], 13, p.a)
    c.rect(190, 190, 520, 430, p.c, 26)
    c.rect(190, 190, 520, 76, p.b, 26)
    c.rect(190, 232, 520, 40, p.b)
    for column, letter in enumerate("ABCD"):
        c.text(256 + column * 120, 250, letter, 44, p.a)
    for row in range(4):
        for column in range(4):
            x, y = 214 + column * 120, 292 + row * 80
            colour = "#f3e3d7"
            if (row, column) in {(0, 1), (1, 2), (2, 1)}:
                colour = "#ffb08f"
            c.rect(x, y, 108, 66, colour, 10)
    c.rect(574, 532, 108, 66, p.d, 10)
    c.line([(598, 566), (618, 586), (656, 548)], 12, p.c)


def soft_chimes(c: Canvas, p: Palette) -> None:
    for i, colour in enumerate(("#3a2968", "#4a357f", "#5c4399")):
        c.circle(500, 372, 300 - i * 62, colour)
    c.pie(500, 360, 128, -90, 90, p.b)
    c.rect(372, 356, 256, 100, p.b)
    c.rect(340, 440, 320, 44, p.a, 22)
    c.circle(500, 506, 34, p.a)
    c.circle(500, 226, 24, p.a)
    for side in (-1, 1):
        for i in range(2):
            middle = 90 * side
            c.arc(500, 372, 200 + i * 56, middle - 24, middle + 24, 15, p.d)


def golden_hour(c: Canvas, p: Palette) -> None:
    for i, colour in enumerate(("#ffd08a", "#ff9f7a", "#d9608f")):
        x = 180 + i * 220
        c.rect(x, 110, 200, 520, colour, 30)
        c.circle(x + 100, 250 + i * 84, 62, ("#fff3d6", "#ffe0a8", "#ffc27a")[i])
        low = ("#b5577a", "#7d3c78", "#452a6e")[i]
        c.poly([(x, 500), (x + 80, 440), (x + 200, 520), (x + 200, 600), (x, 600)], low)
        c.rect(x, 560, 200, 70, low, 30)
        c.rect(x, 560, 200, 30, low)


def wallpapers(c: Canvas, p: Palette) -> None:
    skies = (("#9be0ee", "#3f86a8"), ("#ffc39a", "#b5577a"), ("#3b2a75", "#150d33"))
    for i, (sky, hill) in enumerate(skies):
        x, y = 170 + i * 225, 150 - (i % 2) * 50
        c.rect(x - 12, y - 12, 234, 494, "#0f0826", 44)
        c.rect(x, y, 210, 470, sky, 34)
        c.circle(x + 140, y + 110 + i * 18, 38, ("#ffffff", "#fff0d0", "#ffe9a8")[i])
        c.poly([(x, y + 300), (x + 95, y + 210), (x + 210, y + 320), (x + 210, y + 420),
                (x, y + 420)], hill)  # fmt: skip
        c.rect(x, y + 370, 210, 100, hill, 34)


ART: dict[str, Callable[[Canvas, Palette], None]] = {
    "focus-timer": focus_timer,
    "photo-tidy": photo_tidy,
    "night-writer": night_writer,
    "backup-buddy": backup_buddy,
    "python-by-example": python_book,
    "sourdough-at-home": sourdough,
    "plain-money": plain_money,
    "the-calm-inbox": calm_inbox,
    "budget-planner": budget_planner,
    "invoice-kit": invoice_kit,
    "habit-tracker": habit_tracker,
    "watercolour-weekend": watercolour,
    "phone-photography": phone_photo,
    "spreadsheets-in-a-day": spreadsheets,
    "soft-chimes": soft_chimes,
    "golden-hour-looks": golden_hour,
    "calm-wallpapers": wallpapers,
}
