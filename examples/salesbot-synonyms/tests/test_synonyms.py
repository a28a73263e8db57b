import pytest


@pytest.fixture(autouse=True)
def shelves(catalogue):
    catalogue.setting("synonyms.synonyms", "e-book = guide, tune = chime")
    return catalogue.file("Guide to chess"), catalogue.file("Soft chimes")


def test_another_word_finds_the_same(customer):
    assert "Guide to chess" in customer.says("e-book")[0].text
    assert "Soft chimes" in customer.says("a Tune please")[0].text


def test_the_shops_own_words_are_found_as_before(customer):
    assert "Guide to chess" in customer.says("chess")[0].text


def test_what_nobody_has_is_not_found(customer):
    assert "Guide" not in customer.says("bicycle")[0].text


def test_a_crash_leaves_the_shops_own_search(customer, monkeypatch, caplog):
    monkeypatch.setattr("salesbot_synonyms.setting", None)
    assert "Guide to chess" in customer.says("chess")[0].text
    assert "plugin synonyms failed in salesbot_search" in caplog.text
