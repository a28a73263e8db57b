"""Makes the spreadsheets of the demo shop: the budget planner and the invoice."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
COMES_IN = ("Pay", "Side work", "Other")
GOES_OUT = (
    "Rent", "Power and water", "Phone", "Insurance", "Food", "Travel", "Clothes", "Health",
    "Joy", "Gifts", "Put aside", "Pay back",
)  # fmt: skip


def _workbook(target: Path | BytesIO, title: str) -> Workbook:
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    # A fixed day: the file stays the same, byte for byte, each time it is made.
    made = datetime(2026, 1, 1)  # noqa: DTZ001 - the library takes naive times only
    book.set_properties({"title": title, "author": "Little Harbour", "created": made})
    return book


def make_budget(target: Path) -> None:
    """A year of months with sums, what is left, and a chart of both."""
    book = _workbook(target, "Budget Planner")
    sheet = book.add_worksheet("Year")
    head = book.add_format({"bold": True, "bg_color": "#1F7A54", "font_color": "#FFFFFF"})
    money = book.add_format({"num_format": "#,##0.00", "bg_color": "#F1F6F2"})
    total = book.add_format({"num_format": "#,##0.00", "bold": True, "top": 1})
    bold = book.add_format({"bold": True})
    red = book.add_format({"font_color": "#B3261E"})
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 13, 10)
    sheet.write(0, 0, "Budget Planner", book.add_format({"bold": True, "font_size": 18}))
    sheet.write(1, 0, "Fill in the pale cells. The rest follows.")
    last_in = _group(sheet, 3, "Comes in", COMES_IN, head, money, total)
    last_out = _group(sheet, last_in + 3, "Goes out", GOES_OUT, head, money, total)
    left = last_out + 3
    sheet.write(left, 0, "Left", bold)
    for column in range(1, 14):
        name = xl_col_to_name(column)
        sheet.write_formula(left, column, f"={name}{last_in + 2}-{name}{last_out + 2}", total)
    below = {"type": "cell", "criteria": "<", "value": 0, "format": red}
    sheet.conditional_format(left, 1, left, 13, below)
    sheet.freeze_panes(4, 1)
    chart = book.add_chart({"type": "column"})
    for row, name, colour in (
        (last_in + 1, "Comes in", "#1F7A54"),
        (last_out + 1, "Goes out", "#EF7D57"),
    ):
        chart.add_series({
            "name": name, "categories": ["Year", 3, 1, 3, 12],
            "values": ["Year", row, 1, row, 12], "fill": {"color": colour},
        })  # fmt: skip
    chart.set_title({"name": "The year"})
    sheet.insert_chart(left + 2, 0, chart, {"x_scale": 1.9})
    book.close()


def _group(
    sheet: Worksheet,
    top: int,
    name: str,
    lines: tuple[str, ...],
    head: Format,
    money: Format,
    total: Format,
) -> int:
    """One block of lines with its sums; gives the row of its last line."""
    for column, words in enumerate((name, *MONTHS, "Year")):
        sheet.write(top, column, words, head)
    first, last = top + 1, top + len(lines)
    for row, words in enumerate(lines, start=first):
        sheet.write(row, 0, words)
        for column in range(1, 13):
            sheet.write_blank(row, column, None, money)
        sheet.write_formula(row, 13, f"=SUM(B{row + 1}:M{row + 1})", total)
    sheet.write(last + 1, 0, "Together", total)
    for column in range(1, 14):
        letter = xl_col_to_name(column)
        formula = f"=SUM({letter}{first + 1}:{letter}{last + 1})"
        sheet.write_formula(last + 1, column, formula, total)
    return last


def invoice() -> bytes:
    """An invoice that does its sums and its tax."""
    out = BytesIO()
    book = _workbook(out, "Invoice")
    sheet = book.add_worksheet("Invoice")
    fill = book.add_format({"bg_color": "#EEF2EF"})
    fill_money = book.add_format({"bg_color": "#EEF2EF", "num_format": "#,##0.00"})
    percent = book.add_format({"bg_color": "#EEF2EF", "num_format": "0%"})
    head = book.add_format({"bold": True, "bottom": 2})
    money = book.add_format({"num_format": "#,##0.00"})
    total = book.add_format({"num_format": "#,##0.00", "bold": True, "top": 1})
    sheet.set_column(0, 0, 42)
    sheet.set_column(1, 3, 13)
    sheet.write(0, 0, "Invoice", book.add_format({"bold": True, "font_size": 22}))
    texts = ("Your name, street, town", "Their name, street, town", "Number: 2026-001", "Date:")
    for row, words in enumerate(texts, start=2):
        sheet.write(row, 0, words, fill)
    for column, words in enumerate(("What", "How many", "Price", "Sum")):
        sheet.write(7, column, words, head)
    for row in range(8, 18):
        sheet.write_blank(row, 0, None, fill)
        sheet.write_blank(row, 1, None, fill)
        sheet.write_blank(row, 2, None, fill_money)
        sheet.write_formula(row, 3, f"=B{row + 1}*C{row + 1}", money)
    sheet.write(18, 2, "Sum")
    sheet.write_formula(18, 3, "=SUM(D9:D18)", total)
    sheet.write(19, 1, 0.19, percent)
    sheet.write(19, 2, "Tax")
    sheet.write_formula(19, 3, "=ROUND(D19*B20,2)", money)
    sheet.write(20, 2, "To pay", total)
    sheet.write_formula(20, 3, "=D19+D20", total)
    sheet.write(22, 0, "Please pay within 14 days to: (your account)", fill)
    book.close()
    return out.getvalue()
