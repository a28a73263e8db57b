"""Staff read the back office in their own language, all of it, and by their own clock."""

from __future__ import annotations

import ast
import json
import re
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel import support
from babel.dates import get_day_names
from babel.messages.pofile import read_po
from sqlalchemy import inspect, select

from salesbot import clock, models, texts
from salesbot.admin.rows.views import BY_MODEL
from salesbot.admin.shown import noted_words, reader
from salesbot.extensions import db
from salesbot.models import ConversationEvent, StaffUser
from salesbot.services import inbox, stock
from tests.admin import rows as make
from tests.admin.conftest import Person

PLACE = re.compile(r"(%\(\w+\)[a-z]|\{+\w*\}+|%%)")
LETTERS = {number: number + 0xFEE0 for number in (*range(0x41, 0x5B), *range(0x61, 0x7B))}
"""Latin letters and the wide ones that look alike, which nobody writes."""
WORD = re.compile(r"[A-Za-zÀ-ÿ]{2,}")
SHOWN = {"title", "alt", "placeholder", "aria-label", "data-confirm", "data-label"}
"""Attributes that people read, besides the words in `data-` that scripts show."""
OF_CUSTOMERS = {"/admin/words/"}
"""Pages that show what customers read, in their languages."""
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
        "en",
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
    "any maskable",
    "Plain Money",
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
        if answer.mimetype == "text/html" and answer.status_code == 200 and page not in OF_CUSTOMERS:
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
    with (ROOT / "translations" / "es.po").open("rb") as file:
        marked_somewhere = {message.id for message in read_po(file)}
    noted = {*noted_words.AS_THEY_ARE, *noted_words.TIMELINE, *marked_somewhere}
    quiet = {
        *SAYS,
        *RAISES,
        "names",
        "columns",
        "Markup",
        "debug",
        "info",
        "warning",
        "error",
        "exception",
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


# ---- Choosing ----


def chooses(person, language="", zone=""):
    person.get("/admin/account/")
    return person.post("/admin/account/reading", {"language": language, "zone": zone})


def spoken(html: str) -> str:
    return re.search(r'<html lang="([^"]+)"', html)[1]


def test_staff_choose_their_language_and_it_changes_at_once(app, owner, somebody, stored):
    """On all their devices, for nobody else; the sign-in page goes by the browser."""
    viewer = somebody("viewer")
    there = Person(app.test_client())
    there.signs_in()
    assert chooses(owner, "es").status_code == 302
    page = owner.get("/admin/").text
    assert spoken(page) == "es"
    assert "Quedó guardado." in page
    assert "Lo que te necesita ahora" in page
    assert spoken(there.get("/admin/order/").text) == "es"
    assert spoken(viewer.get("/admin/").text) == "en"
    assert [(one.language, one.zone) for one in stored(select(StaffUser))] == [("es", ""), ("", "")]
    signed_out = owner.post("/admin/logout", headers={"Accept-Language": "pt-BR"}, follow_redirects=True)
    assert spoken(signed_out.text) == "pt"
    in_portuguese = owner.get("/admin/login", headers={"Accept-Language": "pt-BR,pt;q=0.9,en;q=0.5"}).text
    assert spoken(in_portuguese) == "pt"
    assert "Senha" in in_portuguese
    assert owner.signs_in().status_code == 302
    assert spoken(owner.get("/admin/").text) == "es"
    chooses(owner)
    assert spoken(owner.get("/admin/", headers={"Accept-Language": "pt"}).text) == "pt"
    assert spoken(owner.get("/admin/", headers={"Accept-Language": "fi,zh;q=0.5"}).text) == "en"


def test_what_is_no_language_and_no_zone_is_refused_at_its_field(owner, stored):
    answer = chooses(owner, "xx", "Moon/Crater")
    assert answer.status_code == 400
    assert answer.text.count("sb-field-error") == 2
    assert [(one.language, one.zone) for one in stored(select(StaffUser))] == [("", "")]


def test_a_refusal_and_a_page_that_is_not_there_speak_the_same_language(owner, somebody, stranger):
    """They come before or without any view."""
    agent = somebody("agent")
    chooses(agent, "pt")
    assert "Sua função não permite isso." in agent.get("/admin/settings/").text
    assert "Não há nada aqui" in agent.get("/admin/nothing-here/").text
    agent.token = "wrong"
    assert "Esta página ficou aberta tempo demais." in agent.post("/admin/news/").text
    assert "Aquí no hay nada" in stranger.get("/admin/nothing-here/", headers={"Accept-Language": "es"}).text


def test_stock_words_and_errors_are_said_in_it_too(owner, rows):
    """Flask-Admin's, WTForms' and those of services, each with what fills them."""
    with rows():
        order = make.order(state="paid").id
        make.category(title="Libros")
    chooses(owner, "es")
    owner.get("/admin/category/new/")
    assert "Este campo es obligatorio." in owner.post("/admin/category/new/", {"title": ""}).text
    made = owner.post("/admin/category/new/", {"title": "Cursos"}, follow_redirects=True)
    assert "Quedó creado." in made.text
    assert "contiene" in owner.get("/admin/product/").text
    owner.get(f"/admin/order/details/?id={order}")
    refused = owner.post(f"/admin/order/{order}/cancel", follow_redirects=True).text
    assert "está pagado; no se puede cancelar" in refused
    owner.get("/admin/settings/")
    wrong = owner.post("/admin/settings/", {"CURRENCY": "XXXX"}).text
    assert "usa las tres letras de una moneda, como USD" in wrong


def test_amounts_and_dates_follow_the_language(owner, rows):
    with rows():
        made = clock.now().replace(2026, 1, 15, 18, 30, 0, 0)
        make.order(what=make.product(price=123456), created_at=made, currency="USD")
    assert "$1,234.56" in owner.get("/admin/order/").text
    chooses(owner, "pt")
    page = owner.get("/admin/order/").text
    assert "US$\xa01.234,56" in page
    assert "15 jan. 2026, 18:30 UTC" in page


def test_customers_are_written_to_in_their_own_language(app, owner, rows, stored):
    """Whatever staff do in theirs; and a webhook after it is not answered in that of staff."""
    with rows():
        chat = make.chat("Ana", answered_by="person", staff_at=clock.now())
        chat.customer.language = "pt"
        payment = make.payment(make.order(chat))
        order, number, talk = payment.order_id, payment.id, chat.id
    chooses(owner, "es")
    owner.post(f"/admin/order/{order}/reject", {"payment": number})
    owner.post(f"/admin/conversation/{talk}/give-back")
    bodies = [one.body for one in stored(select(models.Message).order_by(models.Message.id))]
    assert any("Não encontramos o pagamento" in body for body in bodies), bodies
    assert not [body for body in bodies if "No encontramos" in body or "Desde aquí" in body]
    assert texts.language() == "en"


def test_what_the_program_wrote_down_is_read_in_the_language_of_whoever_looks(owner, rows):
    """Reasons stand in the database in English, with what filled them."""
    with rows():
        order = make.order(state="paid")
        make.save(
            models.OrderEvent(
                order_id=order.id,
                who="salesbot",
                what="look at this",
                why="more was paid than it costs; $5.00 goes back by itself",
            )
        )
        number = order.id
    chooses(owner, "es")
    page = owner.get(f"/admin/order/details/?id={number}").text
    assert "se pagó más de lo que cuesta; $5.00 se devuelve solo" in page


def test_every_reason_that_the_core_writes_down_can_be_translated():
    """Found where it is written: a new one belongs into `noted_words.py`."""
    written = {"note": (2, 3), "_needs_staff": (1,), "_give_back": (2,), "_too_much": (3,)}
    missing = []
    for path in [*(ROOT / "salesbot/fulfilment").glob("*.py"), ROOT / "salesbot/outcomes.py"]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            places = written.get(called(node), ())
            said = [node.args[place] for place in places if place < len(node.args)]
            said += [word.value for word in node.keywords if word.arg == "why"]
            missing += [f"{path.name}:{one.lineno}: {text!r}" for one in said if (text := unlisted(one))]
    assert not missing, missing


def unlisted(node: ast.expr) -> str:
    """The sentence of an argument if it is one and stands in no list; what fills it is not looked at."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
    elif isinstance(node, ast.JoinedStr):
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "9" for part in node.values)
    else:
        return ""
    listed = {*noted_words.AS_THEY_ARE, *noted_words.TIMELINE}
    if not re.search(r"[a-z]{3,}", text) or text in listed:
        return ""
    patterns = [re.sub(r"\\{\w+\\}", ".+", re.escape(one)) for one in noted_words.WITH_PLACES]
    return "" if any(re.fullmatch(pattern, text) for pattern in patterns if "who" not in pattern) else text


# ---- By the clock on their wall ----


def moments(html: str) -> list[str]:
    return re.findall(r"<time [^>]+>([^<]+)</time>", html)


def test_times_are_shown_typed_and_filtered_by_the_zone_that_was_chosen(owner, rows, stored):
    """Also across the night in which the clock is changed."""
    with rows():
        make.order(created_at=clock.now().replace(2026, 1, 15, 18, 30, 0, 0))
        make.order(created_at=clock.now().replace(2026, 7, 15, 18, 30, 0, 0))
    chooses(owner, "", "America/New_York")
    page = owner.get("/admin/order/").text
    assert moments(page) == ["15 Jul 2026, 14:30 UTC-04:00", "15 Jan 2026, 13:30 UTC-05:00"]
    assert 'data-zone="America/New_York"' in page
    groups = json.loads(unescape(re.search(r'data-groups="([^"]+)"', page)[1]))
    since = next(each["arg"] for each in groups["Placed"] if each["operation"] == "greater than")
    found = owner.get("/admin/order/", query_string={f"flt0_{since}": "2026-07-15 14:29:00"}).text
    assert moments(found) == ["15 Jul 2026, 14:30 UTC-04:00"]
    assert (
        moments(owner.get("/admin/order/", query_string={f"flt0_{since}": "2026-07-15 14:31:00"}).text) == []
    )
    owner.get("/admin/coupon/new/")
    made = {"code": "TEN", "percent": "10", "active": "y", "ends_at": "2026-12-24T20:00"}
    assert owner.post("/admin/coupon/new/", made).status_code == 302
    [coupon] = stored(select(models.Coupon))
    assert coupon.ends_at.isoformat() == "2026-12-25T01:00:00+00:00"
    assert 'value="2026-12-24 20:00:00"' in owner.get(f"/admin/coupon/edit/?id={coupon.id}").text


def test_until_a_zone_is_chosen_the_browser_s_counts(owner, rows):
    """Its script writes the zone into a cookie; what is no zone is left alone."""
    with rows():
        make.order(created_at=clock.now().replace(2026, 1, 15, 18, 30, 0, 0))
    owner.client.set_cookie(reader.ZONE_COOKIE, "America/Lima")
    assert moments(owner.get("/admin/order/").text) == ["15 Jan 2026, 13:30 UTC-05:00"]
    owner.client.set_cookie(reader.ZONE_COOKIE, "../../etc/passwd")
    assert moments(owner.get("/admin/order/").text) == ["15 Jan 2026, 18:30 UTC"]


@pytest.mark.both_databases
def test_the_days_of_the_chart_are_those_of_whoever_looks(stranger, rows):
    """Eleven in the evening in New York is the next day in London, also before the clock was changed."""
    clock.move(datetime(2026, 11, 10, 12, tzinfo=UTC) - clock.now())
    stranger.signs_in()
    with rows():
        for day in ("2026-11-10T03:30", "2026-11-01T03:30", "2026-10-31T03:30"):
            moment = datetime.fromisoformat(f"{day}:00+00:00")
            order = make.order(state="paid", created_at=moment, paid_at=moment)
            make.payment(order, state="confirmed", confirmed_at=moment)

    def days() -> list[str]:
        series = json.loads(
            unescape(re.search(r'data-series="([^"]+)"', stranger.get("/admin/charts").text)[1])
        )
        return [day for day, paid in zip(series["days"], series["paid"], strict=True) if paid]

    assert days() == ["2026-10-31", "2026-11-01", "2026-11-10"]
    chooses(stranger, "", "America/New_York")
    assert days() == ["2026-10-30", "2026-10-31", "2026-11-09"]


@pytest.mark.parametrize("code", ["en", "es", "pt"])
def test_one_thing_is_spoken_of_as_one(rows, owner, code):
    """A key, a minute of silence, and what the simulated phone remembers, in the reader's words."""
    said = {
        "en": ("1 key in stock", "nobody wrote for 1 minute\n", "English"),
        "es": ("1 clave en existencias", "nadie escribió en 1 minuto\n", "inglés"),
        "pt": ("1 chave em estoque", "ninguém escreveu por 1 minuto\n", "inglês"),
    }
    with rows():
        product = make.product().id
        stock.add_keys(product, ["A-1"])
        chat = make.chat()
        make.message(chat, "in", "hi")
        db.session.add(ConversationEvent(conversation_id=chat.id, what=inbox.QUIET, who="", text="1"))
        number = chat.id
    chooses(owner, code)
    key, minute, language = said[code]
    assert key in owner.get(f"/admin/product/edit/?id={product}").text
    page = owner.get(f"/admin/conversation/details/?id={number}").text
    assert minute.strip() in page
    assert f"{minute.strip()}s" not in page
    owner.get("/admin/simulator/")
    owner.post("/admin/simulator/0/messages", {"text": "hi"})
    assert owner.get("/admin/simulator/0/messages").json["state"]["language"] == language
