"""Another language is files beside the code: the bot answers in it, and understands its words."""

import importlib
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from salesbot import global_words, texts
from salesbot.texts import plural_translator, speaking, translator

FOOTBALL = '''
"""Greets football fans."""
from salesbot import Choice, Message, Reply, hookimpl, is_one_of, plural_translator, translator

_ = translator(__name__)
ngettext = plural_translator(__name__)
FANS = _("football, soccer")

@hookimpl
def salesbot_handle_message(message, chat):
    if is_one_of(message.text, _(FANS)):
        return Reply(_("You too? Look at these."), [Choice("search:ball", _("Books"))])
    if message.text.isdecimal():
        count = int(message.text)
        return Reply(ngettext("{count} goal", "{count} goals", count).format(count=count))
'''


def translations(folder: Path, language: str, sentences: dict) -> None:
    """Writes what msgfmt would make of a translator's file."""
    catalog = Catalog(locale=language)
    # Said here, for versions of Babel tell Spanish different ones.
    catalog.mime_headers = [("Plural-Forms", "nplurals=2; plural=(n != 1);")]
    # The translator's file decides, as always; what Babel itself thinks differs between its versions.
    catalog.mime_headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Plural-Forms", "nplurals=2; plural=(n != 1);"),
    ]
    for english, translated in sentences.items():
        catalog.add(english, translated)
    path = folder / "translations" / language / "LC_MESSAGES"
    path.mkdir(parents=True)
    with path.joinpath("messages.mo").open("wb") as file:
        write_mo(file, catalog)


@pytest.fixture
def fresh_catalogues():
    """Catalogues are read once a process; these tests bring their own."""
    cached = (texts._catalogue, global_words.global_words, global_words.known_words)
    for function in cached:
        function.cache_clear()
    yield
    for function in cached:
        function.cache_clear()


@pytest.fixture
def football(tmp_path, monkeypatch, fresh_catalogues):
    """A plugin package with texts in Spanish."""
    package = tmp_path / "salesbot_football"
    package.mkdir()
    package.joinpath("__init__.py").write_text(FOOTBALL)
    translations(
        package,
        "es",
        {
            "football, soccer": "fútbol, el balón",
            "You too? Look at these.": "¿Tú también? Mira estos.",
            "Books": "Libros",
            ("{count} goal", "{count} goals"): ("{count} gol", "{count} goles"),
        },
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("salesbot_football")
    monkeypatch.delitem(__import__("sys").modules, "salesbot_football")


@pytest.fixture
def salesbot_plugins(request):
    if "football" in request.fixturenames:
        return [("football", request.getfixturevalue("football"))]
    return []


@pytest.fixture
def salesbot_config(salesbot_config):
    return {**salesbot_config, "LANGUAGES": "es, en"}


def test_a_plugin_answers_in_the_customers_language(football, customer):
    (reply,) = customer.says("¡Fútbol!")
    assert reply.text == "¿Tú también? Mira estos.\n\n1. Libros"


def test_it_understands_the_words_of_that_language_and_no_others(football, customer):
    assert "balón" not in customer.says("el balon")[0].text
    assert "¿Tú también?" in customer.says("el balon")[0].text
    assert "¿Tú también?" not in customer.says("soccer")[0].text


def test_plural_forms_follow_the_language(football, customer):
    assert customer.says("1")[0].text == "1 gol"
    assert customer.says("3")[0].text == "3 goles"


def test_a_sentence_that_is_not_translated_stays_as_it_is_written(football):
    with speaking("fr"):
        assert translator("salesbot_football")("Books") == "Books"
        assert plural_translator("salesbot_football")("a", "b", 2) == "b"


def test_global_words_of_every_language_count(customer):
    for word in ("menú", "INICIO", "menu", "home"):
        assert "¿Qué te gustaría?" in customer.says(word)[0].text
    assert "Una persona te va a responder" in customer.says("hablar con alguien")[0].text


def test_the_line_that_leads_on_is_in_the_customers_language(customer, catalogue):
    for number in range(12):
        catalogue.link(f"Book number {number}", category="Books")
    customer.says("hola")
    assert customer.picks("Books")[0].choices[-1].title == "Más"
    assert customer.says("mas")[0].text.startswith("Aquí hay más:")


def test_goods_are_handed_over_in_the_buyers_language_whoever_reports_the_money(customer, catalogue):
    """A payment provider's request speaks no language."""
    key = catalogue.key("Licencia", keys=["K-1"])
    customer.taps(f"buy:{key.id}")
    text = customer.pays()[0].text
    assert "¡Gracias! Aquí está tu pedido" in text
    assert "Tu clave:\nK-1" in text


def test_even_when_all_fails_the_customer_reads_their_language(customer, monkeypatch):
    from salesbot import dispatcher

    def broken(*args):
        raise RuntimeError("not today")

    monkeypatch.setattr(dispatcher, "ask", broken)
    assert customer.says("hola")[0].text.startswith("Lo siento")
