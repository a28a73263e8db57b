"""The bot speaks the customer's language: guessed from words and number, or chosen in the chat."""

from __future__ import annotations

import pytest

from salesbot.database import db
from salesbot.models import Category, Customer, Product
from salesbot.services import languages

SHOP = ["en", "es", "pt"]


@pytest.fixture
def salesbot_config(salesbot_config):
    return {**salesbot_config, "LANGUAGES": "en, es, pt"}


@pytest.mark.parametrize(
    ("text", "address", "language"),
    [
        ("¡Hola!", "whatsapp:+15550100", "es"),
        ("bom dia, vocês vendem livros?", "whatsapp:+4915112345678", "pt"),
        ("hello there", "whatsapp:+5215512345678", "en"),
        ("Python", "whatsapp:+5511912345678", "pt"),
        ("👋", "whatsapp:+5215512345678", "es"),
        ("ola", "whatsapp:+351912345678", "pt"),
        ("ola", "whatsapp:+34612345678", "es"),
        ("Python", "whatsapp:BR.abc123", "pt"),
        ("Python", "whatsapp:+4915112345678", "en"),
        ("Python", "somebody", "en"),
        ("", "whatsapp:+999", "en"),
    ],
)
def test_the_first_words_tell_the_language_and_else_the_number_does(text, address, language):
    assert languages.first_guess(text, address, SHOP) == language


def test_a_customer_is_answered_in_the_language_they_go_on_in(customer):
    assert customer.says("hi")[0].text.startswith("Hi Sam! 👋")
    assert "Sorry, I did not find" in customer.says("El Principito")[0].text, "a title changes nothing"
    assert customer.says("hola")[0].text.startswith("¡Hola, Sam! 👋")
    assert "no encontré" in customer.says("quiero un dragón")[0].text
    assert "De nada" in customer.says("gracias")[0].text
    assert customer.says("oi, tudo bem")[0].text.startswith("Oi, Sam! 👋")


def test_a_language_is_chosen_by_its_name_and_then_stays(customer, app):
    customer.says("hi")
    assert customer.picks("🌐 español / português")[0].choices[0].title == "español"
    assert "ahora hablamos español" in customer.picks("español")[0].text
    assert "no encontré" in customer.says("hello my friend")[0].text, "what was chosen is not guessed anew"
    assert "we speak English now" in customer.says("English")[0].text
    assert "agora falamos português" in customer.says("portugués")[0].text
    assert customer.says("idioma")[0].text.startswith("Em que idioma")
    with app.app_context():
        found = db.session.query(Customer).one()
        assert (found.language, found.language_chosen) == ("pt", True)


def test_products_speak_the_language_too_and_fall_back_to_their_own(app, customers, catalogue):
    book = catalogue.link("Cooking at home", category="Books")
    catalogue.link("Only English", category="Books")
    with app.app_context():
        product = db.session.get(Product, book.id)
        product.texts = {"es": {"title": "Cocina en casa", "description": "Cien recetas."}}
        db.session.query(Category).one().texts = {"es": {"title": "Libros"}}
        db.session.commit()
    ana = customers("Ana")
    assert ana.says("hola")[0].choices[0].title == "Libros"
    assert [choice.title for choice in ana.picks("Libros")[0].choices][:2] == [
        "Cocina en casa",
        "Only English",
    ]
    for words in ("quiero cocina", "cooking"):
        assert "*Cocina en casa*" in ana.says(words)[0].text
    assert "Cien recetas." in ana.says("cocina")[0].text
    assert "Cocina en casa" in ana.picks("Comprar")[0].text
    assert "Cooking at home" in customers("Ben").says("cooking")[0].text


@pytest.mark.parametrize("code", ["pt-BR", "spanish", "xx_YY", ""])
def test_a_code_that_is_no_language_keeps_nobody_from_buying(customer, catalogue, app, code):
    goods = catalogue.key("Editor", keys=2)
    customer.says("hi")
    for _again in range(6):  # a plugin that fails five times is switched off
        with app.app_context():
            db.session.query(Customer).update({"language": code, "language_chosen": True})
            db.session.commit()
        assert "10" in customer.taps(f"product:{goods.id}")[0].text
    customer.taps(f"buy:{goods.id}")
    assert "EDITOR-0001" in customer.pays()[-1].text
