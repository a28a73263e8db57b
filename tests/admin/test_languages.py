"""Staff read the back office in their own language, all of it, and by their own clock."""

from __future__ import annotations

import ast
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel import support
from babel.dates import get_day_names
from sqlalchemy import inspect, select

from salesbot import clock, models, texts
from salesbot.admin import noted_words
from salesbot.admin.views import BY_MODEL
from salesbot.extensions import db
from salesbot.services import stock
from tests.admin import rows as make

PLACE = re.compile(r"(%\(\w+\)[a-z]|\{+\w*\}+|%%)")
LETTERS = {number: number + 0xFEE0 for number in (*range(0x41, 0x5B), *range(0x61, 0x7B))}
"""Latin letters and the wide ones that look alike, which nobody writes."""
WORD = re.compile(r"[A-Za-zÀ-ÿ]{2,}")
SHOWN = {"title", "alt", "placeholder", "aria-label", "data-confirm", "data-label"}
"""Attributes that people read, besides the words in `data-` that scripts show."""
NOT_WORDS = {"code", "pre", "script", "style", "time", "textarea"}
SAME_EVERYWHERE = {
    *[
        "salesbot",
        "WhatsApp",
        "Twilio",
        "Olga",
        "USD",
        "UTC",
        "CSV",
        "XLSX",
        "PNG",
        "SVG",
        "ms",
        "hi",
        "Our",
        "shop",
        "English",
        "Español",
        "Português",
    ],
    *[
        "twilio",
        "catalog",
        "checkout",
        "fallback",
        "greeting",
        "language",
        "orders",
        "support",
        "payment",
        "settings",
        "manual",
    ],
    *get_day_names("wide", locale="en").values(),
}
"""Names, and what stands in the database of this shop."""
NAMES = re.compile(
    r"[A-Z]\w+/[\w/ -]+|\S+@\S+|https?://\S+|\w*[_/.]\w[\w/.]*|\{\w+\}|%\(\w+\)s|whatsapp:\S+|SM\d+|[A-Z]+\d[A-Z]+"
)
"""Addresses, names in code, and places in sentences."""


NOT_SAID = {
    "fa-check-double chat-read",
    "d MMM yyyy, HH:mm",
    "not null",
    "more than ",
    "Welcome to {shop}. What would you like?",  # which sentence is the greeting
}
ROOT = Path(__file__).parents[2]


class Pseudo(support.NullTranslations):
    """A language in which each sentence that is translated is written in wide letters."""

    def gettext(self, message):
        return "".join(
            part if PLACE.fullmatch(part) else part.translate(LETTERS) for part in PLACE.split(str(message))
        )

    def ngettext(self, one, many, count):
        return self.gettext(one if count == 1 else many)

    ugettext, ungettext = gettext, ngettext


@pytest.fixture
def pseudo(monkeypatch):
    """Whatever goes through a translator is in wide letters."""
    for domain in ("flask_babel.Domain", "flask_admin.babel.CustomDomain"):
        monkeypatch.setattr(f"{domain}.get_translations", lambda self: Pseudo())
    monkeypatch.setattr("flask_wtf.i18n._get_translations", Pseudo)
    monkeypatch.setattr(texts, "_catalogue", lambda package, code: Pseudo())


class Words(HTMLParser):
    """Gathers what people read on a page: texts, and the attributes that are shown or said."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        about_data = tag in NOT_WORDS or "dir" in values or "sb-data" in (values.get("class") or "")
        if tag not in {"input", "img", "link", "meta", "br", "hr", "path"}:
            self.open.append((tag, about_data))
        for name, value in attrs:
            if value and value[0] in '{["' and name.startswith("data-"):
                self.found += in_data(value)
            elif value and (name in SHOWN or (name.startswith("data-") and " " in value)):
                self.found.append(value)

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if data.strip()[:1] in set('{"'):
            self.found += in_data(data)
        elif not any(about_data for _tag, about_data in self.open):
            self.found.append(data)


def in_data(value: str) -> list[str]:
    """What people may read of the data for a script; of a filter its operation and the words to choose."""
    try:
        found = json.loads(value)
    except ValueError:
        return [value]
    if isinstance(found, str):
        return [found]
    if not isinstance(found, dict):
        return []
    filters = [
        flt for group in found.values() if isinstance(group, list) for flt in group if "operation" in str(flt)
    ]
    if filters:
        return [
            *found,
            *(text for flt in filters for text in (flt["operation"], *dict(flt["options"] or []).values())),
        ]
    return [text for text in found.values() if isinstance(text, str)]


def unmarked(html: str) -> list[str]:
    """The texts of a page with Latin words in them that no translator was asked for."""
    page = Words()
    page.feed(html)
    return [
        " ".join(text.split())
        for text in page.found
        if set(WORD.findall(NAMES.sub("", text))) - SAME_EVERYWHERE
    ]


@pytest.fixture
def full_shop(app, rows):
    """A shop with rows of all sorts, whose own words are in letters that nobody else uses here."""
    with rows():
        shelf = make.category(title="Полка")
        thing = make.product(title="Книга", category=shelf, summary="Хорошая")
        stock.add_keys(thing.id, ["1111-2222"])
        make.product(title="Файл", category=shelf, kind="file", active=False)
        order = make.order(make.chat("Анна"), thing, quantity=2)
        make.payment(order)
        paid = make.order(order.conversation, thing, state="paid")
        money = make.payment(paid, state="confirmed", reference="77")
        make.delivery(paid, state="no_stock")
        make.save(models.Refund(payment_id=money.id, amount=100, currency="USD", state="needs_staff"))
        for what in ("look at this", "→ paid", "placed", "money arrived"):
            make.save(
                models.OrderEvent(order_id=paid.id, who="salesbot", what=what, why="the dispute has ended")
            )
        waiting = make.chat("Борис", person_wanted_at=clock.now())
        make.message(waiting, "in", "Привет")
        make.message(waiting, "out", "Привет", state="failed", error="нет", error_code="63016")
        make.save(models.ConversationEvent(conversation_id=waiting.id, who="Ольга", what="took over"))
        make.save(models.Coupon(code="10", percent=10))
        make.save(models.Label(name="Важно", tone="warn"))


def pages(app):
    """Every page of the back office that is opened by its address alone, and one row of each model."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/admin/") and "GET" in rule.methods and not rule.arguments:
            yield rule.rule
    with app.app_context():
        for model, view in app.extensions[BY_MODEL].items():
            key = inspect(model).primary_key[0]
            row = db.session.scalar(select(key).limit(1))
            if row is not None:
                for name in ("details", "edit"):
                    yield f"/admin/{view.url.rpartition('/')[2]}/{name}/?id={row}"


def test_nothing_on_any_page_is_said_without_a_translator(app, full_shop, owner, pseudo):
    """In a language of wide letters no Latin word is left over."""
    left: dict[str, list[str]] = {}
    for page in pages(app):
        answer = owner.get(page)
        if answer.mimetype == "text/html" and answer.status_code == 200:
            for text in unmarked(answer.text):
                left.setdefault(text, []).append(page)
    assert not left, "\n".join(f"{text!r}: {where[:3]}" for text, where in left.items())


SAYS = {"gettext", "lazy_gettext", "ngettext", "lazy_ngettext", "_", "_n"}
RAISES = {"WrongState", "SalesbotError", "ConfigError", "Mistyped", "PluginProblem"}
PROGRAMS = {"spreadsheets.py", "saved_chat.py"}
"""They write for programs."""


def called(node: ast.Call) -> str:
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


def test_no_sentence_in_the_code_of_the_back_office_is_unmarked():
    """What is flashed, refused or answered is on no page of the test above; what is written down is listed."""
    noted = {*noted_words.AS_THEY_ARE, *noted_words.TIMELINE}
    quiet = {
        *SAYS,
        *RAISES,
        "_names",
        "columns",
        "Markup",
        "debug",
        "info",
        "warning",
        "error",
        "generate_password_hash",
    }
    found = []
    for path in (ROOT / "salesbot" / "admin").rglob("*.py"):
        if path.name in PROGRAMS:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        marked = {
            id(part)
            for node in ast.walk(tree)
            if (isinstance(node, ast.Call) and called(node) in quiet)
            or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
            for part in ast.walk(node)
        }
        found += [
            f"{path.name}:{node.lineno}: {node.value!r}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in marked
            and re.search(r"[A-Za-z]{2,} [A-Za-z]{2,}", node.value)
            and node.value not in noted | NOT_SAID
        ]
    assert not found, "\n".join(["", *found])
