"""Turns the small books in texts/ into PDF and EPUB files."""

from __future__ import annotations

import html
import re
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from demo_maker.palettes import PALETTES
from demo_maker.zips import MADE, write_zip
from fpdf import FPDF

HERE = Path(__file__).parent
COVERS = HERE.parents[1] / "salesbot/demo/covers"
INK, GREY, PALE = (38, 30, 26), (120, 110, 104), (246, 242, 235)


@dataclass(frozen=True)
class Block:
    """One piece of a book."""

    kind: str  # "title", "chapter", "text", "item" or "code"
    words: str


def blocks(name: str) -> Iterator[Block]:
    """What texts/<name>.md is made of, from top to bottom."""
    parts = (HERE / "texts" / f"{name}.md").read_text(encoding="utf-8").split("```\n")
    for i, part in enumerate(parts):
        if i % 2:
            yield Block("code", part.rstrip("\n"))
            continue
        for line in filter(None, (line.strip() for line in part.splitlines())):
            for mark, kind in (("## ", "chapter"), ("# ", "title"), ("- ", "item"), ("", "text")):
                if line.startswith(mark):
                    yield Block(kind, line[len(mark) :])
                    break


class Book(FPDF):
    """An A5 book with a full cover and page numbers."""

    lowest_chapter = 122  # millimetres from the top: below it a chapter begins a new page

    def __init__(self, title: str) -> None:
        super().__init__(format=(148, 210))  # A5
        self.set_title(title)
        self.set_author("Little Harbour")
        self.set_creation_date(MADE)
        self.set_margins(16, 16, 16)
        self.set_auto_page_break(True, margin=18)

    def footer(self) -> None:
        if self.page_no() > 1:
            self.set_y(-14)
            self.set_font("Helvetica", size=8)
            self.set_text_color(*GREY)
            self.cell(0, 6, str(self.page_no() - 1), align="C")

    def cover(self, slug: str, category: str, words: str) -> None:
        self.add_page()
        palette = PALETTES[category]
        self.set_fill_color(palette.paper)
        self.rect(0, 0, self.w, self.h, style="F")
        self.image(str(COVERS / f"{slug}.png"), 0, 10, self.w)
        self.set_xy(12.5, 164)
        self.set_font("Helvetica", size=11)
        self.set_text_color(palette.words)
        self.multi_cell(self.w - 30, 6, words, align="L")

    def block(self, block: Block) -> None:
        self.set_text_color(*INK)
        words = re.sub(r"\*(.+?)\*", r"**\1**", block.words)
        if block.kind == "chapter":
            if self.get_y() > self.lowest_chapter:
                self.add_page()
            self.ln(3)
            self.set_font("Helvetica", "B", 15)
            self.multi_cell(0, 8, words, new_x="LMARGIN", new_y="NEXT")
            self.ln(1)
        elif block.kind == "code":
            self._code(block.words)
        else:
            self.set_font("Times", size=11.5)
            if block.kind == "item":
                self.set_x(18)
                self.cell(5, 5.6, "\u00b7")
                self.set_x(22)
            self.multi_cell(0, 5.6, words, markdown=True, new_x="LMARGIN", new_y="NEXT", align="L")
            self.ln(0.6 if block.kind == "item" else 2.4)

    def _code(self, words: str) -> None:
        lines = words.split("\n")
        high = 4.6 * len(lines) + 6
        if self.will_page_break(high):
            self.add_page()
        self.set_fill_color(*PALE)
        self.rect(16, self.get_y(), self.w - 32, high, style="F", round_corners=True, corner_radius=2)
        self.set_font("Courier", size=8.6)
        self.set_y(self.get_y() + 3)
        for line in lines:
            self.set_x(20)
            self.cell(0, 4.6, line, new_x="LMARGIN", new_y="NEXT")
        self.ln(5)


def make_pdf(slug: str, category: str, target: Path) -> None:
    title, first, *rest = blocks(slug)
    book = Book(title.words)
    book.cover(slug, category, first.words)
    book.add_page()
    for block in rest:
        book.block(block)
    book.output(str(target))


def make_epub(slug: str, target: Path) -> None:
    title, first, *rest = blocks(slug)
    name = html.escape(title.words)
    chapters = [b.words for b in rest if b.kind == "chapter"]
    toc = "".join(
        f'<li><a href="book.xhtml#c{i}">{html.escape(words)}</a></li>' for i, words in enumerate(chapters)
    )
    page = (
        '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" '
        'xml:lang="en"><head><title>{title}</title></head><body>{body}</body></html>'
    )
    book = page.format(title=name, body=f"<h1>{name}</h1><p>{first.words}</p>{_html(rest)}")
    nav = page.format(title=name, body=f'<nav epub:type="toc"><ol>{toc}</ol></nav>')
    cover = page.format(title=name, body='<p><img src="cover.png" alt=""/></p>')
    container = (
        '<?xml version="1.0"?><container version="1.0" '
        'xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="book.opf" media-type="application/oebps-package+xml"/>'
        "</rootfiles></container>"
    )
    files: dict[str, bytes | str] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": container,
        "book.opf": _package(slug, name),
        "nav.xhtml": nav,
        "cover.xhtml": cover,
        "book.xhtml": book,
        "cover.png": (COVERS / f"{slug}.png").read_bytes(),
    }
    # A reader looks for the first file's name and content at a fixed place: it stays unpacked.
    write_zip(target, files, {"mimetype": zipfile.ZIP_STORED})


def _html(rest: list[Block]) -> str:
    out, chapter, in_list = [], 0, False
    for block in rest:
        if in_list != (block.kind == "item"):
            out.append("</ul>" if in_list else "<ul>")
            in_list = not in_list
        words = re.sub(r"\*(.+?)\*", r"<b>\1</b>", html.escape(block.words))
        if block.kind == "chapter":
            out.append(f'<h2 id="c{chapter}">{words}</h2>')
            chapter += 1
        else:
            tag = {"item": "li", "code": "pre"}.get(block.kind, "p")
            out.append(f"<{tag}>{words}</{tag}>")
    return "".join(out) + ("</ul>" if in_list else "")


def _package(slug: str, name: str) -> str:
    return f"""<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">urn:uuid:{uuid.uuid5(uuid.NAMESPACE_DNS, slug)}</dc:identifier>
<dc:title>{name}</dc:title><dc:language>en</dc:language><dc:creator>Little Harbour</dc:creator>
<meta property="dcterms:modified">{MADE:%Y-%m-%dT%H:%M:%SZ}</meta>
</metadata>
<manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="front" href="cover.xhtml" media-type="application/xhtml+xml"/>
<item id="book" href="book.xhtml" media-type="application/xhtml+xml"/>
<item id="cover" href="cover.png" media-type="image/png" properties="cover-image"/>
</manifest>
<spine><itemref idref="front"/><itemref idref="book"/></spine>
</package>"""
