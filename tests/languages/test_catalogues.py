"""Every language has every sentence, rightly filled in, and customers can read it easily."""

from __future__ import annotations

import re
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from statistics import median

import pytest

from salesbot import texts
from salesbot.texts import speaking, translator

ROOT = Path(__file__).parents[2]
WORD_LISTS = re.compile(r"^(?!.*[.!?:]).*,.*,", re.DOTALL)
"""Words that the bot understands, with commas between them; nobody reads these."""

NEVER = {
    "en": "invalid error parameter session token webhook input null payload",
    "es": "inválido inválida error errores parámetro sesión token webhook null nulo carga",
    "pt": "inválido inválida erro erros parâmetro sessão token webhook null nulo carga",
}


@pytest.fixture(scope="module")
def tool():
    """The tool that keeps the catalogues."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        yield import_module("translate")
    finally:
        sys.path.remove(str(ROOT / "tools"))


@cache
def customers_sentences(tool) -> list:
    return [
        sentence
        for part in tool.parts()
        for sentence in part.sentences().values()
        if not tool.is_for_staff(sentence) and not WORD_LISTS.match(sentence.text)
    ]


def said(tool, language: str) -> list[str]:
    if language == "en":
        return [form for one in customers_sentences(tool) for form in (one.text, one.plural) if form]
    catalogue = tool.read(language)
    return [form for one in customers_sentences(tool) for form in tool.translation(catalogue, one)]


def test_every_language_has_every_sentence_that_customers_read_with_its_places(tool):
    """What is missing is named, with the file that says it; `make translations` puts it into the .po."""
    assert {"es", "pt"} <= set(tool.languages())
    missing = [line for code in tool.languages() for line in tool.problems(code, customers=True)]
    assert not missing, "\n".join(["", *missing])


def test_spanish_and_portuguese_have_every_sentence_of_the_back_office_too(tool):
    """A new language may begin with what customers read; these two are whole."""
    missing = [line for code in ("es", "pt") for line in tool.problems(code)]
    assert not missing, "\n".join(["", *missing])


def test_what_the_packages_ship_is_made_from_the_languages_files(tool):
    old = [
        str(path.relative_to(ROOT))
        for code in tool.languages()
        for path, made in [
            (tool.LANGUAGES / f"{code}.po", tool.updated(code)),
            *((part.compiled(code), tool.compiled(code, part)) for part in tool.parts()),
        ]
        if not path.exists() or path.read_bytes() != made
    ]
    assert not old, f"run `make translations`: {old}"


@pytest.mark.parametrize("language", ["en", "es", "pt"])
def test_customers_read_short_sentences_in_everyday_words(tool, language):
    sentences = [
        words
        for text in said(tool, language)
        for sentence in re.split(r"[.!?:\n]+", re.sub(r"\{\{?\w*\}?\}|%\(\w+\)s", "X", text))
        if (words := re.findall(r"[\w’']+", sentence))
    ]
    assert len(sentences) > 150
    assert median(map(len, sentences)) <= 12
    assert max(map(len, sentences)) <= 25
    never = set(NEVER[language].split())
    assert not [words for words in sentences if never & {word.casefold() for word in words}]


def test_a_new_language_is_one_file(tool, tmp_path, monkeypatch):
    """A file with one sentence is enough for the tool to say what is left to do."""
    monkeypatch.setattr(tool, "LANGUAGES", tmp_path)
    french = tmp_path / "fr.po"
    french.write_bytes(tool.updated("fr"))
    tool.read.cache_clear()
    assert tool.languages() == ["fr"]
    text = french.read_text()
    french.write_text(
        text.replace('msgid "Hi {name}! 👋"\nmsgstr ""', 'msgid "Hi {name}! 👋"\nmsgstr "Salut {nom}!"')
    )
    tool.read.cache_clear()
    lines = list(tool.problems("fr"))
    (wrong,) = [line for line in lines if "Salut" in line]
    assert wrong == (
        "fr: plugins/salesbot_greeting/__init__.py: 'Hi {name}! 👋' is 'Salut {nom}!', "
        "which needs ['{name}'] and has ['{nom}']"
    )
    assert "fr: plugins/salesbot_greeting/__init__.py: 'Hi! 👋' has no translation" in lines
    tool.read.cache_clear()


def test_counts_follow_the_language_and_a_place_shares_its_languages_sentences():
    def left(count: int) -> str:
        return texts.page_ngettext("%(num)s minute", "%(num)s minutes", count)

    with speaking("es"):
        assert [left(0), left(1), left(2)] == ["0 minutos", "1 minuto", "2 minutos"]
    with speaking("pt_BR"):
        assert [left(0), left(1), left(2)] == ["0 minuto", "1 minuto", "2 minutos"]
        assert translator("salesbot_catalog")("Buy") == "Comprar"
