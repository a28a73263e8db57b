"""A receipt as a PDF in A4, in whatever letters its words need. Import it late: the library is large."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

from salesbot.services import pdf_fonts
from salesbot.services.receipts import Moved, Receipt
from salesbot.texts import speaking, translator

_ = translator("salesbot")

MARGIN = 20.0
_FAMILY = "text"
_SMALL, _NORMAL, _LARGE, _TITLE = 9.0, 10.5, 13.0, 20.0
_GREY = 105
_LINE = 1.45


def render(receipt: Receipt) -> bytes:
    """The PDF's bytes."""
    with speaking(receipt.language):
        paper = _Paper(receipt, _labels())
        paper.head()
        paper.lines()
        paper.tax()
        paper.money(receipt.payments, "paid")
        paper.money(receipt.refunds, "back")
        return bytes(paper.output())


def _labels() -> dict[str, str]:
    return {
        "receipt": _("Receipt"),
        "number": _("Order"),
        "day": _("Date"),
        "customer": _("For"),
        "product": _("Product"),
        "rate": _("Rate"),
        "tax": _("Tax"),
        "amount": _("Amount"),
        "subtotal": _("Together"),
        "discount": _("Discount"),
        "total": _("Total"),
        "included": _("Tax in the prices"),
        "net": _("Without tax"),
        "gross": _("With tax"),
        "untaxed": _("Not taxed"),
        "paid": _("Paid"),
        "back": _("Paid back"),
    }


class _Paper(FPDF):
    """The pages, with fonts for every letter of the receipt."""

    def __init__(self, receipt: Receipt, labels: dict[str, str]) -> None:
        super().__init__(format="A4")
        self.receipt, self.labels = receipt, labels
        self.fonts_used = pdf_fonts.needed("".join(_texts([astuple(receipt), *labels.values()])))
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.set_auto_page_break(auto=True, margin=MARGIN)
        self.add_font(_FAMILY, "", pdf_fonts.FIRST)
        self.add_font(_FAMILY, "B", pdf_fonts.FIRST_BOLD)
        for path in self.fonts_used:
            self.add_font(path.stem, "", path)
        if self.fonts_used:
            self.set_fallback_fonts([path.stem for path in self.fonts_used], exact_match=False)
        self.set_text_shaping(use_shaping_engine=True)
        self.set_lang(receipt.language)
        self.set_title(f"{labels['receipt']} {receipt.number}")
        self.set_author(receipt.shop_name)
        self.set_creation_date(receipt.paid_at)
        self.add_page()

    def head(self) -> None:
        """Who sold, to whom, when, and under which number."""
        receipt, labels = self.receipt, self.labels
        self._write(receipt.shop_name, _LARGE, bold=True)
        for line in receipt.shop_address.splitlines():
            self._write(line, _SMALL, grey=True)
        self.ln(12)
        self._write(labels["receipt"], _TITLE, bold=True)
        self.ln(2)
        facts = [(labels["number"], receipt.number), (labels["day"], receipt.day)]
        if receipt.customer:
            facts.append((labels["customer"], receipt.customer))
        for name, value in facts:
            self._write(f"{name}: {value}", _NORMAL)
        self.ln(8)

    def lines(self) -> None:
        """What was bought, and the total."""
        receipt, labels = self.receipt, self.labels
        taxed = bool(receipt.taxes)
        rows = []
        for line in receipt.lines:
            title = line.title if line.quantity == 1 else f"{line.title}\n{line.quantity} × {line.each}"
            rows.append([title, *([line.tax_rate] if taxed else []), line.amount])
        gap = [""] if taxed else []
        if receipt.discount:
            rows.append([labels["subtotal"], *gap, receipt.subtotal])
            code = f" ({receipt.coupon})" if receipt.coupon else ""
            rows.append([labels["discount"] + code, *gap, receipt.discount])
        heads = [labels["product"], *([labels["tax"]] if taxed else []), labels["amount"]]
        total = [labels["total"], *gap, receipt.total]
        self._table(heads, rows, total, (6, 1.3, 2.2) if taxed else (7.3, 2.2))

    def tax(self) -> None:
        """What of it is tax, rate by rate."""
        labels = self.labels
        if not self.receipt.taxes:
            return
        self._section(labels["included"])
        rows = [[one.rate or labels["untaxed"], one.net, one.tax, one.gross] for one in self.receipt.taxes]
        heads = [labels["rate"], labels["net"], labels["tax"], labels["gross"]]
        self._table(heads, rows, None, (2.5, 2.3, 2.3, 2.4))

    def money(self, moved: Sequence[Moved], label: str) -> None:
        """Payments or refunds, day by day."""
        if not moved:
            return
        self._section(self.labels[label])
        rows = [[one.day, one.how, one.amount] for one in moved]
        self._table(None, rows, None, (3.2, 4.1, 2.2), words=2)

    def footer(self) -> None:
        """The number of the page; FPDF calls it at the end of each."""
        self.set_y(-MARGIN + 4)
        self._look(_SMALL, grey=True)
        self.cell(0, text=f"{self.receipt.number} · {self.page_no()}/{{nb}}", align="C")

    def _section(self, title: str) -> None:
        self.ln(8)
        self._write(title, _NORMAL, bold=True)
        self.ln(1)

    def _table(
        self,
        heads: Sequence[str] | None,
        rows: Iterable[Sequence[str]],
        total: Sequence[str] | None,
        widths: Sequence[float],
        words: int = 1,
    ) -> None:
        """Rows of cells; all but the first `words` columns stand right, as numbers do."""
        self._look(_NORMAL)
        self.set_draw_color(200)
        with self.table(
            col_widths=tuple(widths),
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            first_row_as_headings=heads is not None,
            headings_style=FontFace(emphasis="B", color=_GREY, size_pt=_SMALL),
            line_height=_NORMAL * _LINE * 0.3528,
            text_align=tuple("LEFT" if column < words else "RIGHT" for column in range(len(widths))),
            padding=(1.6, 1),
        ) as table:
            if heads is not None:
                table.row([self._clean(cell) for cell in heads])
            for row in rows:
                table.row([self._clean(cell) for cell in row])
            if total is not None:
                table.row([self._clean(cell) for cell in total], style=FontFace(emphasis="B"))

    def _write(self, text: str, size: float, *, bold: bool = False, grey: bool = False) -> None:
        self._look(size, bold=bold, grey=grey)
        height = size * _LINE * 0.3528
        self.multi_cell(0, height, self._clean(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _look(self, size: float, *, bold: bool = False, grey: bool = False) -> None:
        self.set_font(_FAMILY, "B" if bold else "", size)
        self.set_text_color(_GREY if grey else 20)

    def _clean(self, text: str) -> str:
        return pdf_fonts.writable(text, self.fonts_used)


def _texts(value: object) -> Iterable[str]:
    """Every text in nested tuples and lists."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _texts(part)
