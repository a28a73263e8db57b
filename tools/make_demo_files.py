"""Writes the demo shop's downloads: `python tools/make_demo_files.py`.

Needs the packages in tools/demo_maker/requirements.txt and the covers of tools/draw_covers.py.
"""

from __future__ import annotations

from pathlib import Path

from demo_maker.books import Block, Book, blocks, make_epub, make_pdf
from demo_maker.media import CHIMES, LOOKS, SCENES, chime, cube, wallpaper
from demo_maker.palettes import PALETTES, Palette
from demo_maker.sheets import invoice, make_budget
from demo_maker.zips import write_zip

HERE = Path(__file__).parent
FILES = HERE.parent / "salesbot/demo/files"
LARGEST = 100_000  # bytes: the whole demo stays small in the package


def text(name: str) -> str:
    """A text with the line ends that every system's simplest editor understands."""
    return (HERE / "demo_maker/texts" / name).read_text(encoding="utf-8").replace("\n", "\r\n")


def make_tracker(target: Path) -> None:
    """A month of circles for eight habits, to print, and a page of ideas."""
    title, first, *rest = blocks("habit-ideas")
    book = Book("Habit Tracker")
    palette = PALETTES["templates"]
    book.add_page(orientation="landscape")
    book.set_font("Helvetica", "B", 22)
    book.set_text_color(palette.words)
    book.cell(80, 10, "Habit Tracker")
    book.set_font("Helvetica", size=11)
    book.cell(0, 12, "Month: ____________________", align="R")
    _grid(book, palette)
    book.add_page(orientation="portrait")
    book.lowest_chapter = 165
    book.block(Block("chapter", title.words))
    for block in (first, *rest):
        book.block(block)
    book.output(str(target))


def _grid(book: Book, palette: Palette) -> None:
    book.set_draw_color(palette.a)
    book.set_line_width(0.3)
    book.set_font("Helvetica", size=6.5)
    left, step = 52, 4.6
    for day in range(1, 32):
        x = left + (day - 1) * step
        book.text(x - (0.6 if day < 10 else 1.2), 36, str(day))
        for row in range(8):
            book.circle(x, 44 + row * 11, 1.8)
    for row in range(8):
        book.line(14, 46 + row * 11, left - 5, 46 + row * 11)


def main() -> None:
    FILES.mkdir(exist_ok=True)
    make_pdf("python-by-example", "ebooks", FILES / "python-by-example.pdf")
    make_pdf("plain-money", "ebooks", FILES / "plain-money.pdf")
    make_epub("sourdough-at-home", FILES / "sourdough-at-home.epub")
    make_tracker(FILES / "habit-tracker.pdf")
    make_budget(FILES / "budget-planner.xlsx")
    (FILES / "the-calm-inbox.txt").write_bytes(text("the-calm-inbox.txt").encode())
    kit: dict[str, bytes | str] = {
        "read-me.txt": text("invoice-readme.txt"),
        "invoice.xlsx": invoice(),
        "three-letters.txt": text("invoice-letters.txt"),
        "open-invoices.csv": text("open-invoices.csv"),
    }
    write_zip(FILES / "invoice-kit.zip", kit)
    chimes = {f"{name}.wav": chime(*notes) for name, notes in CHIMES.items()}
    write_zip(FILES / "soft-chimes.zip", chimes)
    looks = {f"{name}.cube": cube(name, look) for name, look in LOOKS.items()}
    guide = {"how-to-use.txt": text("looks-guide.txt")}
    write_zip(FILES / "golden-hour-looks.zip", guide | looks)
    pictures = {f"{name}.png": wallpaper(scene) for name, scene in SCENES.items()}
    write_zip(FILES / "calm-wallpapers.zip", pictures)
    for path in sorted(FILES.iterdir()):
        size = path.stat().st_size
        print(f"{size / 1000:6.1f} KB  {path.name}")
        if size > LARGEST:
            raise SystemExit(f"{path.name} is larger than {LARGEST} bytes")


if __name__ == "__main__":
    main()
