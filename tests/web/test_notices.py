"""Pages that say why there is nothing to see speak the language of whoever reads them."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.exc import OperationalError

from salesbot.database import db, in_transaction
from salesbot.models import Customer, Delivery, OrderLine
from salesbot.services import links, shop
from tests.web.conftest import words

pytestmark = pytest.mark.both_databases

SAID = {
    "not paid yet": ("There is nothing here yet", "Aquí todavía no hay nada"),
    "a broken link": ("This link does not work", "Este enlace no funciona"),
    "a wrong turn": ("There is nothing here", "Aquí no hay nada"),
    "an ended download": ("This download has ended", "Esta descarga terminó"),
    "our fault": ("Sorry, that did not work", "Lo siento, no funcionó"),
}


@pytest.fixture
def salesbot_config(salesbot_config):
    return {**salesbot_config, "LANGUAGES": "es", "PROPAGATE_EXCEPTIONS": False}


@pytest.fixture
def paths(app, customer, catalogue, stored, clock, monkeypatch):
    """Where each of these pages is; the customer has ordered twice and paid once."""
    customer.taps(f"buy:{catalogue.file('Book').id}")
    customer.pays()
    customer.taps(f"buy:{catalogue.file('Film').id}")
    unpaid = stored(select(OrderLine.id).order_by(OrderLine.id.desc()))[0]
    [unit] = stored(select(Delivery.id))
    with app.app_context():
        delivery, paying = urlsplit(links.delivery_url(unpaid)).path, urlsplit(links.pay_url(1)).path
        ended = f"/d/file/{links.download_word(unit, 1)}"
    clock.move(hours=7)
    monkeypatch.setattr("salesbot.web.checkout.order_page", lambda _number: 1 / 0)
    return {
        "not paid yet": delivery,
        "a broken link": f"{delivery}x",
        "a wrong turn": "/nowhere",
        "an ended download": ended,
        "our fault": paying,
    }


@pytest.fixture
def reads(app, paths):
    """The language and the words of a page, for a browser that prefers some language."""

    def ask(which, browser=""):
        headers = {"Accept-Language": browser} if browser else {}
        answer = app.test_client().get(paths[which], headers=headers)
        assert answer.status_code >= 400
        return re.search(r'<html lang="([\w-]+)"', answer.text)[1], words(answer)

    return ask


def speaks(app, languages, customer=""):
    def change():
        shop.save("LANGUAGES", languages)
        if customer:
            db.session.execute(update(Customer).values(language=customer))

    app.config["FIXED"] = app.config["FIXED"] - {"LANGUAGES"}
    with app.app_context():
        in_transaction(change)


@pytest.mark.parametrize("which", SAID)
@pytest.mark.parametrize("browser", ["", "en-GB, de;q=0.5"])
def test_a_shop_that_speaks_spanish_says_it_in_spanish(reads, which, browser):
    code, text = reads(which, browser)
    english, spanish = SAID[which]
    assert (code, spanish in text, english in text) == ("es", True, False)
    assert "¿Preguntas?" in text, "the foot of the page, too"


@pytest.mark.parametrize("which", SAID)
def test_the_customer_s_language_comes_first_then_the_browser_s(app, reads, which):
    speaks(app, "es, en", customer="en")
    names_somebody = which not in {"a broken link", "a wrong turn"}
    code, text = reads(which, "es-MX, en;q=0.5")
    assert code == ("en" if names_somebody else "es")
    assert SAID[which][code == "es"] in text
    code, text = reads(which, "fr, en-US;q=0.5")
    assert (code, SAID[which][0] in text) == ("en", True)
    code, text = reads(which, "fr")
    assert code == ("en" if names_somebody else "es")


def test_a_language_of_a_country_is_found_by_its_tag(app, reads):
    speaks(app, "es, pt_BR")
    assert reads("a wrong turn", "pt-BR")[0] == "pt-BR"
    assert reads("a wrong turn", "pt;q=0.9")[0] == "pt-BR"
    assert reads("a wrong turn", "pt-BR;q=0, *")[0] == "es"
    speaks(app, "pt_PT, pt_BR")
    assert reads("a wrong turn", "pt-BR")[0] == "pt-BR"


@pytest.mark.parametrize("known", [True, False])
def test_without_a_database_it_is_still_said(app, reads, known):
    """In the language that this process saw last, else in the configured one."""
    if known:
        speaks(app, "en, pt")
        assert reads("a wrong turn", "pt")[0] == "pt"
    else:
        app.extensions.pop("salesbot.shop", None)

    def is_away(*_about):
        raise OperationalError("SELECT 1", {}, Exception("the database is away"))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", is_away)
    try:
        code, text = reads("not paid yet", "pt")
    finally:
        event.remove(engine, "before_cursor_execute", is_away)
    expected = ("pt", "Desculpe, não funcionou") if known else ("es", SAID["our fault"][1])
    assert (code, expected[1] in text) == (expected[0], True)
